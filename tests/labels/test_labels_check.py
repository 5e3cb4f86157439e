from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.labels.check import check_label, decode_label
from pipeline.records import Label
from pipeline.validate import Invalid
from tests.records import START, label

TOPICS = ("financials", "markets")
NOW = START + timedelta(hours=1)


def checked(each: Label) -> Label:
    return check_label(each, topics=TOPICS, now=NOW, future_tolerance=60)


def decoded(raw: bytes) -> Label:
    return decode_label(raw, topics=TOPICS, now=NOW, future_tolerance=60)


def test_a_good_label_stays_as_it_is() -> None:
    assert checked(label()) == label()
    assert decoded(msgspec.json.encode(label())) == label()


def test_what_is_checked_once_passes_again() -> None:
    once = checked(label(title="a\x00b", note="\x1b[31m", at=START.replace(microsecond=123_456)))
    assert checked(once) == once
    assert (once.title, once.note, once.at.microsecond) == ("a b", " [31m", 123_000)


@pytest.mark.parametrize(
    ("fields", "reason", "says"),
    [
        ({"tone": None, "topic": ""}, "missing_field", "says nothing"),
        ({"topic": "weather"}, "wrong_field", "none of financials, markets"),
        ({"by": "  "}, "missing_field", "who says so"),
        ({"id": ""}, "wrong_field", "`id` is empty"),
        ({"run": "Live!"}, "wrong_field", "name of a run"),
        ({"title": " ", "body": ""}, "no_text", "both empty"),
        ({"body": "x" * 100_001}, "too_long", "100,000"),
        ({"note": "x" * 5000}, "wrong_field", "4,096"),
        ({"title": "\ud800"}, "wrong_field", "surrogate"),
        ({"at": NOW + timedelta(seconds=61)}, "future_stamp", "later than now"),
        ({"at": datetime(2023, 1, 1)}, "wrong_field", "no zone"),
        ({"at": datetime.min.replace(tzinfo=timezone(timedelta(hours=5)))}, "wrong_field", "calendar"),
        ({"v": 2}, "wrong_field", "version 1"),
    ],
)
def test_what_is_wrong_is_named(fields: dict[str, Any], reason: str, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked(label(**fields))
    assert refused.value.reason == reason
    assert says in refused.value.detail


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "bad_json"),
        (b"[]", "bad_json"),
        (b"\xff", "bad_json"),
        (b'{"id":"1","by":"ann"}', "missing_field"),
        (b'{"id":"1","by":"ann","at":"2023-03-10T17:05:00Z","tone":"great"}', "wrong_field"),
        (b'{"id":"1","by":"ann","at":"yesterday","tone":"negative"}', "wrong_field"),
    ],
)
def test_what_is_no_record_is_named(raw: bytes, reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        decoded(raw)
    assert refused.value.reason == reason


@given(st.binary(max_size=200))
def test_bytes_are_a_label_or_invalid_and_nothing_else(raw: bytes) -> None:
    with pytest.raises(Invalid):
        decoded(raw)


def test_a_stamp_of_another_zone_is_the_same_moment_in_utc() -> None:
    tokyo = START.astimezone(timezone(timedelta(hours=9)))
    assert checked(label(at=tokyo)).at.tzinfo == UTC
    assert checked(label(at=tokyo)) == label()
