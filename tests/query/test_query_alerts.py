"""Alerts as they stand, as they stood, and what people did."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dashboards import query
from pipeline.store import Store, actions
from tests.records import START, alert_event, sentiment_minute, sentiment_row

WALL = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def told(store: Store) -> Store:
    moments = iter(WALL + n * MINUTE for n in range(10))
    store._now = lambda: next(moments)
    store.write_alerts([alert_event(0, observed=10)])
    store.write_alerts([alert_event(1, observed=20, severity="critical", reason="escalated")])
    store.write_alerts([alert_event(2, observed=20, severity="critical", state="resolved")])
    return store


def test_an_alert_is_known_as_its_events_told_it(told: Store) -> None:
    def stood(at: datetime) -> list[tuple[str, int]]:
        return [(alert.state, alert.observed) for alert in query.alerts(told, "live", as_of=at)]

    assert stood(WALL - MINUTE) == []
    assert stood(WALL) == [("firing", 10)]
    assert stood(WALL + MINUTE) == [("firing", 20)]
    assert stood(WALL + 2 * MINUTE) == [("resolved", 20)]
    assert query.alerts(told, "live", as_of=WALL + MINUTE, severity="warning") == []
    assert [alert.severity for alert in query.alerts(told, "live", state="resolved")] == ["critical"]


def test_in_a_replay_an_event_is_known_when_its_minute_was(store: Store) -> None:
    store.write_alerts(
        [
            alert_event(0, run="lehman", at=START + 10 * MINUTE),
            alert_event(1, run="lehman", at=START + 30 * MINUTE, reason="escalated", severity="critical"),
        ]
    )

    def stood(minutes: int) -> list[str]:
        at = START + minutes * MINUTE
        return [alert.severity for alert in query.alerts(store, "lehman", as_of=at)]

    assert [stood(minutes) for minutes in (11, 12, 31, 32)] == [[], ["warning"], ["warning"], ["critical"]]


def test_one_alert_has_its_events_journal_and_verdicts(told: Store) -> None:
    actions.give_verdict(told, "a1", verdict="noise", by="ann", at=WALL + timedelta(hours=1), note="a survey")
    detail = query.alert(told, "a1")
    assert [moment.event.seq for moment in detail.events] == [0, 1, 2]
    assert detail.events[0].recorded_at == WALL
    assert [entry.action for entry in detail.journal][-1] == "verdict"
    assert detail.verdicts[0].note == "a survey"
    then = query.alert(told, "a1", as_of=WALL + MINUTE)
    assert (then.alert.seq, then.verdicts) == (1, ())
    with pytest.raises(query.NotFound):
        query.alert(told, "a1", as_of=WALL - MINUTE)


def test_the_inbox_says_who_did_what(told: Store) -> None:
    now = WALL + timedelta(hours=1)
    actions.acknowledge(told, "a1", by="ann", at=now)
    actions.mute(told, run="live", key="financials", until=now + MINUTE, by="bo", at=now)
    [line] = query.inbox(told, "live", now=now)
    assert line.acknowledged is not None
    assert (line.acknowledged.by, line.muted_until, line.verdict) == ("ann", now + MINUTE, None)
    [later] = query.inbox(told, "live", now=now + 2 * MINUTE)
    assert later.muted_until is None


def test_the_board_has_every_key_of_the_day_and_what_fires(store: Store) -> None:
    rows = (sentiment_row(), sentiment_row(key="macro", negative_stories=0))
    store.write_sentiment([sentiment_minute(n, 0, *rows) for n in range(0, 180, 10)])
    store.write_alerts([alert_event(0, key="macro"), alert_event(0, id="a2", key="dividend")])
    board = query.board(store, "live")
    lines = {line.key: line for line in board.lines}
    assert board.at == START + 171 * MINUTE
    assert next(iter(lines)) == "overall"
    assert (lines["overall"].hour.documents, lines["overall"].hour_before.documents) == (18, 18)
    assert lines["overall"].day.documents == 54
    assert sum(lines["overall"].spark) == 18
    assert lines["overall"].first_minute == START
    assert lines["macro"].firing is not None
    assert (lines["dividend"].day.documents, lines["dividend"].surprise) == (0, 12.5)
    earlier = query.board(store, "live", START + 5 * MINUTE)
    assert {line.key: line.firing for line in earlier.lines} == {"overall": None, "macro": None}
    assert query.board(store, "lehman").at is None
