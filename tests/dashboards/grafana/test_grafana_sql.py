"""Every SQL query of the dashboards, run as Grafana's reader in a real PostgreSQL over a replay of 2008."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipeline.store import Store
from tests.dashboards.grafana.expand import VARIABLE, Moment, NotInGrafanaError, at
from tests.dashboards.grafana.history import DAYS, END, HOSTILE, RUN, SURGE, fill
from tests.dashboards.grafana.queries import Query, panels, sql
from tests.servers import Server, new_database

READER = Path(__file__).parents[3] / "deploy" / "grafana" / "reader.sql"
CHOSEN: dict[str, Any] = {
    "run": RUN,
    "other": RUN,
    "topic": "financials",
    "alert": "surge",
    "window": "1h",
    "language": ("en", "zh"),
}
WEEK = at(END, DAYS, **CHOSEN)
HOURS = at(SURGE + timedelta(hours=1), 0.5, **CHOSEN)


def reader_of(url: str) -> str:
    """The database as Grafana's role sees it; made by the file that docs/grafana.md names."""
    plain = url.replace("+psycopg", "")
    with psycopg.connect(plain, autocommit=True) as owner:
        owner.execute(READER.read_text())  # type: ignore[arg-type]
    return plain.replace("tocsin@", "tocsin_grafana@")


@pytest.fixture(scope="module")
def database(postgres: Server) -> Iterator[psycopg.Connection]:
    url = new_database(postgres)
    with Store.open(url) as store:
        fill(store)
    with psycopg.connect(reader_of(url), autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def empty(postgres: Server) -> Iterator[psycopg.Connection]:
    url = new_database(postgres)
    Store.open(url).close()
    with psycopg.connect(reader_of(url), autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def english(every: list[Query]) -> list[Query]:
    """The Chinese ones differ in names alone."""
    return [query for query in every if not query.board.endswith("-zh")]


@pytest.fixture(scope="module")
def every(boards: dict[str, dict[str, Any]]) -> list[Query]:
    return list(sql(boards))


def told(connection: psycopg.Connection, query: Query, moment: Moment) -> list[dict[str, Any]]:
    try:
        cursor = connection.execute(moment.sql(query.text))  # type: ignore[call-overload]
    except (psycopg.Error, NotInGrafanaError) as error:
        raise AssertionError(f"{query.board}, {query.place}: {error}\n{query.text}") from error
    names = [column.name for column in cursor.description]
    assert len(set(names)) == len(names), f"{query.board}, {query.place}: {names}"
    return [dict(zip(names, row, strict=True)) for row in cursor]


def rows(
    connection: psycopg.Connection, every: list[Query], board: str, place: str, moment: Moment = WEEK
) -> list[dict[str, Any]]:
    return told(connection, next(q for q in every if q.board == board and q.place == place), moment)


WITHOUT_ROWS = ("Delivery", "送达", "Waiting or refused", "等待或被拒收")
"""Panels that are empty while nothing is queued for a receiver."""


def test_every_query_answers_over_the_week_of_the_replay(
    database: psycopg.Connection, every: list[Query]
) -> None:
    assert len(every) > 100
    for query in every:
        answer = told(database, query, WEEK)
        if not query.place.startswith(tuple(f"panel {title}" for title in WITHOUT_ROWS)):
            assert answer, f"{query.board}, {query.place} is empty:\n{WEEK.sql(query.text)}"
        if query.form == "time_series":
            assert {type(row["time"]).__name__ for row in answer} <= {"Decimal", "datetime"}
            if "metric" in answer[0]:
                assert list(answer[0]) == ["time", "metric", "value"]
            times = [row["time"] for row in answer]
            assert times == sorted(times), f"{query.board}, {query.place} is not in order"
        if query.form == "annotation":
            assert {"time", "text", "tags"} <= set(answer[0])


def test_a_watchlist_may_be_chosen_like_a_topic(database: psycopg.Connection, english: list[Query]) -> None:
    moment = at(END, DAYS, **(CHOSEN | {"topic": "watch.banks"}))
    for query in english:
        answer = told(database, query, moment)
        alerts = ("Alerts", "What the detector", "Delivery", "Waiting or refused")
        if "${topic" in query.text and not query.place.removeprefix("panel ").startswith(alerts):
            assert answer or query.form == "annotation", f"{query.board}, {query.place}"
    top = rows(database, english, "tocsin-topic", "panel Top stories A", moment)
    assert sum(row["copies"] for row in top) == 41 and all("bank" in row["title"] for row in top)


def test_watchlists_have_a_star_and_stand_apart(
    database: psycopg.Connection, every: list[Query], english: list[Query]
) -> None:
    names = [row["__text"] for row in rows(database, english, "tocsin-overview", "variable topic")]
    assert names[0] == "All topics" and names[-2:] == ["★ banks", "★ wires"]
    board = rows(database, every, "tocsin-overview-zh", "panel 话题一览 A")
    topics = {row["key"]: row["topic"] for row in board}
    assert (topics["watch.banks"], topics["watch.wires"]) == ("★ banks", "★ wires")
    whole = {row["key"]: row["documents"] for row in board}
    parts = sum(n or 0 for key, n in whole.items() if key != "overall" and not key.startswith("watch."))
    assert parts == (whole["overall"] or 0)
    heat = rows(database, english, "tocsin-overview", "panel Sentiment by topic A")
    last = [row["metric"] for row in heat if row["time"] == heat[-1]["time"]]
    assert last[-1] == "All topics" and [name.startswith("★") for name in last[:-1]] == sorted(
        name.startswith("★") for name in last[:-1]
    )


def test_no_sum_over_keys_takes_watchlists_for_topics(every: list[Query]) -> None:
    """They overlap: whatever adds minutes up does so for one key, or key by key."""
    for query in every:
        if re.search(r"FROM[^)]*\bsentiment\b", query.text) and re.search(r"\b(sum|avg)\(", query.text):
            one = (
                "key = 'overall'" in query.text
                or "key = ${topic" in query.text
                or "key = (SELECT" in query.text
            )
            assert one or re.search(r"GROUP BY [^)]*\bkey\b", query.text), f"{query.board}, {query.place}"


@pytest.mark.parametrize("window", ["5m", "24h"])
def test_every_query_answers_over_hours_and_other_windows(
    database: psycopg.Connection, english: list[Query], window: str
) -> None:
    moment = Moment(HOURS.start, HOURS.end, CHOSEN | {"window": window, "topic": "overall"}, "5m")
    for query in english:
        if "window" in query.text or "$__interval" in query.text:
            told(database, query, moment)


def test_an_empty_store_is_no_error(empty: psycopg.Connection, english: list[Query]) -> None:
    nothing = {**CHOSEN, "language": (), "alert": "", "run": "live", "other": "live"}
    moment = Moment(WEEK.start, WEEK.end, nothing, "1h")
    for query in english:
        told(empty, query, moment)


def test_a_hostile_link_finds_nothing_and_runs_nothing(
    database: psycopg.Connection, english: list[Query]
) -> None:
    attack = "x'; DROP TABLE document; --"
    hostile: dict[str, Any] = dict.fromkeys(CHOSEN, attack) | {"language": (attack, "'")}
    moment = Moment(WEEK.start, WEEK.end, hostile, "1h")
    for query in english:
        told(database, query, moment)
    assert told(database, Query("", "", "SELECT count(*) AS n FROM document"), WEEK)[0]["n"] > 0


def test_variables_reach_sql_quoted_and_nothing_looks_like_one_by_chance(every: list[Query]) -> None:
    for query in every:
        assert "[[" not in query.text, f"{query.board}, {query.place}: Grafana takes [[…]] for a variable"
        for found in VARIABLE.finditer(query.text):
            assert found[0].startswith(("${", "$__")), f"{query.board}, {query.place}: {found[0]}"
            assert found[2] == "sqlstring" or found[0].startswith("$__"), found[0]


def test_every_table_of_a_dashboard_is_bounded(every: list[Query]) -> None:
    """A page over ten years must not fetch ten years of rows."""
    for query in every:
        grouped = "GROUP BY" in query.text or "$__interval" in query.text or "DISTINCT" in query.text
        single = re.search(r"id = \$\{alert", query.text) or "FROM edge" in query.text
        counted = re.search(r"SELECT (count|coalesce\(sum|sum)\(", query.text)
        hourly = "date_trunc('hour'" in query.text
        assert "LIMIT" in query.text or grouped or single or counted or hourly, query


def test_what_is_said_of_a_column_is_said_of_one_that_is_there(
    database: psycopg.Connection, boards: dict[str, dict[str, Any]]
) -> None:
    """An override that names no column changes nothing, and nobody would see that it does not."""
    for uid, board in boards.items():
        for panel in panels(board):
            queries = [target for target in panel["targets"] if "rawSql" in target]
            names: set[str] = set()
            for target in queries:
                for row in told(database, Query(uid, panel["title"], target["rawSql"]), WEEK)[:20]:
                    names |= {str(row["metric"])} if "metric" in row else set(row)
            overrides = {each["matcher"]["options"] for each in panel["fieldConfig"]["overrides"]}
            if names:
                assert overrides <= names, f"{uid}, {panel['title']}: {overrides - names}"
                unsaid = names - overrides - {"time", "metric", "share", "mean", "firing", "at"}
                if panel["type"] != "status-history":
                    assert not unsaid, f"{uid}, {panel['title']} has columns without a name: {unsaid}"


def test_headlines_are_harmless(database: psycopg.Connection, every: list[Query]) -> None:
    top = rows(database, every, "tocsin-topic", "panel Top stories A")
    harm = next(row for row in top if "HYPERLINK" in row["title"])
    evidence = rows(database, every, "tocsin-alert", "panel Stories that moved it most A")
    for row in (harm, next(row for row in evidence if "HYPERLINK" in row["title"])):
        assert row["title"].startswith("'=HYPERLINK"), "a spreadsheet would run it"
        assert len(row["title"]) <= 301
        assert not set(row["title"]) & set("\u202e\u202c\u200b\x07\n")
        assert "<script>" in row["title"], "shown as it is: a cell reads no markup"
        assert row["url"] is None
    assert any(row["source"] == "'=wire" for row in evidence)
    assert HOSTILE not in str(top)
    journal = rows(database, every, "tocsin-alert", "panel Journal A")
    assert {row["action"] for row in journal} >= {"fired", "escalated", "acknowledged"}


def test_wordings_of_one_story_are_one_line(database: psycopg.Connection, every: list[Query]) -> None:
    top = rows(database, every, "tocsin-topic", "panel Top stories A")
    assert sorted(row["copies"] for row in top) == [1] + [2] * 18 + [4]


def test_rolling_sentiment_is_what_the_pipeline_stored(
    database: psycopg.Connection, every: list[Query]
) -> None:
    moment = Moment(SURGE - timedelta(hours=6), SURGE + timedelta(hours=6), CHOSEN, "1m")
    chart = rows(database, every, "tocsin-topic", "panel Rolling sentiment A", moment)
    stored = dict(
        database.execute(
            "SELECT extract(epoch FROM minute), mean_1h FROM sentiment"
            " WHERE run = %s AND key = 'financials' AND minute BETWEEN %s AND %s",
            (RUN, moment.start, moment.end),
        ).fetchall()
    )
    assert len(chart) == len(stored) >= 30
    for row in chart:
        assert row["mean"] == pytest.approx(stored[row["time"]], abs=1e-9)
        assert -1 <= row["low"] <= row["mean"] <= row["high"] <= 1


def test_the_board_tells_what_rings_at_the_end_of_the_range_whenever_that_is(
    database: psycopg.Connection, every: list[Query]
) -> None:
    def ringing(end: datetime) -> set[str]:
        board = rows(database, every, "tocsin-overview", "panel Topics A", at(end, 1, **CHOSEN))
        return {row["key"] for row in board if row["severity"]}

    assert ringing(SURGE - timedelta(hours=1)) == set()
    assert "financials" in ringing(SURGE + timedelta(minutes=30))
    assert "markets" in ringing(SURGE.replace(day=11, hour=2))


def test_the_surge_stands_out_against_what_is_usual(database: psycopg.Connection, every: list[Query]) -> None:
    moment = Moment(HOURS.start, HOURS.end, CHOSEN | {"topic": "overall"})
    chart = rows(database, every, "tocsin-topic", "panel Negative stories an hour A", moment)
    hour = next(row for row in chart if row["time"] == SURGE.replace(minute=0))
    assert hour["seen"] > hour["high"] > hour["expected"]


def test_the_parts_of_an_alert_add_up(database: psycopg.Connection, every: list[Query]) -> None:
    parts = rows(database, every, "tocsin-alert", "panel What the excess is made of A")
    assert [row["part"] for row in parts] == ["more_news", "worse_tone", "mix"]
    assert sum(row["stories"] for row in parts) == pytest.approx(42 - 3.125)


def test_the_reader_may_only_read(database: psycopg.Connection) -> None:
    for statement in ("DELETE FROM document", "UPDATE alert SET run = ''", "CREATE TABLE mine (n int)"):
        with pytest.raises(psycopg.Error):
            database.execute(statement)  # type: ignore[call-overload]


def test_the_reader_may_be_made_before_the_tables(postgres: Server) -> None:
    """As the compose file does: PostgreSQL's container runs it before any worker has started."""
    url = new_database(postgres)
    reader = reader_of(url)
    Store.open(url).close()
    with psycopg.connect(reader) as connection:
        assert connection.execute("SELECT count(*) FROM sentiment").fetchone() == (0,)


def test_both_languages_ask_the_same(boards: dict[str, dict[str, Any]]) -> None:
    for uid in [uid for uid in boards if not uid.endswith("-zh")]:
        english, chinese = panels(boards[uid]), panels(boards[f"{uid}-zh"])
        assert [panel["type"] for panel in english] == [panel["type"] for panel in chinese]
        assert [len(panel["targets"]) for panel in english] == [len(panel["targets"]) for panel in chinese]
