"""Stamps in the forms that feeds write them in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.feed import parse_time

AT = datetime(2023, 3, 10, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "stamp", "assumed"),
    [
        ("2023-03-10T14:30:00Z", AT, False),
        (" 2023-03-10T09:30:00-05:00 ", AT, False),
        ("2023-03-10 14:30:00 UTC", AT, False),
        ("2023-03-10T14:30", AT, True),
        ("20230310T143000", AT, True),
        ("20230310143000", AT, True),
        ("2023-03-10", AT.replace(hour=0, minute=0), True),
        ("2023", datetime(2023, 1, 1, tzinfo=UTC), True),
        ("20230310", AT.replace(hour=0, minute=0), True),
        ("Fri, 10 Mar 2023 14:30:00 GMT", AT, False),
        ("10 Mar 2023 09:30:00 -0500", AT, False),
        ("1678458600", AT, False),
        ("1678458600.5", AT + timedelta(milliseconds=500), False),
        ("1678458600000", AT, False),
        (1678458600, AT, False),
        (1678458600000000, AT, False),
        (1678458600000000000, AT, False),
        ("-86400", datetime(1969, 12, 31, tzinfo=UTC), False),
        (datetime(2023, 3, 10, 14, 30), AT, True),
        (datetime(2023, 3, 10, 9, 30, tzinfo=timezone(timedelta(hours=-5))), AT, False),
        (date(2023, 3, 10), AT.replace(hour=0, minute=0), True),
    ],
)
def test_read(value: Any, stamp: datetime, assumed: bool) -> None:
    assert parse_time(value) == (stamp, assumed)
    assert parse_time(value)[0].tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        "",
        "soon",
        "3/10/2023",
        "10.03.2023",
        "2023-13-01",
        "9" * 40,
        True,
        None,
        [],
        float("nan"),
        float("inf"),
        b"1",
    ],
)
def test_refused_with_what_to_write(value: Any) -> None:
    with pytest.raises(ValueError, match="RFC 3339"):
        parse_time(value)


@given(st.datetimes(datetime(1900, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)))
def test_rfc_3339_comes_back(stamp: datetime) -> None:
    assert parse_time(stamp.isoformat()) == (stamp, False)


@given(st.text() | st.integers() | st.floats() | st.dates())
def test_anything_is_read_or_refused(value: Any) -> None:
    try:
        stamp, _ = parse_time(value)
    except ValueError as error:
        assert "RFC 3339" in str(error)
    else:
        assert stamp.tzinfo is UTC
