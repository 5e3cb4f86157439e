"""What was read from a set, and what of it was left out and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.data.examples import Example, Task


@dataclass(frozen=True, slots=True)
class Dropped:
    """Rows that were left out for one reason."""

    reason: str
    rows: tuple[int, ...]
    """Their numbers; 1 is the first row of data."""

    def __str__(self) -> str:
        """Name the reason and the first rows, as a person would."""
        return f"{self.reason}: {named_rows(self.rows)}"


@dataclass(frozen=True, slots=True)
class Reading:
    """The examples of one set, each with its split (empty where none is named), and what was left out."""

    name: str
    task: Task
    examples: tuple[tuple[Example, str], ...]
    dropped: tuple[Dropped, ...]
    rows: int
    """In the file; a row with a tone and a topic gives two examples."""


def dropped(reasons: Mapping[str, list[int]]) -> tuple[Dropped, ...]:
    """Make reports of row numbers by reason, reasons without rows left out."""
    return tuple(Dropped(reason, tuple(rows)) for reason, rows in reasons.items() if rows)


def named_rows(rows: tuple[int, ...] | list[int], most: int = 5) -> str:
    """Row numbers for a message, the first few: `rows 3, 8, 9 and 120 more`."""
    shown = ", ".join(f"{row:,}" for row in rows[:most])
    more = f" and {len(rows) - most:,} more" if len(rows) > most else ""
    return f"row{'s' if len(rows) > 1 else ''} {shown}{more}"
