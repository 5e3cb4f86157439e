"""The desk's process: plays, pauses, jumps, compares."""

from __future__ import annotations

import json
import queue
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from dashboards.console.desk.knobs import positions
from dashboards.console.desk.messages import Command, Moment, Order
from dashboards.console.desk.process import Inbox, play
from pipeline.demo import FEED
from pipeline.settings import Settings, StoreSettings
from pipeline.store import Store
from tests.console.filled import RUN, SURGE


def played(
    url: str,
    order: Order,
    when: Callable[[Moment], Command | None],
    until: Callable[[Moment], bool],
    state: Path = Path("/nowhere"),
) -> list[Moment]:
    """Every moment that was told until `until` held; `when` answers a moment with a command."""
    moments: list[Moment] = []
    inbox: Inbox = queue.Queue()

    def tell(moment: Moment) -> None:
        moments.append(moment)
        if until(moment) or moment.state == "failed":
            inbox.put(None)
            return
        command = when(moment)
        if command is not None:
            inbox.put(command)

    play(order, Settings(store=StoreSettings(url=url), state_dir=state), inbox, tell)
    return moments


def order(start: datetime | None = None, *sides: dict[str, float]) -> Order:
    return Order(kind="run", name=RUN, start=start, sides=sides or ({},))


def test_the_next_alert_is_where_it_stops(filled_url: str, filled: Store) -> None:
    rang = filled.alerts(RUN)[0]
    asked = iter((Command(do="jump"),))
    moments = played(
        filled_url,
        order(),
        lambda moment: next(asked, None) if moment.state == "paused" else None,
        lambda moment: moment.state == "paused" and moment.done > 0,
    )
    last = moments[-1]
    assert [moment.state for moment in moments[:2]] == ["reading", "paused"]
    found = last.sides[0].alerts[0]
    assert (found.key, found.started_at, found.state) == (rang.key, rang.started_at, "firing")
    assert last.at is not None and last.at >= found.detected_at
    assert 0 < last.done < last.total
    assert found.key in {line.key for line in last.lines}


def test_to_the_end_it_says_what_the_run_said(filled_url: str, filled: Store) -> None:
    def command(moment: Moment) -> Command | None:
        if moment.state == "paused" and moment.speed is not None:
            return Command(do="speed", speed=None)
        return Command(do="play") if moment.state == "paused" else None

    last = played(filled_url, order(), command, lambda moment: moment.state == "done")[-1]
    assert last.done == last.total == filled.counts(RUN).documents
    keys = {(alert.key, alert.started_at) for alert in filled.alerts(RUN)}
    assert {(alert.key, alert.started_at) for alert in last.sides[0].alerts} == keys


def test_what_came_before_the_first_date_is_learnt_and_not_told(filled_url: str) -> None:
    asked = iter((Command(do="jump"),))
    moments = played(
        filled_url,
        order(SURGE),
        lambda moment: next(asked, None) if moment.state == "paused" else None,
        lambda moment: moment.done > 0 and moment.state != "playing",
    )
    first = next(moment for moment in moments if moment.state == "paused")
    assert first.lead > 300 and first.done == 0
    assert first.sides[0].total == 0
    assert moments[-1].sides[0].total >= 1


def test_two_settings_are_compared_on_the_same_documents(filled_url: str) -> None:
    knobs = positions(Settings().detector)
    deaf = {**knobs, "min_surprise": 50.0}
    asked = iter((Command(do="jump"), Command(do="play")))
    last = played(
        filled_url,
        order(None, knobs, deaf),
        lambda moment: next(asked, None) if moment.state == "paused" else None,
        lambda moment: moment.state == "done" or (moment.state == "paused" and moment.done > 0),
    )[-1]
    assert [side.total > 0 for side in last.sides] == [True, False]


def test_a_pause_is_a_pause(filled_url: str) -> None:
    # At a day a second the run takes five seconds: it is paused long before its end.
    asked = iter((Command(do="speed", speed=86_400.0), Command(do="play"), Command(do="pause")))
    moments = played(
        filled_url,
        order(),
        lambda moment: next(asked, None) if moment.state != "reading" else None,
        lambda moment: moment.state == "paused" and next(asked, None) is None,
    )
    assert [moment.state for moment in moments[-2:]] == ["playing", "paused"]
    assert moments[-1].done < moments[-1].total


def test_a_feed_is_classified_as_it_is_played(filled_url: str, tmp_path: Path) -> None:
    """By the preset, whose scores are kept for the next time."""
    feed = tmp_path / "own.jsonl"
    rows = [
        {
            "id": str(n),
            "source": "own",
            "published_at": f"2023-03-01T10:{n:02}:00Z",
            "title": f"Bank fails {n}",
        }
        for n in range(40)
    ]
    feed.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    asked = iter((Command(do="speed", speed=None), Command(do="play")))
    last = played(
        filled_url,
        Order(kind="file", name=str(feed), sides=({},)),
        lambda moment: next(asked, None) if moment.state == "paused" else None,
        lambda moment: moment.state == "done",
        tmp_path,
    )[-1]
    assert (last.state, last.done, last.total, last.problem) == ("done", 40, 40, "")
    assert last.course is not None and sum(last.course.stories) > 0
    assert (tmp_path / "cache" / "scores.sqlite").exists()


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (Order(kind="run", name="none-such", sides=({},)), "feed_empty"),
        (Order(kind="file", name="/none/such.csv", sides=({},)), "such.csv"),
        (
            Order(kind="file", name=str(FEED), start=datetime.fromisoformat("2030-01-01T00Z"), sides=({},)),
            "empty",
        ),
    ],
)
def test_a_feed_that_holds_nothing_is_told(filled_url: str, asked: Order, problem: str) -> None:
    moments = played(filled_url, asked, lambda _: None, lambda moment: False)
    assert moments[-1].state == "failed" and problem in moments[-1].problem
