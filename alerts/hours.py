"""Hours of a week in a time zone: `Mon-Fri 07:00-19:00; Sat 09:00-12:00`."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(
    r"(?:(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))?\s+)?(?P<start>\d\d?:\d\d)-(?P<end>\d\d?:\d\d)",
    re.IGNORECASE,
)
_DAY = 24 * 60
_WEEK = 7 * _DAY


class Hours(Struct, frozen=True):
    """Parts of the week, in minutes since Monday 00:00 of the local clock; none means always."""

    spans: tuple[tuple[int, int], ...]
    zone: str = "UTC"

    @classmethod
    def parse(cls, text: str, zone: str) -> Hours:
        """Read `text`: spans parted by `;` or `,`; one without days is daily; 22:00-06:00 is over midnight.

        Raises ValueError, saying what is allowed.
        """
        spans = []
        for part in re.split(r"[;,]", text):
            if part.strip():
                spans += _spans(part.strip())
        return cls(tuple(sorted(spans)), zone)

    def open(self, moment: datetime) -> bool:
        """Whether `moment` lies within."""
        at = self._minute_of_week(moment)
        return not self.spans or any(
            start <= at < end or start <= at + _WEEK < end for start, end in self.spans
        )

    def next_opening(self, moment: datetime) -> datetime:
        """The first whole minute from `moment` on that lies within; exact over changes of the clock."""
        if self.open(moment):
            return moment
        minute = moment.replace(second=0, microsecond=0)
        for ahead in range(1, _WEEK + _DAY):
            candidate = minute + timedelta(minutes=ahead)
            if self.open(candidate):
                return candidate
        return moment

    def _minute_of_week(self, moment: datetime) -> int:
        local = moment.astimezone(ZoneInfo(self.zone))
        return local.weekday() * _DAY + local.hour * 60 + local.minute


def _spans(text: str) -> list[tuple[int, int]]:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError("write hours as in `Mon-Fri 07:00-19:00; Sat 09:00-12:00`")
    first = match["first"].lower() if match["first"] else "mon"
    last = match["last"].lower() if match["last"] else (first if match["first"] else "sun")
    if first not in _DAYS or last not in _DAYS:
        raise ValueError("days are Mon, Tue, Wed, Thu, Fri, Sat and Sun")
    start, end = _minutes(match["start"]), _minutes(match["end"])
    if end <= start:
        end += _DAY
    begin = _DAYS.index(first)
    count = (_DAYS.index(last) - begin) % 7 + 1
    days = ((begin + offset) % 7 for offset in range(count))
    return [(day * _DAY + start, day * _DAY + end) for day in days]


def _minutes(clock: str) -> int:
    hour, minute = (int(part) for part in clock.split(":"))
    if hour > 24 or minute > 59 or (hour == 24 and minute):
        raise ValueError(f"{clock} is no time of day")
    return 60 * hour + minute
