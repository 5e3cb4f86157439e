"""Documents are read or refused with a reason; nothing else comes out of the reader."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.records import Document
from pipeline.validate import EARLIEST, TEXT_LIMIT, Invalid, check, decode, reject

NOW = datetime(2023, 3, 10, 12, 0, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "id": "a",
    "source": "wire",
    "published_at": "2023-03-10T12:00:00Z",
    "title": "Bank fails",
}


def read(fields: dict[str, Any] | bytes, now: datetime | None = NOW) -> Document:
    raw = fields if isinstance(fields, bytes) else msgspec.json.encode(fields)
    return decode(raw, now=now, future_tolerance=300)


def without(field: str) -> dict[str, Any]:
    return {key: value for key, value in GOOD.items() if key != field}


@pytest.mark.parametrize(
    ("fields", "reason", "says"),
    [
        (b"", "bad_json", "truncated"),
        (b"{", "bad_json", "truncated"),
        (b"\xff\xfe", "bad_json", "not JSON"),
        (b"[]", "bad_json", "object"),
        (b'"text"', "bad_json", "object"),
        (b'{"x":' + b"[" * 100_000, "bad_json", "deeply"),
        (b'{"id":"a","source":"\xff"}', "bad_json", "0xff"),
        (b'{"id":"a","source":"\\ud800"}', "bad_json", "not JSON"),
        (without("id"), "missing_field", "`id`"),
        (without("source"), "missing_field", "`source`"),
        (without("published_at"), "missing_field", "`published_at`"),
        (GOOD | {"id": 5}, "wrong_field", "`id`"),
        (GOOD | {"id": " "}, "wrong_field", "`id` is empty"),
        (GOOD | {"id": "a\0b"}, "wrong_field", "`id`"),
        (GOOD | {"id": "a\n"}, "wrong_field", "`id`"),
        (GOOD | {"id": "x" * 513}, "wrong_field", "513"),
        (GOOD | {"kind": "rumour"}, "wrong_field", "`kind`"),
        (GOOD | {"v": 2}, "wrong_field", "`v` is 2"),
        (GOOD | {"symbols": ["AAPL", 7]}, "wrong_field", "`symbols[1]`"),
        (GOOD | {"symbols": ["AAPL", ""]}, "wrong_field", "`symbols`"),
        (GOOD | {"symbols": ["A"] * 101}, "wrong_field", "101"),
        (GOOD | {"url": "u" * 4097}, "wrong_field", "`url`"),
        (GOOD | {"published_at": "yesterday"}, "wrong_field", "`published_at`"),
        (GOOD | {"published_at": "2023-03-10T12:00:00"}, "wrong_field", "`published_at`"),
        (GOOD | {"published_at": 1678449600}, "wrong_field", "`published_at`"),
        (GOOD | {"published_at": "2023-03-10T12:05:01Z"}, "future_stamp", "later than now"),
        (GOOD | {"published_at": "1899-12-31T23:59:59Z"}, "ancient_stamp", "1900"),
        (GOOD | {"published_at": "0001-01-01T00:00:00+14:00"}, "ancient_stamp", "1900"),
        (without("title"), "no_text", "empty"),
        (GOOD | {"title": " \n", "body": "\0\t"}, "no_text", "empty"),
        (GOOD | {"title": "é" * (TEXT_LIMIT // 2), "body": "x"}, "too_long", "100,001"),
    ],
)
def test_refused(fields: dict[str, Any] | bytes, reason: str, says: str) -> None:
    with pytest.raises(Invalid) as caught:
        read(fields)
    assert caught.value.reason == reason
    assert says in caught.value.detail


def test_limits_themselves_pass() -> None:
    assert read(GOOD | {"published_at": "2023-03-10T12:05:00Z"}).published_at == NOW + timedelta(seconds=300)
    assert read(GOOD | {"published_at": "1900-01-01T00:00:00Z"}).published_at == EARLIEST
    assert len(read(GOOD | {"title": "é" * (TEXT_LIMIT // 2)}).title) == TEXT_LIMIT // 2
    assert read(GOOD | {"body": "text", "title": ""}).body == "text"


def test_without_a_clock_the_future_passes_but_not_the_end_of_the_calendar() -> None:
    assert read(GOOD | {"published_at": "2999-01-01T00:00:00Z"}, now=None).published_at.year == 2999
    with pytest.raises(Invalid, match="9999"):
        read(GOOD | {"published_at": "9999-12-31T23:00:00-05:00"}, now=None)


def test_unknown_fields_are_ignored() -> None:
    assert read(GOOD | {"sentiment": {"deep": [1, None]}, "v": 1}) == read(GOOD)


def test_stamps_become_utc_and_control_characters_spaces() -> None:
    read_back = read(
        GOOD | {"published_at": "2023-03-10T07:00:00-05:00", "title": "a\0b\x1b[31mc\u0085d\te\nf"}
    )
    assert read_back.published_at.tzinfo is UTC
    assert read_back.published_at == NOW
    assert read_back.title == "a b [31mc d\te\nf"


def test_check_refuses_what_only_python_can_hold() -> None:
    document = Document(id="a", source="s", published_at=NOW, title="half \ud83d pair")
    with pytest.raises(Invalid, match="`title` holds half"):
        check(document, now=NOW, future_tolerance=0)
    naive = Document(id="a", source="s", published_at=datetime(2020, 1, 1), title="t")
    with pytest.raises(Invalid, match="zone"):
        check(naive, now=NOW, future_tolerance=0)


def test_reject_keeps_the_input_whole() -> None:
    record = reject(Invalid("bad_json", "why"), b"\xff\0", run="r", topic="t", partition=3, offset=9, at=NOW)
    again = msgspec.json.decode(msgspec.json.encode(record), type=type(record))
    assert again == record
    assert again.raw == b"\xff\0"


def verdict(raw: bytes) -> str:
    try:
        decode(raw, now=NOW, future_tolerance=300)
    except Invalid as error:
        assert error.detail
        return error.reason
    return "good"


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    assert verdict(raw)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.too_slow])  # the first draw builds character tables
@given(st.dictionaries(st.sampled_from(Document.__struct_fields__), json_values))
def test_any_values_in_the_fields_are_read_or_refused(fields: dict[str, Any]) -> None:
    assert verdict(msgspec.json.encode(GOOD | fields))


no_surrogates = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
stamps = st.datetimes(
    datetime(1901, 1, 1),
    datetime(2023, 3, 9),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=5, minutes=30))]),
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(no_surrogates, no_surrogates, stamps, st.sampled_from(["news", "comment", "report"]))
def test_what_was_accepted_is_accepted_again_unchanged(
    title: str, body: str, at: datetime, kind: Any
) -> None:
    document = Document(id="a", kind=kind, source="s", published_at=at, title="t" + title, body=body)
    once = decode(msgspec.json.encode(document), now=NOW, future_tolerance=300)
    assert once.published_at == at
    assert decode(msgspec.json.encode(once), now=NOW, future_tolerance=300) == once
