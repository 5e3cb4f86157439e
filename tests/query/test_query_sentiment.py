"""Series: steps that add up, bounds that hold, and what was known when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboards import query
from dashboards.query.sentiment import LONGEST, step_for
from pipeline.errors import UsageError
from pipeline.store import Store
from tests.records import START, sentiment_minute, sentiment_row

MINUTE = timedelta(minutes=1)
WALL = datetime(2026, 1, 1, tzinfo=UTC)
per_example = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@given(
    begin=st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    length=st.timedeltas(timedelta(minutes=1), LONGEST),
    points=st.integers(2, 3000),
)
def test_steps_are_never_more_than_asked_for(begin: datetime, length: timedelta, points: int) -> None:
    until = begin + length
    step = step_for(begin, until, points)
    slots = int((until - timedelta(microseconds=1)).timestamp()) // step - int(begin.timestamp()) // step + 1
    assert slots <= points + 1 if step == 60 else slots <= points
    assert step % 60 == 0


def test_steps_add_up_to_the_minutes(store: Store) -> None:
    store.write_sentiment([sentiment_minute(n, 0, sentiment_row(documents=n + 3)) for n in range(100)])
    end = START + 100 * MINUTE
    whole = query.sentiment(store, "live", "overall", START, end)
    coarse = query.sentiment(store, "live", "overall", START, end, max_points=12)
    assert (len(whole.points), whole.step_seconds) == (100, 60)
    assert len(coarse.points) <= 12
    for name in ("documents", "negative", "negative_stories", "stories"):
        assert sum(getattr(p, name) for p in whole.points) == sum(getattr(p, name) for p in coarse.points)
    assert [point.time for point in whole.points] == [START + n * MINUTE for n in range(100)]
    assert whole.points[0].window is not None
    assert whole.points[0].window.documents == 9
    assert whole.points[0].mean == pytest.approx(-0.938 / 3, abs=1e-6)


def test_an_export_has_every_minute_in_portions_and_every_window(store: Store) -> None:
    store.write_sentiment([sentiment_minute(n) for n in range(30)])
    rows = [
        row
        for portion in query.sentiment_rows(store, "live", "overall", START, START + 30 * MINUTE)
        for row in portion
    ]
    assert [row["time"] for row in rows] == [START + n * MINUTE for n in range(30)]
    assert tuple(rows[0]) == query.sentiment_columns()
    assert {row["documents_24h"] for row in rows} == {9}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"until": START + timedelta(days=4000)}, query.QueryTooLarge),
        ({"until": START}, UsageError),
        ({"window": "7d"}, UsageError),
        ({"max_points": 1}, UsageError),
        ({"until": START + timedelta(days=300), "step": 60}, query.QueryTooLarge),
    ],
)
def test_what_asks_for_too_much_is_told_how_to_ask(
    store: Store, changes: dict[str, object], error: type[Exception]
) -> None:
    asked = {"since": START, "until": START + MINUTE} | changes
    with pytest.raises(error):
        query.sentiment(store, "live", "overall", **asked)  # type: ignore[arg-type]


@per_example
@given(
    writes=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(1, 90)), min_size=1, max_size=8
    ),
    asked=st.integers(0, 1000),
)
def test_as_of_answers_as_the_store_did_then(
    store: Store, writes: list[tuple[int, int, int]], asked: int
) -> None:
    """Minutes come and are amended as a clock goes on; at each moment what was written before it is known."""
    store.delete_run("live")
    seconds = 0
    stood: dict[int, tuple[int, int]] = {}
    history: list[tuple[datetime, dict[int, tuple[int, int]]]] = []
    clock = clock_of(store)
    for number, (minute, revision, wait) in enumerate(writes):
        seconds += wait
        clock.now = WALL + timedelta(seconds=seconds)
        documents = 10 + number
        store.write_sentiment([sentiment_minute(minute, revision, sentiment_row(documents=documents))])
        if minute not in stood or stood[minute][0] < revision:
            stood = stood | {minute: (revision, documents)}
        history.append((clock.now, stood))
    moment = WALL + timedelta(seconds=asked)
    expected = next((known for at, known in reversed(history) if at <= moment), {})
    for points in (1000, 2):
        series = query.sentiment(
            store, "live", "overall", START, START + 5 * MINUTE, as_of=moment, max_points=points
        )
        assert sum(p.documents for p in series.points) == sum(n for _, n in expected.values())
    board = query.board(store, "live", as_of=moment)
    assert sum(line.day.documents for line in board.lines) == sum(n for _, n in expected.values())


class Clock:
    now = WALL


def clock_of(store: Store) -> Clock:
    clock = Clock()
    store._now = lambda: clock.now
    return clock


def test_in_a_replay_a_minute_is_known_when_its_watermark_had_passed(store: Store) -> None:
    store.write_sentiment([sentiment_minute(n, run="lehman") for n in range(10)])

    def known(at: datetime) -> int:
        return len(query.sentiment(store, "lehman", "overall", START, START + 10 * MINUTE, as_of=at).points)

    assert known(START + timedelta(seconds=179)) == 0
    assert known(START + 3 * MINUTE) == 1
    assert known(START + 12 * MINUTE) == 10


def test_an_amendment_of_a_replay_is_known_as_late_as_it_came(store: Store) -> None:
    store.write_sentiment([sentiment_minute(n, run="lehman") for n in range(10)])
    store.write_sentiment([sentiment_minute(2, 1, sentiment_row(documents=50), run="lehman")])

    def documents(at: datetime) -> int:
        found = query.sentiment(store, "lehman", "overall", START, START + 10 * MINUTE, as_of=at)
        return sum(point.documents for point in found.points)

    assert documents(START + 11 * MINUTE) == 27
    assert documents(START + 12 * MINUTE) == 77


def test_keys_and_runs_are_found_and_a_pulse_tells_of_changes(store: Store) -> None:
    assert query.runs(store) == []
    assert query.pulse(store, "live").minute is None
    store.write_sentiment([sentiment_minute(0, 0, sentiment_row(), sentiment_row(key="macro"))])
    before = query.pulse(store, "live")
    store.write_sentiment(
        [sentiment_minute(0, 1, sentiment_row(documents=9)), sentiment_minute(run="lehman")]
    )
    assert query.pulse(store, "live") != before
    assert query.keys(store, "live") == ["overall", "macro"]
    assert [(info.run, info.first, info.last) for info in query.runs(store)] == [
        ("live", START, START),
        ("lehman", START, START),
    ]
