"""Topic: how one topic's tone runs, against what is usual, and by which stories."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.grafana import market, panels, stories, variables, wording
from dashboards.grafana.assemble import Section, assemble
from dashboards.grafana.column import Column
from dashboards.grafana.palette import BLUE, GREY, ORANGE, SKY, VERMILLION
from dashboards.grafana.query import FROM, RUN, TO, TOPIC, Sql, by_window, series
from dashboards.grafana.tongue import Tongue

USUAL_DAYS = 28
"""Days before the range that say what is usual."""


def topic(t: Tongue) -> Dashboard:
    """One topic, or all together."""
    return assemble(
        t,
        "topic",
        t("Tocsin: Topic", "Tocsin：话题"),
        t(
            "One topic: rolling sentiment with spikes, expected against seen, top stories, sources.",
            "单个话题：滚动情绪与尖峰、预期与实际、主要新闻、来源。",
        ),
        [
            Section(t("Sentiment", "情绪"), [rolling_mean(t), rolling_share(t)]),
            Section(t("Expected and seen", "预期与实际"), [usual(t), expectations(t)]),
            Section(t("Stories", "新闻"), [stories.top(t), stories.sources(t), stories.kinds(t)]),
            Section(t("Alerts", "警报"), [market.alerts_in_range(t)]),
        ],
        [variables.run(t), variables.topic(t), variables.window(t), variables.language(t)],
        annotations=[variables.alerts_as_annotations(t, of_topic=True)],
        refresh="30s",
    )


def rolling_mean(t: Tongue, run: str = RUN) -> Any:
    """Rolling mean score with the interval of its standard error."""
    back = (
        "CASE ${window:sqlstring} WHEN '5m' THEN interval '4 minutes' WHEN '24h' THEN interval '1439 minutes'"
        " ELSE interval '59 minutes' END"
    )
    return panels.lines(
        t("Rolling sentiment", "滚动情绪"),
        t(
            "Mean score over the chosen window, -1 to 1, with its 95 % interval: wide means few documents. "
            "Stretches mark spikes.",
            "所选窗口内的平均得分（-1 至 1）及其 95% 区间；区间宽表示文档少。色带标出尖峰。",
        ),
        series(f"""
            WITH sums AS (
              SELECT minute, sum(documents) OVER rolled AS n,
                (sum(score_sum) OVER rolled)::float8 / 1000.0 AS total,
                (sum(score_sumsq) OVER rolled)::float8 / 1000000.0 AS squares
              FROM sentiment
              WHERE run = {run} AND key = {TOPIC}
                AND minute BETWEEN {FROM} - interval '1 day' AND {TO}
              WINDOW rolled AS (ORDER BY minute RANGE BETWEEN {back} PRECEDING AND CURRENT ROW)
            ), means AS (
              SELECT minute, total / n AS mean,
                sqrt(greatest(squares / n - (total / n) ^ 2, 0) / n) AS error
              FROM sums WHERE n > 0
            )
            SELECT DISTINCT ON (1) $__timeGroupAlias(minute, $__interval),
              least(mean + 1.96 * error, 1) AS high, mean, greatest(mean - 1.96 * error, -1) AS low
            FROM means WHERE $__timeFilter(minute) ORDER BY 1, minute DESC
        """),
        size=(24, 9),
        low=-1,
        high=1,
        columns=(
            Column("high", t("upper bound", "区间上限"), color=SKY, line="thin", fill_to="low"),
            Column("mean", t("mean score", "平均得分"), decimals=2, color=BLUE),
            Column("low", t("lower bound", "区间下限"), color=SKY, line="thin"),
        ),
    )


def rolling_share(t: Tongue) -> Any:
    """Rolling negative share as stored, with its interval."""
    share, error = by_window("negative_share"), by_window("negative_share_se")
    return panels.lines(
        t("Negative share", "负面占比"),
        t(
            "Share of negative documents in the chosen window, with its 95 % interval.",
            "所选窗口内的负面文档占比及其 95% 区间。",
        ),
        series(f"""
            SELECT DISTINCT ON (1) $__timeGroupAlias(minute, $__interval),
              least({share} + 1.96 * {error}, 1) AS high, {share} AS share,
              greatest({share} - 1.96 * {error}, 0) AS low
            FROM sentiment WHERE run = {RUN} AND key = {TOPIC} AND $__timeFilter(minute)
            ORDER BY 1, minute DESC
        """),
        size=(24, 7),
        unit="percentunit",
        low=0,
        columns=(
            Column("high", t("upper bound", "区间上限"), color=SKY, line="thin", fill_to="low"),
            Column("share", t("negative share", "负面占比"), color=VERMILLION),
            Column("low", t("lower bound", "区间下限"), color=SKY, line="thin"),
        ),
    )


def usual(t: Tongue, run: str = RUN) -> Any:
    """Negative stories an hour against the same hours of the weeks before."""
    return panels.lines(
        t("Negative stories an hour", "每小时负面新闻"),
        t(
            f"Seen, against the mean of the same hour of workdays or weekends in up to {USUAL_DAYS} days "
            "before; the dotted bound is two standard deviations above. A yardstick to look at: what the "
            "detector itself expected, at each alert, stands beside.",
            f"实际数量，对照此前最多 {USUAL_DAYS} 天内同类日（工作日或周末）同一小时的均值；"
            "虚线为均值加两倍标准差。仅供目测参照，检测器自身的预期见旁表。",
        ),
        series(f"""
            WITH edges AS (
              SELECT date_trunc('hour', greatest(
                  {FROM} - interval '{USUAL_DAYS} days',
                  (SELECT min(minute) FROM sentiment WHERE run = {run} AND key = 'overall')), 'UTC') AS start,
                least(
                  {TO}, (SELECT max(minute) FROM sentiment WHERE run = {run} AND key = 'overall')) AS until
            ), seen AS (
              SELECT date_trunc('hour', minute, 'UTC') AS hour, sum(negative_stories) AS stories
              FROM sentiment, edges
              WHERE run = {run} AND key = {TOPIC} AND minute >= start AND minute <= until
              GROUP BY 1
            ), hours AS (
              SELECT hour, coalesce(stories, 0)::float8 AS stories, hour AT TIME ZONE 'UTC' AS clock
              FROM edges, generate_series(start, until, interval '1 hour') AS hour
                LEFT JOIN seen USING (hour)
            ), against AS (
              SELECT hour, stories, avg(stories) OVER before AS mean,
                stddev_pop(stories) OVER before AS spread
              FROM hours
              WINDOW before AS (
                PARTITION BY extract(hour FROM clock), extract(isodow FROM clock) > 5
                ORDER BY hour ROWS BETWEEN {USUAL_DAYS} PRECEDING AND 1 PRECEDING)
            )
            SELECT hour AS time, stories AS seen, mean AS expected,
              mean + 2 * greatest(spread, sqrt(mean)) AS high
            FROM against WHERE $__timeFilter(hour) ORDER BY hour
        """),
        size=(12, 9),
        low=0,
        columns=(
            Column("seen", t("seen", "实际"), decimals=0, color=VERMILLION),
            Column("expected", t("usual", "通常"), decimals=1, color=BLUE),
            Column("high", t("usual + 2 sd", "通常 + 2 倍标准差"), decimals=1, color=GREY, line="dash"),
        ),
    )


def expectations(t: Tongue) -> Any:
    """What the detector expected and saw at each event of an alert."""
    return panels.rows(
        t("What the detector expected", "检测器的预期"),
        t(
            "At each event of an alert of this topic: negative stories in the window that rang, and how many "
            "are normal there (95 % interval).",
            "该话题每次警报事件：触发窗口内的负面新闻数，与该窗口的正常数量（95% 区间）。",
        ),
        Sql(f"""
            SELECT detected_at, reason, severity, window_minutes * 60 AS width, observed, expected,
              expected_low AS low, expected_high AS high, surprise, threshold
            FROM alert_event
            WHERE run = {RUN} AND key = {TOPIC} AND kind = 'negative_surge' AND $__timeFilter(detected_at)
            ORDER BY detected_at DESC, id, seq DESC LIMIT 200
        """),
        size=(12, 9),
        columns=(
            Column("detected_at", t("Rang", "响起时间"), "dateTimeAsIso", width=160),
            Column("reason", t("Event", "事件"), words=wording.actions(t), width=90),
            Column("severity", t("Severity", "级别"), words=wording.severities(t), width=90),
            Column("width", t("Window", "窗口"), "s", 0),
            Column("observed", t("Seen", "实际"), decimals=0, color=VERMILLION),
            Column("expected", t("Expected", "预期"), decimals=1, color=BLUE),
            Column("low", t("from", "下限"), decimals=1),
            Column("high", t("to", "上限"), decimals=1),
            Column("surprise", t("Surprise", "意外度"), decimals=1, color=ORANGE),
            Column("threshold", t("Threshold", "阈值"), decimals=1),
        ),
    )
