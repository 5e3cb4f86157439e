"""Panels made of documents: stories, sources, kinds. Their text is hostile and goes through `query.shown`."""

from __future__ import annotations

from typing import Any, Final

from dashboards.grafana import panels
from dashboards.grafana.column import Column
from dashboards.grafana.palette import MEAN_STEPS, SHARE_STEPS, TONE
from dashboards.grafana.query import LANGUAGE, RUN, Sql, link_only, of_topic, shown
from dashboards.grafana.tongue import Tongue
from dashboards.grafana.wording import tones

_CLUSTER: Final = "coalesce(joined, story)"
"""A story with all its wordings."""


def _documents(run: str) -> str:
    return (
        f"{of_topic(run)}\n              LEFT JOIN (SELECT story, joined FROM story_merge WHERE run = {run})"
        f" AS merged USING (story)\n              WHERE {LANGUAGE}"
    )


def top(t: Tongue, run: str = RUN) -> Any:
    """Stories that weigh most: negative, and told by many."""
    return panels.rows(
        t("Top stories", "主要新闻"),
        t(
            "Copies and wordings of one story are one line; order: mean probability of bad news times the "
            "logarithm of the copies. Headlines are as published: letters only, no markup is read.",
            "同一新闻的转载与不同措辞合为一行；按坏消息概率与转载数（取对数）之积排序。标题按原文显示，不解析任何标记。",
        ),
        Sql(f"""
            SELECT first_seen, {shown("title")} AS title, {shown("source", 80)} AS source, copies, sources,
              score, {link_only("url")} AS url
            FROM (
              SELECT min(published_at) AS first_seen, count(*) AS copies, count(DISTINCT source) AS sources,
                avg(score) AS score, avg(p_negative) * ln(1 + count(*)) AS weight, {_CLUSTER} AS cluster,
                (array_agg(CASE WHEN title <> '' THEN title ELSE body END ORDER BY published_at, id))[1]
                  AS title,
                (array_agg(source ORDER BY published_at, id))[1] AS source,
                (array_agg(url ORDER BY published_at, id))[1] AS url
              FROM {_documents(run)}
              GROUP BY cluster
            ) AS told
            ORDER BY weight DESC, first_seen, cluster LIMIT 50
        """),
        size=(24, 12),
        columns=(
            Column("first_seen", t("First seen", "首次出现"), "dateTimeAsIso", width=170),
            Column("title", t("Headline", "标题"), wrap=True),
            Column("source", t("Source", "来源"), width=160),
            Column("copies", t("Documents", "文档"), decimals=0, width=100),
            Column("sources", t("Sources", "来源数"), decimals=0, width=90),
            Column("score", t("Score", "得分"), decimals=2, steps=MEAN_STEPS, width=90),
            Column(
                "url",
                "URL",
                link=(t("Open at its source", "打开原文"), "${__data.fields.url}"),
                external=True,
                width=220,
            ),
        ),
    )


def sources(t: Tongue, run: str = RUN) -> Any:
    """Who publishes it, and how dark."""
    return panels.rows(
        t("Sources", "来源"),
        t(
            "The busiest sources in the time range, with their share of negative documents.",
            "所选时间内最活跃的来源及其负面占比。",
        ),
        Sql(f"""
            SELECT {shown("source", 80)} AS source, count(*) AS documents,
              count(DISTINCT {_CLUSTER}) AS stories,
              avg((tone = 'negative')::int)::float8 AS share, avg(score) AS score
            FROM {_documents(run)}
            GROUP BY document.source ORDER BY documents DESC, 1 LIMIT 50
        """),
        size=(14, 9),
        columns=(
            Column("source", t("Source", "来源")),
            Column("documents", t("Documents", "文档"), decimals=0),
            Column("stories", t("Stories", "新闻"), decimals=0),
            Column("share", t("Negative share", "负面占比"), "percentunit", 0, steps=SHARE_STEPS),
            Column("score", t("Mean score", "平均得分"), decimals=2, steps=MEAN_STEPS),
        ),
    )


def kinds(t: Tongue, run: str = RUN) -> Any:
    """News, comments and reports by tone."""
    words = tones(t)
    return panels.bars(
        t("News, comments, reports", "新闻、评论、研报"),
        t("Documents by kind and tone.", "按类型与情绪统计的文档数。"),
        Sql(f"""
            SELECT kind, count(*) FILTER (WHERE tone = 'negative') AS negative,
              count(*) FILTER (WHERE tone = 'neutral') AS neutral,
              count(*) FILTER (WHERE tone = 'positive') AS positive
            FROM {_documents(run)} GROUP BY kind ORDER BY kind
        """),
        by="kind",
        size=(10, 9),
        stacked=True,
        columns=[
            Column(
                "kind",
                words={
                    "news": (t("news", "新闻"), None),
                    "comment": (t("comment", "评论"), None),
                    "report": (t("report", "研报"), None),
                },
            ),
            *(Column(tone, words[tone][0], color=TONE[tone]) for tone in words),
        ],
    )
