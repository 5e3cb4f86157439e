"""Panels on a whole run, today's or one of 2008: what Overview shows, Replay shows over the past."""

from __future__ import annotations

from typing import Any, Final

from grafana_foundation_sdk.models.common import StackingMode

from dashboards.grafana import panels, wording
from dashboards.grafana.column import Column
from dashboards.grafana.palette import MEAN_STEPS, SHARE_STEPS, SKY, TONE, VERMILLION, ZERO_IS_GOOD
from dashboards.grafana.query import RUN, TO, WINDOW, Sql, by_window, is_watchlist, series, topic_name
from dashboards.grafana.tongue import Tongue
from dashboards.grafana.variables import AROUND_ALERT, alert_link, topic_link

FIRING: Final = f"detected_at <= {TO} AND (resolved_at IS NULL OR resolved_at > {TO})"
"""Condition on `alert`: it fired at the end of the time range, whether that is now or in 2008."""


def edge(run: str) -> str:
    """A table `edge` whose `at` is the end of the last closed minute in the time range."""
    return f"""edge AS MATERIALIZED (
          SELECT least({TO}, max(minute) + interval '1 minute') AS at
          FROM sentiment WHERE run = {run} AND key = 'overall' AND minute <= {TO}
        )"""


def negative_share_now(t: Tongue, run: str = RUN) -> Any:
    """Share of negative documents over all topics, in the chosen window."""
    return panels.number(
        t("Negative share", "负面占比"),
        t(
            "Share of negative documents of all topics in the chosen rolling window, at the end of the "
            "range.",
            "所选滚动窗口内全部话题的负面文档占比，截至所选时间末尾。",
        ),
        Sql(f"""
            WITH {edge(run)}
            SELECT sum(negative)::float8 / nullif(sum(documents), 0) AS share
            FROM sentiment
            WHERE run = {run} AND key = 'overall'
              AND minute >= (SELECT at FROM edge) - {WINDOW} AND minute < (SELECT at FROM edge)
        """),
        unit="percentunit",
        decimals=0,
        steps=SHARE_STEPS,
    )


def mean_now(t: Tongue, run: str = RUN) -> Any:
    """Mean score over all topics, in the chosen window."""
    return panels.number(
        t("Sentiment", "情绪"),
        t(
            "Mean score of all topics in the chosen rolling window, from -1 (bad news) to 1.",
            "所选滚动窗口内全部话题的平均得分，-1 为最坏，1 为最好。",
        ),
        Sql(f"""
            WITH {edge(run)}
            SELECT sum(score_sum)::float8 / nullif(1000.0 * sum(documents), 0) AS mean
            FROM sentiment
            WHERE run = {run} AND key = 'overall'
              AND minute >= (SELECT at FROM edge) - {WINDOW} AND minute < (SELECT at FROM edge)
        """),
        decimals=2,
        steps=MEAN_STEPS,
    )


def spikes_now(t: Tongue, run: str = RUN) -> Any:
    """How many alerts fire at the end of the range."""
    return panels.number(
        t("Spikes now", "当前尖峰"),
        t(
            "Surges of negative stories that fire at the end of the time range.",
            "所选时间末尾仍在进行的负面新闻激增。",
        ),
        Sql(
            f"SELECT count(*) AS firing FROM alert WHERE run = {run} AND kind = 'negative_surge' AND {FIRING}"
        ),
        decimals=0,
        steps=ZERO_IS_GOOD,
    )


def volume(t: Tongue, run: str = RUN) -> Any:
    """Documents and distinct stories in the range."""
    return panels.number(
        t("Documents and stories", "文档与新闻"),
        t(
            "Documents in the time range, and distinct stories: copies of one story are one.",
            "所选时间内的文档数，以及去重后的新闻数：同一新闻的多份转载计为一条。",
        ),
        Sql(f"""
            SELECT coalesce(sum(documents), 0) AS documents, coalesce(sum(stories), 0) AS stories,
              coalesce(sum(late), 0) AS late
            FROM sentiment WHERE run = {run} AND key = 'overall' AND $__timeFilter(minute)
        """),
        size=(8, 4),
        decimals=0,
        columns=(
            Column("documents", t("documents", "文档")),
            Column("stories", t("stories", "新闻")),
            Column("late", t("late", "迟到")),
        ),
    )


def heat_map(t: Tongue, run: str = RUN, title: str = "") -> Any:
    """Topics by time, coloured by mean score."""
    return panels.heat(
        title or t("Sentiment by topic", "各话题情绪"),
        t(
            "Mean score of the documents in each cell: orange is bad news, blue good. Empty: no documents. "
            "A star marks a watchlist, which lies across topics.",
            "每格内文档的平均得分：橙色为坏消息，蓝色为好消息；空白表示没有文档。★ 为自选列表，横跨各话题。",
        ),
        series(f"""
            SELECT $__timeGroupAlias(minute, $__interval), {topic_name("key", t)} AS metric,
              sum(score_sum)::float8 / (1000.0 * sum(documents)) AS value
            FROM sentiment
            WHERE run = {run} AND $__timeFilter(minute)
            GROUP BY 1, key HAVING sum(documents) > 0
            ORDER BY 1, key = 'overall', {is_watchlist("key")}, key DESC
        """),
    )


def topic_board(t: Tongue, run: str = RUN) -> Any:
    """One row a topic: how it stands, against the day before, and whether it rings."""
    return panels.rows(
        t("Topics", "话题一览"),
        t(
            "Chosen rolling window at the end of the range; change is against the same window a day before. "
            "What rings comes first, by surprise; then the darkest. A click opens the topic. A star marks a "
            "watchlist, which lies across topics: its documents are counted there, too.",
            "所选滚动窗口（截至时间末尾）；变化为与前一天同一窗口相比。"
            "响起者按意外度居前，其后按情绪由低到高。点击进入话题。"
            "★ 为自选列表，横跨各话题，其文档也计入话题。",
        ),
        Sql(f"""
            WITH {edge(run)}, spans AS (
              SELECT at - {WINDOW} AS start, at AS until, true AS now FROM edge
              UNION ALL
              SELECT at - interval '1 day' - {WINDOW}, at - interval '1 day', false FROM edge
            ), told AS (
              SELECT key, now, sum(documents) AS documents, sum(stories) AS stories,
                sum(score_sum)::float8 / (1000.0 * sum(documents)) AS mean,
                sum(negative)::float8 / sum(documents) AS share
              FROM spans JOIN sentiment ON run = {run} AND minute >= start AND minute < until
              GROUP BY key, now HAVING sum(documents) > 0
            ), ringing AS (
              SELECT DISTINCT ON (key) key, severity, surprise, started_at FROM alert
              WHERE run = {run} AND kind = 'negative_surge' AND {FIRING} ORDER BY key, surprise DESC
            )
            SELECT key, {topic_name("key", t)} AS topic, severity, surprise, started_at AS since,
              today.mean, today.mean - before.mean AS change, today.share, today.documents, today.stories
            FROM (SELECT * FROM told WHERE now) AS today
              FULL JOIN ringing USING (key)
              LEFT JOIN (SELECT * FROM told WHERE NOT now) AS before USING (key)
            ORDER BY surprise DESC NULLS LAST, mean NULLS LAST, key LIMIT 300
        """),
        size=(24, 10),
        columns=(
            Column("key", hidden=True),
            Column("topic", t("Topic", "话题"), link=topic_link(t), width=220),
            Column("severity", t("Rings", "响起"), words=wording.severities(t), width=100),
            Column("surprise", t("Surprise", "意外度"), decimals=1, width=100),
            Column("since", t("Since", "起始"), unit="dateTimeAsIso", width=170),
            Column("mean", t("Sentiment", "情绪"), decimals=2, steps=MEAN_STEPS),
            Column("change", t("Change in a day", "日变化"), decimals=2),
            Column("share", t("Negative share", "负面占比"), "percentunit", 0, steps=SHARE_STEPS),
            Column("documents", t("Documents", "文档"), decimals=0),
            Column("stories", t("Stories", "新闻"), decimals=0),
        ),
    )


def share_over_time(t: Tongue, run: str = RUN) -> Any:
    """Rolling negative share of all topics with its interval."""
    share, error = by_window("negative_share"), by_window("negative_share_se")
    return panels.lines(
        t("Negative share over time", "负面占比走势"),
        t(
            "Rolling share of negative documents of all topics, with its 95 % interval. Stretches mark "
            "spikes.",
            "全部话题的滚动负面占比及其 95% 区间；色带标出尖峰。",
        ),
        series(f"""
            SELECT DISTINCT ON (1) $__timeGroupAlias(minute, $__interval),
              least({share} + 1.96 * {error}, 1) AS high, {share} AS share,
              greatest({share} - 1.96 * {error}, 0) AS low
            FROM sentiment WHERE run = {run} AND key = 'overall' AND $__timeFilter(minute)
            ORDER BY 1, minute DESC
        """),
        unit="percentunit",
        low=0,
        columns=(
            Column("high", t("upper bound", "区间上限"), color=SKY, line="thin", fill_to="low"),
            Column("share", t("negative share", "负面占比"), color=VERMILLION),
            Column("low", t("lower bound", "区间下限"), color=SKY, line="thin"),
        ),
    )


def volume_over_time(t: Tongue, run: str = RUN) -> Any:
    """Documents by tone."""
    words = wording.tones(t)
    return panels.lines(
        t("Documents by tone", "各情绪文档数"),
        t("Documents of all topics in each step.", "每个时间段内全部话题的文档数。"),
        series(f"""
            SELECT $__timeGroupAlias(minute, $__interval), sum(negative) AS negative,
              sum(neutral) AS neutral, sum(positive) AS positive
            FROM sentiment WHERE run = {run} AND key = 'overall' AND $__timeFilter(minute)
            GROUP BY 1 ORDER BY 1
        """),
        bars=True,
        stacked=StackingMode.NORMAL,
        columns=[Column(tone, words[tone][0], color=TONE[tone]) for tone in words],
    )


def alerts_in_range(t: Tongue, run: str = RUN, run_name: str = "run") -> Any:
    """Alerts that rang in the range, newest first."""
    return panels.rows(
        t("Alerts", "警报"),
        t(
            "Every alert that rang in the time range, as it stands. A click opens it with the hours "
            "around it.",
            "所选时间内响起的全部警报及其现状。点击可查看该警报及其前后时段。",
        ),
        Sql(f"""
            SELECT id, key, detected_at, {topic_name("key", t)} AS topic, kind, severity, state, observed,
              expected, documents AS copies, surprise, cause, resolved_at, {AROUND_ALERT}
            FROM alert WHERE run = {run} AND $__timeFilter(detected_at)
            ORDER BY detected_at DESC, id LIMIT 200
        """),
        columns=(
            *(Column(name, hidden=True) for name in ("id", "key", "from_ms", "to_ms")),
            Column(
                "detected_at",
                t("Rang", "响起时间"),
                "dateTimeAsIso",
                link=alert_link(t, run_name),
                width=170,
            ),
            Column("topic", t("Topic", "话题"), link=topic_link(t, run=run_name), width=200),
            Column("kind", t("Kind", "类型"), words=wording.kinds(t), width=180),
            Column("severity", t("Severity", "级别"), words=wording.severities(t), width=100),
            Column("state", t("State", "状态"), words=wording.states(t), width=100),
            Column("observed", t("Seen", "实际"), decimals=0),
            Column("expected", t("Expected", "预期"), decimals=1),
            Column("copies", t("Copies included", "含转载"), decimals=0),
            Column("surprise", t("Surprise", "意外度"), decimals=1),
            Column("cause", t("Because of", "原因"), words=wording.causes(t)),
            Column("resolved_at", t("Resolved", "结束时间"), "dateTimeAsIso", width=170),
        ),
    )


def closed_until(t: Tongue, run: str = RUN) -> Any:
    """How far the run has come in event time."""
    return panels.number(
        t("Closed until", "已结算至"),
        t(
            "End of the last closed minute in the time range, UTC: everything above is as of then.",
            "所选时间内最后一个已结算分钟的末尾（UTC）：以上各项均截至此刻。",
        ),
        Sql(f"WITH {edge(run)} SELECT extract(epoch FROM at) * 1000 AS at FROM edge"),
        unit="dateTimeAsIso",
        no_value=t("no minutes yet", "尚无数据"),
    )
