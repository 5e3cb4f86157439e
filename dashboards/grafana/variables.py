"""Variables, annotations and links that the dashboards share."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent
from typing import Any, Final

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models.dashboard import (
    DashboardLinkType,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from dashboards.grafana.palette import ORANGE
from dashboards.grafana.query import POSTGRES, RUN, TOPIC, Sql, is_watchlist, topic_name
from dashboards.grafana.tongue import BOARDS, Tongue

KNOWN_RUNS: Final = """
known AS (
  (SELECT run FROM sentiment ORDER BY run LIMIT 1)
  UNION ALL
  SELECT (SELECT later.run FROM sentiment AS later WHERE later.run > known.run ORDER BY later.run LIMIT 1)
  FROM known WHERE known.run IS NOT NULL
)"""
"""A recursive table of all runs (and a last null): one step along the index a run, not a row a minute."""

_RUNS: Final = f"""
WITH RECURSIVE {KNOWN_RUNS}
SELECT run AS __value, run AS __text FROM known WHERE run IS NOT NULL ORDER BY run <> 'live', run
"""
"""Every run, `live` first."""


@dataclass(frozen=True)
class _Choice:
    """A variable that a query fills."""

    name: str
    label: str
    description: str
    sql: str
    first: str
    several: bool = False

    def build(self) -> Any:
        query = dedent(self.sql).strip()
        everything = VariableOption(text=["All"], value=["$__all"], selected=True)
        only = VariableOption(text=self.first, value=self.first, selected=True)
        return (
            build.QueryVariable(self.name)
            .label(self.label)
            .description(self.description)
            .datasource(POSTGRES)
            .query(query)
            .definition(query)
            .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
            .sort(VariableSort.DISABLED)
            .multi(self.several)
            .include_all(self.several)
            .current(everything if self.several else only)
            .build()
        )


def run(t: Tongue, name: str = "run", label: str = "", first: str = "live") -> Any:
    """`live`, or a replay."""
    about = t(
        "`live` is what is listened to now; every other run is a replay.",
        "live 为实时监听；其余各项均为历史回放。",
    )
    return _Choice(name, label or t("Run", "运行"), about, _RUNS, first)


def topic(t: Tongue) -> Any:
    """A topic, a watchlist, or all together, of those that had documents in the time range."""
    name = topic_name("key", t)
    sql = f"""
        SELECT key AS __value, {name} AS __text
        FROM (SELECT DISTINCT key FROM sentiment WHERE run = {RUN} AND $__timeFilter(minute)) AS told
        ORDER BY key <> 'overall', {is_watchlist("key")}, 2
    """
    about = t(
        "Topics that had documents in the time range; after them, with a star, watchlists.",
        "所选时间内有文档的话题；其后带 ★ 的为自选列表。",
    )
    return _Choice("topic", t("Topic", "话题"), about, sql, "overall")


def language(t: Tongue) -> Any:
    """Languages of the documents; minutes and alerts count every language together."""
    sql = f"""
        SELECT DISTINCT lang AS __value, lang AS __text FROM document
        WHERE run = {RUN} AND $__timeFilter(published_at) ORDER BY 1
    """
    about = t(
        "For panels made of documents. Minutes and alerts count all languages together.",
        "仅作用于基于文档的面板；分钟统计与警报不区分语言。",
    )
    return _Choice("language", t("Language", "语言"), about, sql, "All", several=True)


def window(t: Tongue) -> Any:
    """Length of the rolling windows."""
    return (
        build.CustomVariable("window")
        .label(t("Window", "窗口"))
        .description(t("Length of the rolling sentiment's window.", "滚动情绪的窗口长度。"))
        .values("5m,1h,24h")
        .current(VariableOption(text="1h", value="1h", selected=True))
        .options(
            [VariableOption(text=each, value=each, selected=each == "1h") for each in ("5m", "1h", "24h")]
        )
    )


def alert(t: Tongue) -> Any:
    """One alert of the run, newest first."""
    sql = f"""
        SELECT id AS __value,
          to_char(detected_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' ' || severity || ' '
            || {topic_name("key", t)} AS __text
        FROM alert WHERE run = {RUN} ORDER BY detected_at DESC, id LIMIT 2000
    """
    about = t("By the time at which it rang (UTC), newest first.", "按响起时间（UTC）排列，最新的在前。")
    return _Choice("alert", t("Alert", "警报"), about, sql, "")


def alerts_as_annotations(t: Tongue, *, of_topic: bool) -> Any:
    """Alerts as coloured stretches, from the start of the surge to its end, over every chart."""
    name = topic_name("key", t)
    only = f"AND key = {TOPIC}" if of_topic else ""
    sql = f"""
        SELECT started_at AS time, coalesce(resolved_at, detected_at) AS timeend,
          severity || ': ' || {name} || ', ' || observed || ' / ' || round(expected::numeric, 1) AS text,
          severity AS tags
        FROM alert
        WHERE run = {RUN} {only} AND kind = 'negative_surge'
          AND $__timeFilter(started_at)
        ORDER BY started_at LIMIT 500
    """
    return annotation(t("Spikes (seen / expected)", "尖峰（实际 / 预期）"), sql)


def annotation(name: str, sql: str) -> Any:
    """Marks over every chart: `sql` tells `time`, where it is a stretch `timeend`, `text` and `tags`."""
    target = Sql(sql, ref_id="Anno")
    return (
        build.AnnotationQuery().name(name).datasource(POSTGRES).enable(True).icon_color(ORANGE).target(target)
    )


def to_boards(t: Tongue) -> list[Any]:
    """Links to the other dashboards, which keep run, topic, window, language and time."""
    titles = {
        "overview": t("Overview", "总览"),
        "topic": t("Topic", "话题"),
        "alert": t("Alert", "警报"),
        "replay": t("Replay", "回放"),
        "model": t("Model", "模型"),
        "pipeline": t("Pipeline", "管道"),
    }
    return [
        build.DashboardLink(titles[board])
        .type(DashboardLinkType.LINK)
        .url(f"/d/{t.uid(board)}")
        .icon("dashboard")
        .include_vars(True)
        .keep_time(True)
        for board in BOARDS
    ]


def topic_link(t: Tongue, key: str = "key", run: str = "run") -> tuple[str, str]:
    """Link to the Topic dashboard from a row whose column `key` is a topic id; keeps the time range."""
    url = (
        f"/d/{t.uid('topic')}?var-run=${{{run}}}&${{window:queryparam}}&${{language:queryparam}}"
        f"&var-topic=${{__data.fields.{key}}}&${{__url_time_range}}"
    )
    return t("Open the topic", "打开话题"), url


def alert_link(t: Tongue, run: str = "run") -> tuple[str, str]:
    """Link to the Alert dashboard from a row with `id`, `from_ms` and `to_ms`: the hours around it."""
    url = (
        f"/d/{t.uid('alert')}?var-run=${{{run}}}&var-alert=${{__data.fields.id}}"
        "&from=${__data.fields.from_ms}&to=${__data.fields.to_ms}"
    )
    return t("Open the alert", "打开警报"), url


AROUND_ALERT: Final = """
  (extract(epoch FROM started_at - interval '12 hours') * 1000)::bigint::text AS from_ms,
  (extract(epoch FROM coalesce(resolved_at, detected_at) + interval '12 hours') * 1000)::bigint::text AS to_ms
"""
"""Columns for `alert_link`, as text: a number would be shown, and linked, as 1.22 Tri."""
