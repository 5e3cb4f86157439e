"""Alert: one alert with its timeline, what it is made of, its evidence and its journal."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.grafana import alert_record, panels, variables, wording
from dashboards.grafana.alert_record import THIS
from dashboards.grafana.assemble import Section, assemble
from dashboards.grafana.column import Column
from dashboards.grafana.palette import BLUE, GREY, MEAN_STEPS, ORANGE, SKY, VERMILLION
from dashboards.grafana.query import FROM, RUN, TO, Sql, link_only, series, shown, topic_name
from dashboards.grafana.tongue import Tongue


def alert(t: Tongue) -> Dashboard:
    """One alert."""
    return assemble(
        t,
        "alert",
        t("Tocsin: Alert", "Tocsin：警报"),
        t(
            "One alert: what was seen and expected, timeline, decomposition, evidence, journal, delivery.",
            "单个警报：实际与预期、时间线、分解、证据、日志、送达。",
        ),
        [
            Section(t("The alert", "警报"), [summary(t), figures(t)]),
            Section(t("Timeline", "时间线"), [timeline(t), decomposition(t)]),
            Section(t("Evidence", "证据"), [evidence(t)]),
            Section(
                t("Journal", "日志"),
                [
                    alert_record.journal(t),
                    alert_record.events(t),
                    alert_record.delivery(t),
                    alert_record.verdicts(t),
                    alert_record.mutes(t),
                ],
            ),
        ],
        [
            variables.run(t),
            variables.alert(t),
            variables.topic(t),
            variables.window(t),
            variables.language(t),
        ],
        annotations=[_events_as_annotations(t)],
    )


def summary(t: Tongue) -> Any:
    """What, when, why, in one row."""
    return panels.rows(
        t("What rang", "警报概要"),
        t(
            "The alert as it stands. A click on the topic opens it; one on the time shows this alert's "
            "hours.",
            "警报现状。点击话题可查看该话题；点击时间可定位到该警报前后时段。",
        ),
        Sql(f"""
            SELECT id, key, {topic_name("key", t)} AS topic, kind, severity, state, started_at, detected_at,
              resolved_at, cause, provisional,
              (SELECT string_agg(each, ', ')
               FROM jsonb_array_elements_text(
                 CASE jsonb_typeof(covers) WHEN 'array' THEN covers ELSE '[]' END) AS each) AS covers,
              {shown("changed")} AS changed, {variables.AROUND_ALERT}
            FROM alert WHERE {THIS}
        """),
        size=(24, 4),
        columns=(
            *(Column(name, hidden=True) for name in ("id", "key", "from_ms", "to_ms")),
            Column("topic", t("Topic", "话题"), link=variables.topic_link(t)),
            Column("kind", t("Kind", "类型"), words=wording.kinds(t)),
            Column("severity", t("Severity", "级别"), words=wording.severities(t), width=100),
            Column("state", t("State", "状态"), words=wording.states(t), width=100),
            Column("started_at", t("Since", "起始"), "dateTimeAsIso", width=170),
            Column(
                "detected_at", t("Rang", "响起时间"), "dateTimeAsIso", link=variables.alert_link(t), width=170
            ),
            Column("resolved_at", t("Resolved", "结束时间"), "dateTimeAsIso", width=170),
            Column("cause", t("Because of", "原因"), words=wording.causes(t)),
            Column("provisional", t("Provisional", "暂定"), width=100),
            Column("covers", t("Covers", "涵盖话题")),
            Column("changed", t("What changed", "变化"), wrap=True),
        ),
    )


def figures(t: Tongue) -> Any:
    """Seen, expected, share, surprise."""
    return panels.number(
        t("Seen and expected", "实际与预期"),
        t(
            "Distinct negative stories in the window that rang, how many are normal at that hour, the "
            "shares, and how improbable it is: a surprise of 6 is one chance in a million.",
            "触发窗口内去重后的负面新闻数、该时段的正常数量、占比，以及意外度：6 表示百万分之一的概率。",
        ),
        Sql(f"""
            SELECT observed, documents AS copies, expected, expected_high AS high,
              observed_share AS share, expected_share AS usual_share, surprise, threshold,
              window_minutes * 60 AS width
            FROM alert WHERE {THIS}
        """),
        size=(24, 4),
        columns=(
            Column("observed", t("seen", "实际"), decimals=0, color=VERMILLION),
            Column("copies", t("copies included", "含转载"), decimals=0),
            Column("expected", t("expected", "预期"), decimals=1, color=BLUE),
            Column("high", t("normal up to", "正常上限"), decimals=1),
            Column("share", t("negative share", "负面占比"), "percentunit", 0),
            Column("usual_share", t("usual share", "通常占比"), "percentunit", 0),
            Column("surprise", t("surprise", "意外度"), decimals=1, color=ORANGE),
            Column("threshold", t("rings from", "阈值"), decimals=1),
            Column("width", t("window", "窗口"), "s", 0),
        ),
    )


def timeline(t: Tongue) -> Any:
    """Negative stories in windows as long as the one that rang, minute by minute."""
    return panels.lines(
        t("Negative stories in the window", "窗口内负面新闻"),
        t(
            "Negative stories in the window that ends with each minute, as long as the one that rang, with "
            "what was normal when it rang. Marks are the events of the alert. Empty? Click the time above.",
            "以每分钟为终点、与触发窗口等长的窗口内的负面新闻数，及响起时的正常水平。标记为警报事件。"
            "若为空，请点击上方时间。",
        ),
        series(f"""
            WITH rang AS (SELECT * FROM alert WHERE {THIS}), counted AS (
              SELECT minute, sum(negative_stories) OVER rolled AS seen
              FROM sentiment
              WHERE run = {RUN} AND key = (SELECT key FROM rang)
                AND minute BETWEEN {FROM} - interval '1 day' AND {TO}
              WINDOW rolled AS (
                ORDER BY minute RANGE BETWEEN
                  coalesce((SELECT make_interval(mins => window_minutes - 1) FROM rang), '0') PRECEDING
                  AND CURRENT ROW)
            )
            SELECT DISTINCT ON (1) $__timeGroupAlias(minute, $__interval), seen, expected,
              expected_low AS low, expected_high AS high
            FROM counted, rang WHERE $__timeFilter(minute) ORDER BY 1, minute DESC
        """),
        size=(16, 9),
        low=0,
        columns=(
            Column("seen", t("seen", "实际"), decimals=0, color=VERMILLION),
            Column("expected", t("expected", "预期"), decimals=1, color=BLUE),
            Column("low", t("normal from", "正常下限"), decimals=1, color=SKY, line="thin"),
            Column("high", t("normal up to", "正常上限"), decimals=1, color=GREY, line="dash"),
        ),
    )


def decomposition(t: Tongue) -> Any:
    """What the excess is made of."""
    return panels.bars(
        t("What the excess is made of", "超出部分的构成"),
        t(
            "Seen minus expected, taken apart: worse tone, more news, another mix of topics. They add up.",
            "实际减预期的分解：语气变坏、新闻变多、话题构成变化。三者之和即超出量。",
        ),
        Sql(f"""
            SELECT part, stories FROM alert CROSS JOIN LATERAL (VALUES
              (1, 'more_news', more_news), (2, 'worse_tone', worse_tone), (3, 'mix', mix)
            ) AS parts (place, part, stories) WHERE {THIS} ORDER BY place
        """),
        by="part",
        size=(8, 9),
        columns=(
            Column(
                "part",
                words={
                    "more_news": (t("more news", "新闻变多"), None),
                    "worse_tone": (t("worse tone", "语气变坏"), None),
                    "mix": (t("mix of topics", "话题构成"), None),
                },
            ),
            Column("stories", t("stories", "新闻"), decimals=1, color=VERMILLION),
        ),
    )


def evidence(t: Tongue) -> Any:
    """The stories that moved it most."""
    return panels.rows(
        t("Stories that moved it most", "影响最大的新闻"),
        t(
            "Kept with the alert. Contribution: how far the surprise falls without the story. Headlines are "
            "as published: letters only, no markup is read.",
            "随警报保存。贡献：去掉该新闻后意外度的下降幅度。标题按原文显示，不解析任何标记。",
        ),
        Sql(f"""
            SELECT told.published_at, {shown("told.title")} AS title, {shown("told.source", 80)} AS source,
              {shown("told.author", 80)} AS author, coalesce(told.copies, 1) AS copies, told.score,
              coalesce(told.contribution, 0) AS contribution, {link_only("told.url")} AS url
            FROM alert CROSS JOIN LATERAL jsonb_to_recordset(
              CASE jsonb_typeof(evidence) WHEN 'array' THEN evidence ELSE '[]' END
            ) AS told (published_at timestamptz, title text, source text, author text, copies int,
                       score float8, contribution float8, url text)
            WHERE {THIS} ORDER BY contribution DESC, told.score
        """),
        size=(24, 7),
        columns=(
            Column("published_at", t("Published", "发布时间"), "dateTimeAsIso", width=170),
            Column("title", t("Headline", "标题"), wrap=True),
            Column("source", t("Source", "来源"), width=150),
            Column("author", t("Author", "作者"), width=130),
            Column("copies", t("Copies", "转载"), decimals=0, width=80),
            Column("score", t("Score", "得分"), decimals=2, steps=MEAN_STEPS, width=80),
            Column("contribution", t("Contribution", "贡献"), decimals=2, width=110),
            Column(
                "url",
                "URL",
                link=(t("Open at its source", "打开原文"), "${__data.fields.url}"),
                external=True,
                width=220,
            ),
        ),
    )


def _events_as_annotations(t: Tongue) -> Any:
    return variables.annotation(
        t("Events of the alert", "警报事件"),
        f"""
        SELECT detected_at AS time, reason || ' (' || severity || ')' AS text, severity AS tags
        FROM alert_event WHERE {THIS} AND $__timeFilter(detected_at) ORDER BY seq LIMIT 500
        """,
    )
