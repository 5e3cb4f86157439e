"""What a `Document` must be before anything counts it: pure checks, each failure with its reason."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

from pipeline.records import Document, Reason, Rejected

TEXT_LIMIT = 100_000
"""Bytes of UTF-8 that title and body may have together."""
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
VERSION = 1

# Longest value of each short field, in characters. They keep a record below a broker's 1 MB and a key below
# what a PostgreSQL index takes (2,704 bytes).
_LIMITS = {"id": 512, "source": 512, "url": 4096, "lang": 64, "author": 1024}
_SYMBOLS = 100
_SYMBOL = 32

# PostgreSQL refuses NUL in text and terminals obey the rest; tab and line breaks are ordinary text.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_ANY_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

_decoder = msgspec.json.Decoder(Document)


class Invalid(Exception):  # noqa: N818 - a verdict on input that callers turn into a `Rejected`, not a fault
    """Input that cannot be a document: `reason` to count by, `detail` for whoever has to mend it."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason: Reason = reason
        self.detail = detail


def decode(raw: bytes, *, now: datetime | None, future_tolerance: int) -> Document:
    """Read one JSON record of `tocsin.documents`.

    `now` is an aware wall clock and `future_tolerance` the seconds a stamp may lie ahead of it; without `now`
    future stamps pass. Unknown fields are ignored, so that newer sources can talk to older workers. Raises
    `Invalid` and nothing else.
    """
    try:
        document = _decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise misfit(str(error)) from None
    except UnicodeDecodeError as error:
        raise Invalid("bad_json", f"not UTF-8: byte 0x{error.object[error.start]:02x} in a string") from None
    except msgspec.DecodeError as error:
        raise Invalid("bad_json", f"not JSON: {error}") from None
    except RecursionError:
        raise Invalid("bad_json", "nested too deeply") from None
    return check(document, now=now, future_tolerance=future_tolerance)


def check(document: Document, *, now: datetime | None, future_tolerance: int) -> Document:
    """Check what the types cannot tell and return the document as everything downstream may rely on it.

    Control characters other than tab and line breaks become spaces (an id with any is refused: ids are
    compared, not read), and the stamp is turned to UTC. Raises `Invalid` and nothing else.
    """
    if document.v != VERSION:
        raise Invalid("wrong_field", f"`v` is {document.v}; this release reads version {VERSION}")
    check_id(document.id)
    published = _check_stamp(document.published_at, now, future_tolerance)
    changes: dict[str, object] = {}
    if published is not document.published_at:
        changes["published_at"] = published
    for field in ("source", "url", "lang", "author", "title", "body"):
        value: str = getattr(document, field)
        if not value:
            continue
        cleaned = clean(value)
        if cleaned is not value:
            changes[field] = cleaned
        if len(value) > _LIMITS.get(field, len(value)):
            raise Invalid(
                "wrong_field", f"`{field}` has {len(value):,} characters, {_LIMITS[field]:,} may be"
            )
        if not value.isascii() and not encodable(value):
            raise Invalid("wrong_field", f"`{field}` holds half of a surrogate pair, which is no character")
    if document.symbols:
        _check_symbols(document.symbols)
    if changes:
        document = msgspec.structs.replace(document, **changes)
    check_text(document.title, document.body)
    return document


def clean(text: str) -> str:
    """Text with a space in place of each control character; the very same object when there is none."""
    return _CONTROL.sub(" ", text) if _CONTROL.search(text) else text


def reject(
    error: Invalid, raw: bytes, *, run: str, topic: str, partition: int, offset: int, at: datetime
) -> Rejected:
    """The record kept of refused input; `at` is the wall clock when it was refused."""
    return Rejected(
        run=run,
        reason=error.reason,
        detail=error.detail,
        raw=raw,
        topic=topic,
        partition=partition,
        offset=offset,
        rejected_at=at,
    )


def misfit(message: str) -> Invalid:
    """Turn msgspec's message, `what - at `$.field``, into a verdict that names the field."""
    what, _, path = message.partition(" - at `")
    if what.startswith("Object missing required field "):
        return Invalid("missing_field", f"{what.removeprefix('Object missing required field ')} is missing")
    if not path:
        return Invalid("bad_json", f"a JSON object is needed: {what}")
    field = path.rstrip("`").removeprefix("$.")
    return Invalid("wrong_field", f"`{field}`: {what}")


def check_id(value: str) -> None:
    """Raise `Invalid` unless `value` can be the id of a document."""
    if not value.strip():
        raise Invalid("wrong_field", "`id` is empty")
    if len(value) > _LIMITS["id"]:
        raise Invalid("wrong_field", f"`id` has {len(value):,} characters, {_LIMITS['id']} may be")
    if _ANY_CONTROL.search(value) or not encodable(value):
        raise Invalid("wrong_field", "`id` holds a control character or half of a surrogate pair")


def _check_stamp(published: datetime, now: datetime | None, tolerance: int) -> datetime:
    if published.tzinfo is None:
        raise Invalid("wrong_field", "`published_at` has no zone; write 2023-03-10T14:30:00Z")
    if published < EARLIEST:
        raise Invalid("ancient_stamp", f"`published_at` is {published.isoformat()}, before 1900")
    # Compare as a span: `now` plus a tolerance could leave the calendar.
    if now is not None and (published - now).total_seconds() > tolerance:
        raise Invalid("future_stamp", f"`published_at` is {published.isoformat()}, later than now")
    if published.tzinfo is UTC:
        return published
    try:
        return published.astimezone(UTC)
    except OverflowError:
        raise Invalid("wrong_field", f"`published_at` is {published.isoformat()}, past year 9999") from None


def _check_symbols(symbols: tuple[str, ...]) -> None:
    if len(symbols) > _SYMBOLS:
        raise Invalid("wrong_field", f"`symbols` has {len(symbols)} entries, {_SYMBOLS} may be")
    for symbol in symbols:
        if (
            not symbol.strip()
            or len(symbol) > _SYMBOL
            or _ANY_CONTROL.search(symbol)
            or not encodable(symbol)
        ):
            raise Invalid("wrong_field", f"`symbols`: {symbol[:_SYMBOL]!r} is not a ticker symbol")


def check_text(title: str, body: str) -> None:
    """Raise `Invalid` when there is no text, or too much of it."""
    if not title.strip() and not body.strip():
        raise Invalid("no_text", "`title` and `body` are both empty")
    # A character has at most four bytes, so that short texts need no encoding to be known short.
    if 4 * (len(title) + len(body)) > TEXT_LIMIT:
        size = len(title.encode()) + len(body.encode())
        if size > TEXT_LIMIT:
            raise Invalid("too_long", f"title and body have {size:,} bytes, {TEXT_LIMIT:,} may be")


def encodable(text: str) -> bool:
    """Whether a text can be written as UTF-8: it holds no half of a surrogate pair."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
