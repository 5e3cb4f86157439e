"""Model: how sure it is, whether its answers drift, and in which languages it works."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.grafana import answers, panels, variables
from dashboards.grafana.answers import DOCUMENTS, SURE
from dashboards.grafana.assemble import Section, assemble
from dashboards.grafana.column import Column
from dashboards.grafana.palette import BLUE, ORANGE, VERMILLION
from dashboards.grafana.query import IN_RUN, Sql, prom, series
from dashboards.grafana.tongue import Tongue


def model(t: Tongue) -> Dashboard:
    """The classifier, by what it answered."""
    return assemble(
        t,
        "model",
        t("Tocsin: Model", "Tocsin：模型"),
        t(
            "The classifier by its answers: confidence, drift, class shares, languages, versions, "
            "corrections.",
            "从输出看分类模型：置信度、漂移、类别占比、语言、版本与人工更正。",
        ),
        [
            Section(t("Confidence", "置信度"), [confidence(t), unsure(t)]),
            Section(t("Drift", "漂移"), [drift_of_days(t), drift_now(t), confidence_now(t)]),
            Section(
                t("Answers", "输出"),
                [answers.tone_shares(t), answers.topic_shares(t), answers.answers_now(t)],
            ),
            Section(t("Languages and versions", "语言与版本"), [answers.languages(t), answers.versions(t)]),
            Section(t("Corrections", "人工更正"), [answers.corrections(t)]),
        ],
        [variables.run(t), variables.topic(t), variables.window(t), variables.language(t)],
        time=("now-7d", "now"),
        refresh="1m",
    )


def confidence(t: Tongue) -> Any:
    """Mean probability of the winning class."""
    return panels.lines(
        t("Confidence", "置信度"),
        t(
            "Mean probability of the tone and of the topic that won, per step of event time.",
            "每个时间段内胜出情绪与话题的平均概率（事件时间）。",
        ),
        series(f"""
            SELECT $__timeGroupAlias(published_at, $__interval), avg({SURE}) AS tone, avg(p_topic) AS topic
            FROM {DOCUMENTS} GROUP BY 1 ORDER BY 1
        """),
        unit="percentunit",
        low=0,
        high=1,
        columns=(
            Column("tone", t("tone", "情绪"), color=BLUE),
            Column("topic", t("topic", "话题"), color=ORANGE),
        ),
    )


def unsure(t: Tongue) -> Any:
    """Documents by how sure the tone is."""
    return panels.bars(
        t("Documents by confidence", "按置信度的文档数"),
        t(
            "Documents by the probability of the winning tone, in steps of 5 %: a calibrated model has "
            "most on "
            "the right.",
            "按胜出情绪概率（每 5% 一档）统计的文档数：良好的模型多集中在右侧。",
        ),
        Sql(f"""
            SELECT (5 * floor(20 * least({SURE}, 0.999)))::int::text || ' %' AS sure, count(*) AS documents
            FROM {DOCUMENTS} GROUP BY floor(20 * least({SURE}, 0.999))
            ORDER BY floor(20 * least({SURE}, 0.999))
        """),
        by="sure",
        size=(12, 8),
        horizontal=False,
        columns=(
            Column("sure", t("probability from", "概率下限")),
            Column("documents", t("documents", "文档"), decimals=0, color=BLUE),
        ),
    )


def drift_of_days(t: Tongue) -> Any:
    """Population stability index of each day's answers against the range's first week, from the store."""
    return panels.lines(
        t("Drift against the first week", "相对首周的漂移"),
        t(
            "Population stability index of each UTC day's answers against the first seven days of the time "
            "range: below 0.1 little, above 0.25 much. News changes as well as models do; days with few "
            "documents differ by chance.",
            "每个 UTC 日的输出相对所选时间首七天的群体稳定性指数：低于 0.1 变化很小，高于 0.25 变化显著。"
            "新闻本身也会变化；文档少的日子会因偶然而偏离。",
        ),
        series(f"""
            WITH counted AS (
              SELECT (published_at AT TIME ZONE 'UTC')::date AS day, tone, topic, count(*) AS n
              FROM {DOCUMENTS} GROUP BY 1, 2, 3
            ), given AS (
              SELECT day, said.what, said.class, sum(n) AS n FROM counted
                CROSS JOIN LATERAL (VALUES ('tone', tone), ('topic', topic)) AS said (what, class)
              GROUP BY 1, 2, 3
            ), first AS (
              SELECT what, class, sum(n) AS n FROM given
              WHERE day < (SELECT min(day) FROM given) + 7 GROUP BY 1, 2
            ), grid AS (
              SELECT day, what, class FROM (SELECT DISTINCT day FROM given) AS days
                CROSS JOIN (SELECT DISTINCT what, class FROM given) AS classes
            ), shares AS (
              SELECT day, what,
                (coalesce(given.n, 0) + 0.5) / sum(coalesce(given.n, 0) + 0.5) OVER one_day AS seen,
                (coalesce(first.n, 0) + 0.5) / sum(coalesce(first.n, 0) + 0.5) OVER one_day AS usual
              FROM grid LEFT JOIN given USING (day, what, class) LEFT JOIN first USING (what, class)
              WINDOW one_day AS (PARTITION BY day, what)
            )
            SELECT day::timestamp AT TIME ZONE 'UTC' AS time, what AS metric,
              sum((seen - usual) * ln(seen / usual))::float8 AS value
            FROM shares GROUP BY day, what ORDER BY day, what
        """),
        size=(12, 8),
        low=0,
        columns=(
            Column("tone", t("tone", "情绪"), decimals=3, color=BLUE),
            Column("topic", t("topic", "话题"), decimals=3, color=ORANGE),
        ),
    )


def drift_now(t: Tongue) -> Any:
    """The same as the worker measures it, against its reference."""
    return panels.lines(
        t("Drift as the worker measures it", "工作进程测得的漂移"),
        t(
            "Population stability index of the latest day against the worker's reference, beside what chance "
            "alone may give (wall clock).",
            "最近一天相对工作进程参考分布的群体稳定性指数，以及纯属偶然时可能的水平（时钟时间）。",
        ),
        prom(f"max by (what) (tocsin_model_population_stability_ratio {IN_RUN})", t("{{what}}", "{{what}}")),
        prom(
            f"max by (what) (tocsin_model_population_stability_chance_ratio {IN_RUN})",
            t("{{what}}, by chance", "{{what}}（偶然）"),
            "B",
        ),
        size=(8, 8),
        low=0,
    )


def confidence_now(t: Tongue) -> Any:
    """Confidence and documents of the latest day, from the worker."""
    return panels.number(
        t("Confidence of the latest day", "最近一天的置信度"),
        t(
            "Mean probability of the winning class, latest UTC day of event time, as the worker measures it.",
            "工作进程测得的最近一个 UTC 日胜出类别的平均概率。",
        ),
        prom(f"max by (what) (tocsin_model_confidence_mean_ratio {IN_RUN})", "{{what}}"),
        size=(4, 8),
        unit="percentunit",
        decimals=1,
        steps=((None, VERMILLION), (0.6, ORANGE), (0.75, BLUE)),
    )
