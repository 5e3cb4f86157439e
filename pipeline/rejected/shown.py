"""Dead letters as people and machines are shown them; every text is made harmless first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.rejected.letters import Letter, State
from pipeline.rejected.view import ADVICE, printable, raw_lines
from pipeline.store.retries import Retry

if TYPE_CHECKING:
    from rich.table import Table

STATES: Mapping[State, str] = {
    "open": "",
    "interrupted": "interrupted",
    "sent": "sent",
    "accepted": "accepted",
    "rejected_again": "rejected again",
}
_DETAIL = 70


def told(letter: Letter, *, raw: bool = False) -> dict[str, Any]:
    """A dead letter for machines; the bytes, in base64 by JSON, where they are asked for."""
    each = letter.rejected
    fields: dict[str, Any] = {
        "name": letter.name,
        "run": each.run,
        "reason": each.reason,
        "detail": each.detail,
        "topic": each.topic,
        "partition": each.partition,
        "offset": each.offset,
        "rejected_at": each.rejected_at,
        "bytes": len(each.raw),
        "state": letter.state,
        "retries": letter.retries,
        "advice": ADVICE[each.reason],
    }
    return fields | ({"raw": each.raw} if raw else {})


def table(found: Sequence[Letter]) -> Table:
    """Dead letters as a table."""
    from rich.table import Column, Table
    from rich.text import Text

    shown = Table(
        Column("name", no_wrap=True),
        Column("refused", no_wrap=True),
        Column("reason", no_wrap=True),
        Column("retry", no_wrap=True),
        Column("detail", no_wrap=True, overflow="ellipsis"),
        box=None,
    )
    for each in found:
        cells = (
            each.name,
            f"{each.rejected.rejected_at:%m-%d %H:%M}",
            each.rejected.reason,
            STATES[each.state],
            each.rejected.detail[:_DETAIL],
        )
        shown.add_row(*(Text(printable(cell)) for cell in cells))
    return shown


def lines(letter: Letter, not_retryable: str | None, limit: int | None) -> Iterator[str]:
    """One dead letter in full, its bytes up to `limit`; `not_retryable` says why it cannot be retried."""
    each = letter.rejected
    yield f"name     {printable(letter.name)}"
    yield f"run      {each.run}"
    yield f"refused  {each.rejected_at:%Y-%m-%d %H:%M:%S} UTC (wall clock)"
    yield f"reason   {each.reason}: {printable(each.detail)}"
    yield f"advice   {ADVICE[each.reason]}"
    if not_retryable is None:
        yield f"retry    tocsin rejected retry {printable(letter.name)}"
    else:
        yield f"retry    not possible: {printable(not_retryable)}"
    for retry in letter.retries:
        yield f"retried  {said_of(retry)}"
    if letter.retries:
        yield f"outcome  {STATES[letter.state]}"
    cut = limit is not None and len(each.raw) > limit
    rest = f", the first {limit:,} of them here; --whole shows all" if cut else ""
    yield f"bytes    {len(each.raw):,}{rest}"
    for line in raw_lines(each.raw, limit):
        yield f"  {line}"


def said_of(retry: Retry) -> str:
    """Which record was published again, when, by whom, and where it is now."""
    name = printable(f"{retry.topic}:{retry.partition}:{retry.offset}")
    where = "whether it was published is not known"
    if retry.to_offset is not None:
        where = f"now at {retry.to_partition}:{retry.to_offset}"
    return f"{name}: retried {retry.begun_at:%Y-%m-%d %H:%M:%S} UTC by {printable(retry.by)}, {where}"
