from __future__ import annotations

import pytest

from pipeline.worker.health import Progress
from pipeline.worker.watchdog import STALLED, exit_when_stalled


class Time:
    """A clock that moves when somebody sleeps, and what happens meanwhile."""

    def __init__(self, events: dict[int, float] | None = None) -> None:
        self.now = 0.0
        self._looks = 0
        self._events = events or {}

    def clock(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self._looks += 1
        self.now += self._events.get(self._looks, seconds)


def end_of(progress: Progress, time: Time) -> int:
    statuses: list[int] = []
    exit_when_stalled(progress, end=statuses.append, clock=time.clock, pause=time.pause)
    return statuses[0]


def test_ends_a_worker_whose_consumer_has_silently_stopped(caplog: pytest.LogCaptureFixture) -> None:
    progress = Progress(starting=None, behind_since={"documents": 5.0}, stall=60.0)
    time = Time()
    assert end_of(progress, time) == STALLED
    assert 65 < time.now < 68
    assert "documents has unread records" in caplog.text and "worker.stall_timeout" in caplog.text


def test_ends_a_worker_whose_loop_hangs() -> None:
    time = Time()
    assert end_of(Progress(starting=None, beat=1.0), time) == STALLED
    assert 61 < time.now < 64


def test_a_process_that_was_stopped_itself_gets_a_moment_to_go_on() -> None:
    progress = Progress(starting=None, beat=1.0)
    time = Time({3: 500.0})

    def pause(seconds: float) -> None:
        time.pause(seconds)
        if time.now > 502:  # the loop turns again one look after SIGCONT
            progress.beat = max(progress.beat, 502.0)

    statuses: list[int] = []
    exit_when_stalled(progress, end=statuses.append, clock=time.clock, pause=pause)
    assert time.now > 560
