from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.hours import Hours

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


def test_days_spans_and_midnight() -> None:
    hours = Hours.parse("Mon-Fri 07:00-19:00; Sat 9:00-12:00", "UTC")
    assert hours.open(at(0, 7))
    assert hours.open(at(4, 18, 59))
    assert not hours.open(at(4, 19))
    assert hours.open(at(5, 11))
    assert not hours.open(at(6, 11))
    night = Hours.parse("22:00-06:00", "UTC")
    assert night.open(at(6, 23))
    assert night.open(at(0, 0)), "Sunday's night reaches into Monday"
    assert not night.open(at(2, 12))
    assert Hours.parse("Sat-Mon 08:00-09:00", "UTC").open(at(6, 8))


def test_no_hours_are_always() -> None:
    assert Hours.parse("", "UTC").open(at(3, 3))


def test_the_zone_and_its_summer_count() -> None:
    hours = Hours.parse("Mon-Fri 07:00-19:00", "Europe/Berlin")
    assert hours.open(datetime(2026, 1, 5, 6, 0, tzinfo=UTC))
    assert not hours.open(datetime(2026, 1, 5, 5, 59, tzinfo=UTC))
    assert hours.open(datetime(2026, 7, 6, 5, 0, tzinfo=UTC))


def test_the_next_opening() -> None:
    hours = Hours.parse("Mon-Fri 07:00-19:00", "UTC")
    assert hours.next_opening(at(4, 20, 30)) == at(7, 7)
    assert hours.next_opening(at(1, 8, 3)) == at(1, 8, 3)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(["Mon 03:00-03:30", "Sat-Sun 22:00-06:00", "Tue-Thu 02:30-02:31", "00:00-24:00"]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
)
def test_an_opening_is_open_and_nothing_before_it_is(moment: datetime, text: str, zone: str) -> None:
    hours = Hours.parse(text, zone)
    opens = hours.next_opening(moment)
    assert hours.open(opens) or opens == moment
    if opens > moment:
        assert not hours.open(opens - timedelta(minutes=1))
        assert opens.astimezone(ZoneInfo(zone)).second == 0


@pytest.mark.parametrize(
    "text", ["office hours", "Mon-Fry 07:00-19:00", "07:00", "25:00-26:00", "07:60-08:00"]
)
def test_what_cannot_be_read_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"write hours as|days are|no time of day"):
        Hours.parse(text, "UTC")
