"""One row's values read into a document."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, get_args

from pipeline.feed.rows import Row
from pipeline.feed.times import parse_time
from pipeline.records import Document, Kind
from pipeline.validate import Invalid, check

UNSTAMPED = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands in `published_at` where a feed is read for its text alone."""

_KINDS: dict[str, Kind] = {
    **{kind: kind for kind in get_args(Kind)},
    "article": "news",
    "headline": "news",
    "post": "comment",
    "tweet": "comment",
    "message": "comment",
    "press_release": "report",
    "regulatory": "report",
    "filing": "report",
}
_FORUMS = ("reddit", "twitter", "stocktwits")
_TICKER = re.compile(r"\$?([A-Z]{1,5}(?:[.-][A-Z]{1,2})?)")
_SEPARATORS = re.compile(r"[,;|\s]+")


class DocumentReader:
    """Reads rows by the columns that `resolve` found; counts the stamps that had no zone.

    A row without an id gets a hash of source, stamp and text, so that reading the feed again gives the same
    id; two rows that agree in all of these are one document. With `stamped` false only id and text are looked
    at, and a row without an id gets its row number.
    """

    def __init__(
        self,
        columns: Mapping[str, str],
        *,
        feed: str,
        stamped: bool,
        now: datetime | None,
        future_tolerance: int,
    ) -> None:
        self._columns = columns
        self.columns_used = frozenset(columns.values())
        self._feed = feed
        self._stamped = stamped
        self._now = now
        self._future_tolerance = future_tolerance
        self.without_zone = 0

    def read(self, row: Row) -> Document:
        """The row's document; raises `Invalid`."""
        if row.fault:
            raise Invalid(row.reason, row.fault)
        values = row.values
        title = self._text(values, "title")
        body = self._text(values, "body")
        if not title.strip() and not body.strip():
            named = " and ".join(f"`{self._columns[f]}`" for f in ("title", "body") if f in self._columns)
            raise Invalid("no_text", f"{named} empty")
        if not self._stamped:
            told = self._id(values) or str(row.number)
            lang = self._text(values, "lang")
            bare = Document(
                id=told, source=self._feed, published_at=UNSTAMPED, title=title, body=body, lang=lang
            )
            return check(bare, now=None, future_tolerance=0)
        published = self._stamp(values)
        source = self._text(values, "source") or self._feed
        document = Document(
            id=self._id(values) or _hash_id(source, published, title, body),
            kind=self._kind(values, source),
            source=source,
            published_at=published,
            title=title,
            body=body,
            url=self._text(values, "url"),
            lang=self._text(values, "lang"),
            author=self._text(values, "author"),
            symbols=self._symbols(values),
        )
        return check(document, now=self._now, future_tolerance=self._future_tolerance)

    def has_stamp(self, values: Mapping[str, Any]) -> bool:
        """Whether the time column holds a stamp: what tells a row of this feed from a line of prose."""
        try:
            parse_time(values[self._columns["published_at"]])
        except (KeyError, ValueError):
            return False
        return True

    def _text(self, values: Mapping[str, Any], field: str) -> str:
        column = self._columns.get(field)
        if column is None:
            return ""
        value = values.get(column)
        if isinstance(value, str):
            return value
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return ""
        if isinstance(value, bytes):
            try:
                return value.decode()
            except UnicodeDecodeError:
                raise Invalid("wrong_field", f"`{column}` is not UTF-8") from None
        raise Invalid(
            "wrong_field", f"`{column}` holds {type(value).__name__} {str(value)[:40]}, text is needed"
        )

    def _id(self, values: Mapping[str, Any]) -> str:
        value = values.get(self._columns.get("id", ""))
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # integers with gaps come as floats
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return self._text(values, "id").strip()

    def _stamp(self, values: Mapping[str, Any]) -> datetime:
        column = self._columns["published_at"]
        value = values.get(column)
        if value is None or value == "" or value != value:  # NaN and NaT differ from themselves
            raise Invalid("missing_field", f"`{column}` is empty")
        try:
            stamp, assumed = parse_time(value)
        except ValueError as error:
            raise Invalid("wrong_field", f"`{column}`: {error}") from None
        self.without_zone += assumed
        return stamp

    def _kind(self, values: Mapping[str, Any], source: str) -> Kind:
        told = self._text(values, "kind").strip().lower()
        if told:
            kind = _KINDS.get(told)
            if kind is None:
                raise Invalid(
                    "wrong_field", f"`{self._columns['kind']}` is {told[:40]!r}; news, comment or report"
                )
            return kind
        wire = self._text(values, "wire")
        if wire:
            return _KINDS.get(wire.strip().lower(), "news")
        return "comment" if source.lower().startswith(_FORUMS) else "news"

    def _symbols(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        listed = values.get(self._columns.get("symbols", ""))
        if isinstance(listed, list):
            if not all(isinstance(symbol, str) for symbol in listed):
                raise Invalid("wrong_field", f"`{self._columns['symbols']}` holds something that is no text")
            return tuple(dict.fromkeys(symbol for symbol in listed if symbol))
        told = self._text(values, "symbols")
        if told:
            parts = _SEPARATORS.split(told)
            return tuple(dict.fromkeys(part.removeprefix("$") for part in parts if part.removeprefix("$")))
        entity = self._text(values, "entity")
        if not entity:
            return ()
        # An entity may be a company's name as well as its ticker; names are left out.
        tickers = [_TICKER.fullmatch(part) for part in _SEPARATORS.split(entity.strip())]
        return tuple(dict.fromkeys(found[1] for found in tickers if found)) if all(tickers) else ()


def _hash_id(source: str, published: datetime, title: str, body: str) -> str:
    content = "\0".join((source, published.isoformat(), title, body))
    return blake2b(content.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
