"""Which hours a brief spans: a day, a week, or since the last one. Pure, but for the file that remembers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.atomic import whole_file
from pipeline.errors import UsageError
from pipeline.feed import parse_time

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
Span = tuple[datetime, datetime]


def day(text: str, newest: datetime) -> Span:
    """The UTC day of a date, or with `last` the last that is over at `newest`."""
    begin = _midnight(newest) - _DAY if text == "last" else _midnight(_time("--daily", text))
    return begin, begin + _DAY


def week(text: str, newest: datetime) -> Span:
    """The seven days from a date on, or with `last` the last whole week, Monday to Sunday."""
    if text == "last":
        begin = _midnight(newest) - timedelta(days=newest.weekday()) - _WEEK
    else:
        begin = _midnight(_time("--weekly", text))
    return begin, begin + _WEEK


def between(since: str, until: str | None, newest: datetime, last: datetime | None) -> Span:
    """From `since` (a time, or `last`: where the last report ended) to `until`, or to the last whole hour."""
    end = _time("--until", until) if until else newest.replace(minute=0, second=0, microsecond=0)
    begin = (last or end - _DAY) if since == "last" else _time("--since", since)
    if begin >= end:
        raise UsageError(
            f"nothing to report yet: the last report ended at {begin:%Y-%m-%d %H:%M} UTC"
            if since == "last"
            else f"--since {since} is not before {end:%Y-%m-%d %H:%M} UTC"
        )
    return begin, end


class LastReports:
    """Where the last report of each run, key and language ended, kept in a small file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def get(self, name: str) -> datetime | None:
        """End of the last report of that name."""
        told = self._read().get(name)
        return datetime.fromisoformat(told).astimezone(UTC) if told else None

    def put(self, name: str, end: datetime) -> None:
        """Remember it."""
        told = self._read() | {name: end.isoformat()}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(self._file) as partial:
            partial.write_text(json.dumps(told, indent=1, sort_keys=True), "utf-8")

    def _read(self) -> dict[str, str]:
        try:
            told = json.loads(self._file.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise UsageError(f"{self._file} cannot be read ({error}); mend or remove it") from error
        return told if isinstance(told, dict) else {}


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _time(option: str, text: str) -> datetime:
    try:
        return parse_time(text)[0]
    except ValueError as error:
        raise UsageError(f"{option} {error}") from None
