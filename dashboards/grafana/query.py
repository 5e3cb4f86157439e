"""What a panel asks: SQL of PostgreSQL and PromQL, each with the data source named by uid.

Variables reach SQL only as `${name:sqlstring}`, which Grafana quotes, never as part of an identifier: a link
with a hostile `var-topic=` finds nothing and runs nothing.
"""

from __future__ import annotations

import json
from textwrap import dedent
from typing import Any, Final, Literal

from grafana_foundation_sdk.builders import prometheus
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import DataSourceRef

from alerts.keys import WATCH
from dashboards.grafana.tongue import Tongue

POSTGRES: Final = DataSourceRef(type_val="grafana-postgresql-datasource", uid="tocsin-postgres")
PROMETHEUS: Final = DataSourceRef(type_val="prometheus", uid="tocsin-prometheus")

RUN: Final = "${run:sqlstring}"
TOPIC: Final = "${topic:sqlstring}"
ALERT: Final = "${alert:sqlstring}"
LANGUAGE: Final = "lang = ANY (ARRAY[${language:sqlstring}]::text[])"
"""Condition on `document`; an empty store has no language to choose, and an empty array is no error."""
WINDOW: Final = (
    "CASE ${window:sqlstring} WHEN '5m' THEN interval '5 minutes' WHEN '24h' THEN interval '24 hours'"
    " ELSE interval '1 hour' END"
)
"""Length of the chosen rolling window."""
TO: Final = "$__timeTo()::timestamptz"
FROM: Final = "$__timeFrom()::timestamptz"

Format = Literal["table", "time_series"]

_HIDDEN: Final = (
    r"[\u0001-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f"
    r"\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)


def shown(text: str, limit: int = 300) -> str:
    """SQL that makes the hostile text of the expression `text` fit for a table cell and for a spreadsheet.

    Control characters and those that reorder or hide their neighbours become spaces, the length is cut, and
    what a spreadsheet would take for a formula gets an apostrophe in front. Markup stays: cells show text.
    """
    plain = rf"left(regexp_replace({text}, '{_HIDDEN}', ' ', 'g'), {limit})"
    return rf"regexp_replace({plain}, '^(\s*[=+@-])', '''\1')"


def link_only(text: str) -> str:
    """SQL for the URL in `text` where it is one of the web, else null: no `javascript:`, no `data:`."""
    return rf"CASE WHEN {text} ~* '^https?://[^\s<>\u0022\u0027`]+$' THEN left({text}, 2000) END"


def topic_name(key: str, t: Tongue) -> str:
    """SQL for the name of the topic id in the expression `key`; an id without a name is its own.

    A watchlist shows as a star and its name: titles stand in settings, which the database does not have.
    """
    names = json.dumps(t.topic_names(), ensure_ascii=False).replace("'", "''").replace("$", "＄")
    return (
        f"CASE WHEN {is_watchlist(key)} THEN '★ ' || {_list(key)}"
        f" ELSE coalesce('{names}'::jsonb ->> {key}, replace({key}, '_', ' ')) END"
    )


def is_watchlist(key: str) -> str:
    """SQL for whether the expression `key` is a watchlist's; these overlap, so that no sum holds them."""
    return f"starts_with({key}, '{WATCH}')"


def _list(key: str) -> str:
    return f"substr({key}, {len(WATCH) + 1})"


def of_topic(run: str) -> str:
    """SQL for a table `document` of the chosen topic's or watchlist's documents in the time range.

    Each half has an index, and the one that was not chosen finds nothing at once. The place of a document is
    compared in a CASE: PostgreSQL would take two columns that agree for a rarity, and plan for one row.
    """
    chosen = f"CASE WHEN {is_watchlist(TOPIC)} THEN {_list(TOPIC)} END"
    return f"""(
                SELECT document.* FROM document
                WHERE run = {run} AND $__timeFilter(published_at)
                  AND ({TOPIC} = 'overall' OR topic = {TOPIC})
                UNION ALL
                SELECT document.* FROM watched JOIN document ON document.run = watched.run
                  AND document.id = watched.id AND CASE WHEN document.partition = watched.partition
                    AND document."offset" = watched."offset" THEN true ELSE false END
                WHERE watched.run = {run} AND watchlist = {chosen} AND $__timeFilter(watched.published_at)
              ) AS document"""


def by_window(column: str) -> str:
    """SQL for the stored rolling figure `column` (`mean`, `negative_share`, …) of the chosen window."""
    return (
        f"CASE ${{window:sqlstring}} WHEN '5m' THEN {column}_5m WHEN '24h' THEN {column}_24h"
        f" ELSE {column}_1h END"
    )


class SqlQuery(Dataquery):
    """One query of Grafana's PostgreSQL data source, in the form its editor saves."""

    def __init__(self, sql: str, form: Format, ref_id: str) -> None:
        self.sql, self.form, self.ref_id = sql, form, ref_id

    def to_json(self) -> dict[str, object]:
        """As it stands in a dashboard."""
        return {
            "datasource": POSTGRES,
            "editorMode": "code",
            "format": self.form,
            "rawQuery": True,
            "rawSql": self.sql,
            "refId": self.ref_id,
        }


class Sql(Builder[Dataquery]):
    """A SQL target; `sql` may be indented as the code around it is."""

    def __init__(self, sql: str, form: Format = "table", ref_id: str = "A") -> None:
        self._query = SqlQuery(dedent(sql).strip(), form, ref_id)

    def build(self) -> Dataquery:
        """The query."""
        return self._query


def series(sql: str, ref_id: str = "A") -> Sql:
    """SQL whose column `time` is the time of each row, and each other column, or `metric`, a line."""
    return Sql(sql, "time_series", ref_id)


IN_RUN: Final = 'and on (job, instance) tocsin_worker_info{run="$run"}'
"""PromQL that keeps the samples of workers of the chosen run."""


def prom(expr: str, legend: str = "", ref_id: str = "A", *, instant: bool = False) -> Any:
    """A PromQL target; `legend` may name labels as `{{label}}`."""
    query = prometheus.Dataquery().datasource(PROMETHEUS).expr(expr).ref_id(ref_id).legend_format(legend)
    return query.instant() if instant else query.range()


def rate(metric: str, by: str = "") -> str:
    """PromQL for the rate a second of a counter over the workers of the run."""
    return f"sum{f' by ({by})' if by else ''} (rate({metric}[$__rate_interval]) {IN_RUN})"


def quantile(share: float, histogram: str) -> str:
    """PromQL for a quantile of a histogram over the workers of the run."""
    return f"histogram_quantile({share}, {rate(f'{histogram}_bucket', 'le')})"
