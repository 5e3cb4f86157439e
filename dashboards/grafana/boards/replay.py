"""Replay: any run over any time, the same panels over 2008 as over today, and two runs side by side."""

from __future__ import annotations

from typing import Any, Final

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.grafana import market, panels, variables
from dashboards.grafana.assemble import Section, assemble
from dashboards.grafana.column import Column
from dashboards.grafana.palette import BLUE, ORANGE
from dashboards.grafana.query import RUN, TOPIC, Sql, by_window, series, topic_name
from dashboards.grafana.tongue import Tongue

OTHER: Final = "${other:sqlstring}"


def replay(t: Tongue) -> Dashboard:
    """History, as readily as today."""
    other_label = t("Compare with", "对比运行")
    return assemble(
        t,
        "replay",
        t("Tocsin: Replay", "Tocsin：回放"),
        t(
            "Choose a run and a time range: the panels of Overview over the past. A second run stands "
            "beside.",
            "选择运行与时间范围：以总览的面板查看历史，并可与另一运行并列对比。",
        ),
        [
            Section(t("Runs", "运行"), [runs(t)]),
            Section(
                t("At the end of the range", "所选时间末尾"),
                [
                    market.spikes_now(t),
                    market.mean_now(t),
                    market.negative_share_now(t),
                    market.volume(t),
                    market.closed_until(t),
                ],
            ),
            Section(
                t("The run", "该运行"),
                [
                    market.heat_map(t),
                    market.share_over_time(t),
                    market.volume_over_time(t),
                    market.topic_board(t),
                    market.alerts_in_range(t),
                ],
            ),
            Section(
                t("Beside the other run", "与另一运行对比"),
                [
                    side_by_side(t),
                    alerts_compared(t),
                    market.heat_map(
                        t, OTHER, t("Sentiment by topic, the other run", "各话题情绪（对比运行）")
                    ),
                ],
            ),
        ],
        [
            variables.run(t),
            variables.run(t, "other", other_label),
            variables.topic(t),
            variables.window(t),
            variables.language(t),
        ],
        annotations=[variables.alerts_as_annotations(t, of_topic=False)],
        time=("2008-09-08T00:00:00.000Z", "2008-10-11T00:00:00.000Z"),
    )


def runs(t: Tongue) -> Any:
    """Every run with its span; a click moves run and time range there."""
    here = (
        f"/d/{t.uid('replay')}?var-run=${{__data.fields.run}}&${{other:queryparam}}&${{window:queryparam}}"
        "&from=${__data.fields.from_ms}&to=${__data.fields.to_ms}"
    )
    return panels.rows(
        t("Runs in the store", "库中的运行"),
        t(
            "Whatever the time range above says. A click shows the run over its own time.",
            "不受上方时间范围影响。点击即可按该运行自身的时间查看。",
        ),
        Sql(f"""
            WITH RECURSIVE {variables.KNOWN_RUNS}
            SELECT run, first, last, documents,
              (SELECT count(*) FROM alert WHERE alert.run = known.run) AS alerts,
              (extract(epoch FROM first) * 1000)::bigint::text AS from_ms,
              (extract(epoch FROM last + interval '1 minute') * 1000)::bigint::text AS to_ms
            FROM known CROSS JOIN LATERAL (
              SELECT min(minute) AS first, max(minute) AS last, sum(documents) AS documents
              FROM sentiment WHERE sentiment.run = known.run AND key = 'overall'
            ) AS span
            WHERE run IS NOT NULL ORDER BY run <> 'live', run LIMIT 200
        """),
        size=(24, 6),
        columns=(
            Column("run", t("Run", "运行"), link=(t("Show this run", "查看该运行"), here)),
            Column("first", t("First minute", "首分钟"), "dateTimeAsIso"),
            Column("last", t("Last minute", "末分钟"), "dateTimeAsIso"),
            Column("documents", t("Documents", "文档"), decimals=0),
            Column("alerts", t("Alerts", "警报"), decimals=0),
            *(Column(name, hidden=True) for name in ("from_ms", "to_ms")),
        ),
    )


def side_by_side(t: Tongue) -> Any:
    """Rolling mean of the topic in both runs."""
    mean = by_window("mean")

    def of(run: str, name: str, ref: str) -> Sql:
        return series(
            f"""
            SELECT DISTINCT ON (1) $__timeGroupAlias(minute, $__interval), {mean} AS {name}
            FROM sentiment WHERE run = {run} AND key = {TOPIC} AND $__timeFilter(minute)
            ORDER BY 1, minute DESC
            """,
            ref,
        )

    return panels.lines(
        t("Rolling sentiment of both runs", "两次运行的滚动情绪"),
        t(
            "Mean score of the chosen topic in the chosen window: two models, or two settings, on one "
            "history.",
            "所选话题在所选窗口内的平均得分：同一历史上的两个模型或两组设置。",
        ),
        of(RUN, "one", "A"),
        of(OTHER, "two", "B"),
        low=-1,
        high=1,
        columns=(
            Column("one", "${run}", decimals=2, color=BLUE),
            Column("two", "${other}", decimals=2, color=ORANGE, line="dash"),
        ),
    )


def alerts_compared(t: Tongue) -> Any:
    """Alerts of both runs on one time line of rows."""
    return panels.rows(
        t("Alerts of both runs", "两次运行的警报"),
        t("Which run rang, when, and how surely.", "各运行响起的时间与意外度。"),
        Sql(f"""
            SELECT detected_at, {topic_name("key", t)} AS topic,
              CASE WHEN run = {RUN} THEN surprise END AS one,
              CASE WHEN run = {OTHER} THEN surprise END AS two
            FROM alert WHERE run IN ({RUN}, {OTHER}) AND $__timeFilter(detected_at)
            ORDER BY detected_at, key, run LIMIT 500
        """),
        size=(12, 8),
        columns=(
            Column("detected_at", t("Rang", "响起时间"), "dateTimeAsIso", width=170),
            Column("topic", t("Topic", "话题")),
            Column("one", t("Surprise, ${run}", "意外度（${run}）"), decimals=1, color=BLUE),
            Column("two", t("Surprise, ${other}", "意外度（${other}）"), decimals=1, color=ORANGE),
        ),
    )
