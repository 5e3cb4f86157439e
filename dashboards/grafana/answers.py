"""Panels on what the model answered: tones, topics, languages, versions, and what people corrected."""

from __future__ import annotations

from typing import Any, Final

from grafana_foundation_sdk.models.common import StackingMode

from dashboards.grafana import panels, wording
from dashboards.grafana.column import Column
from dashboards.grafana.palette import GREY, MEAN_STEPS, TONE
from dashboards.grafana.query import IN_RUN, LANGUAGE, RUN, Sql, prom, series, shown, topic_name
from dashboards.grafana.tongue import Tongue

SURE: Final = "greatest(p_negative, p_neutral, p_positive)"
"""Probability of the tone that won."""
DOCUMENTS: Final = f"document WHERE run = {RUN} AND $__timeFilter(published_at) AND {LANGUAGE}"


def tone_shares(t: Tongue) -> Any:
    """Tones as shares."""
    words = wording.tones(t)
    shares = ", ".join(f"avg((tone = '{tone}')::int)::float8 AS {tone}" for tone in words)
    return panels.lines(
        t("Tones", "情绪占比"),
        t("Share of each tone among the documents of each step.", "每个时间段内各情绪的文档占比。"),
        series(f"""
            SELECT $__timeGroupAlias(published_at, $__interval), {shares}
            FROM {DOCUMENTS} GROUP BY 1 ORDER BY 1
        """),
        size=(8, 9),
        unit="percentunit",
        low=0,
        high=1,
        bars=True,
        stacked=StackingMode.NORMAL,
        columns=[Column(tone, words[tone][0], color=TONE[tone]) for tone in words],
    )


def topic_shares(t: Tongue) -> Any:
    """How the topics share the documents, and how sure of each the model is."""
    return panels.rows(
        t("Topics", "话题占比"),
        t(
            "Documents by the topic they were given, with the mean probability of that topic and the mean "
            "score.",
            "按所归话题统计的文档数，附该话题的平均概率与平均得分。",
        ),
        Sql(f"""
            SELECT {topic_name("topic", t)} AS topic, count(*) AS documents,
              count(*)::float8 / sum(count(*)) OVER () AS share, avg(p_topic) AS sure, avg(score) AS score
            FROM {DOCUMENTS} GROUP BY document.topic ORDER BY documents DESC LIMIT 300
        """),
        size=(10, 9),
        columns=(
            Column("topic", t("Topic", "话题")),
            Column("documents", t("Documents", "文档"), decimals=0),
            Column("share", t("Share", "占比"), "percentunit", 1),
            Column("sure", t("Confidence", "置信度"), "percentunit", 0),
            Column("score", t("Mean score", "平均得分"), decimals=2, steps=MEAN_STEPS),
        ),
    )


def answers_now(t: Tongue) -> Any:
    """Answers a second, by class, from the workers."""
    return panels.lines(
        t("Answers now", "当前输出"),
        t(
            "Tones that the workers give, documents a second (wall clock).",
            "工作进程给出的各情绪，每秒文档数（时钟时间）。",
        ),
        prom(
            f'sum by (answer) (rate(tocsin_model_answers_total{{what="tone"}}[$__rate_interval]) {IN_RUN})',
            "{{answer}}",
        ),
        size=(6, 9),
        unit="reqps",
        low=0,
        columns=[Column(tone, wording.tones(t)[tone][0], color=TONE[tone]) for tone in TONE],
    )


def languages(t: Tongue) -> Any:
    """What it reads, and how sure it is in each language."""
    return panels.rows(
        t("Languages", "语言"),
        t(
            "Documents by language, with confidence and tone: a language with low confidence is one the "
            "model "
            "was not made for.",
            "按语言统计的文档数、置信度与情绪：置信度低的语言通常不在模型适用范围内。",
        ),
        Sql(f"""
            SELECT {shown("lang", 64)} AS lang, count(*) AS documents, avg({SURE}) AS sure,
              avg((tone = 'negative')::int)::float8 AS negative, avg(score) AS score
            FROM {DOCUMENTS} GROUP BY document.lang ORDER BY documents DESC LIMIT 100
        """),
        size=(12, 8),
        columns=(
            Column("lang", t("Language", "语言")),
            Column("documents", t("Documents", "文档"), decimals=0),
            Column("sure", t("Confidence", "置信度"), "percentunit", 0),
            Column("negative", t("Negative share", "负面占比"), "percentunit", 0),
            Column("score", t("Mean score", "平均得分"), decimals=2, steps=MEAN_STEPS),
        ),
    )


def versions(t: Tongue) -> Any:
    """Which models scored the range."""
    return panels.rows(
        t("Models", "模型版本"),
        t(
            "Which model scored the documents of the time range: name and hash.",
            "为所选时间内文档打分的模型：名称与哈希。",
        ),
        Sql(f"""
            SELECT {shown("model", 120)} AS model, count(*) AS documents, min(published_at) AS first,
              max(published_at) AS last, avg({SURE}) AS sure
            FROM {DOCUMENTS} GROUP BY document.model ORDER BY last DESC LIMIT 50
        """),
        size=(12, 8),
        columns=(
            Column("model", t("Model", "模型")),
            Column("documents", t("Documents", "文档"), decimals=0),
            Column("first", t("First document", "首个文档"), "dateTimeAsIso", width=170),
            Column("last", t("Last document", "末个文档"), "dateTimeAsIso", width=170),
            Column("sure", t("Confidence", "置信度"), "percentunit", 0),
        ),
    )


def corrections(t: Tongue) -> Any:
    """What people corrected, by what the model had said."""
    words = wording.tones(t)
    return panels.rows(
        t("Tones that people corrected", "被更正的情绪"),
        t(
            "Labels given in the time range (wall clock), all runs: what the model said and what a person "
            "said.",
            "所选时间内（时钟时间）全部运行的人工标注：模型所判与人工所判。",
        ),
        Sql("""
            SELECT said_tone AS said, tone AS given, count(*) AS labels, max(at) AS last
            FROM label WHERE $__timeFilter(at) AND tone IS NOT NULL
            GROUP BY 1, 2 ORDER BY labels DESC, 1, 2
        """),
        size=(24, 6),
        columns=(
            Column("said", t("The model said", "模型判断"), words=words),
            Column("given", t("A person said", "人工判断"), words=words),
            Column("labels", t("Labels", "标注数"), decimals=0, color=GREY),
            Column("last", t("Latest", "最近"), "dateTimeAsIso"),
        ),
    )
