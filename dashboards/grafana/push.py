"""A push from end to end: read everything, compare, then write in order, and say how far it came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from dashboards.grafana.plan import Change, Found, Wanted, compare
from pipeline.errors import TocsinError


class Target(Protocol):
    """What a push needs of Grafana."""

    def check(self) -> None:
        """Fail where it cannot be used at all."""

    def find(self, wanted: Wanted) -> Found | None:
        """What is there."""

    def apply(self, change: Change) -> None:
        """Make the change."""


class PushStoppedError(TocsinError):
    """Some of it was written and some was not; `done` and `left` say which."""

    def __init__(self, why: TocsinError, done: Sequence[Change], left: Sequence[Change]) -> None:
        self.why, self.done, self.left = why, tuple(done), tuple(left)
        names = ", ".join(change.wanted.name for change in left)
        written = ", ".join(change.wanted.name for change in done) or "nothing"
        super().__init__(f"{why}\n  written before that: {written}\n  not written: {names}")


def planned(grafana: Target, wanted: Sequence[Wanted]) -> list[Change]:
    """What a push would change; reads only, and everything, before anything is written."""
    grafana.check()
    return [compare(each, grafana.find(each)) for each in wanted]


def carry_out(
    grafana: Target, changes: Sequence[Change], on_done: Callable[[Change], None] = lambda _: None
) -> list[Change]:
    """Write the changes in order and return them; PushStoppedError at the first that fails."""
    due = [change for change in changes if change.action != "keep"]
    for number, change in enumerate(due):
        try:
            grafana.apply(change)
        except TocsinError as error:
            raise PushStoppedError(error, due[:number], due[number:]) from None
        on_done(change)
    return due
