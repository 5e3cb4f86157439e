"""Which column of a feed is which field of a document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pipeline.errors import UsageError

FIELDS = ("id", "kind", "source", "published_at", "title", "body", "url", "lang", "author", "symbols")
"""Fields of a document that a column may fill."""

_ALIASES: dict[str, tuple[str, ...]] = {
    "id": ("id", "doc_id", "document_id", "article_id", "guid", "uuid"),
    "kind": ("kind",),
    "source": ("source", "publisher", "site", "feed"),
    "published_at": (
        *("published_at", "published", "publishedat", "time_published", "publication_date", "publish_date"),
        *(
            "pub_date",
            "pubdate",
            "created_at",
            "created_utc",
            "created",
            "timestamp",
            "datetime",
            "time",
            "date",
        ),
    ),
    "title": ("title", "headline", "heading", "subject"),
    "body": ("body", "content", "article", "description", "summary", "selftext"),
    "url": ("url", "link"),
    "lang": ("lang", "language"),
    "author": ("author", "by", "username", "user"),
    "symbols": ("symbols", "symbol", "tickers", "ticker"),
}
# One column of text: the title where the feed has none, else the body.
_TEXT = ("text", "sentence", "message", "tweet", "comment", "news")
# Columns that hint at a field without being it; `documents` says how they are read.
HINTS = ("wire", "entity")
_OURS = {"text": "title", "time": "published_at"}


def parse_mapping(pairs: Iterable[str]) -> dict[str, str]:
    """Read `--map ours=theirs` arguments into field → column; `text` and `time` stand for their fields."""
    mapping: dict[str, str] = {}
    for pair in pairs:
        ours, equals, theirs = pair.partition("=")
        field = _OURS.get(ours.strip(), ours.strip())
        if not equals or not theirs.strip():
            raise UsageError(f"--map {pair}: write ours=theirs, such as --map title=headline")
        if field not in FIELDS:
            raise UsageError(f"--map {pair}: {ours!r} is no field; there are {', '.join(FIELDS)}")
        if field in mapping:
            raise UsageError(f"--map {pair}: {field} is mapped twice")
        mapping[field] = theirs.strip()
    return mapping


def resolve(
    columns: Sequence[str], mapping: Mapping[str, str], *, feed: str, need_time: bool
) -> dict[str, str]:
    """Field (or hint) → column of this feed; names compare without case, blanks and dashes.

    A mapped column fills the field it is mapped to and no other. Raises `UsageError` when a mapped column is
    missing, when there is no text, or, with `need_time`, no time.
    """
    _refuse_unknown(columns, mapping, feed)
    plain = {_plain(column): column for column in reversed(columns) if column not in mapping.values()}
    found = dict(mapping)
    for field, aliases in _ALIASES.items():
        _fill(found, field, aliases, plain)
    if "title" not in found:
        _fill(found, "title", _TEXT, plain)
    elif "body" not in found:
        _fill(found, "body", [name for name in _TEXT if plain.get(name) != found["title"]], plain)
    for hint in HINTS:
        _fill(found, hint, (hint,), plain)
    there_are = f"its columns are {_listed(columns)}"
    if "title" not in found and "body" not in found:
        raise UsageError(f"{feed} has no text column: {there_are}; name one with --map title=COLUMN")
    if need_time and "published_at" not in found:
        raise UsageError(f"{feed} has no time column: {there_are}; name one with --map published_at=COLUMN")
    return found


def _fill(found: dict[str, str], field: str, aliases: Iterable[str], plain: Mapping[str, str]) -> None:
    if field not in found:
        column = next((plain[alias] for alias in aliases if alias in plain), None)
        if column is not None:
            found[field] = column


def _refuse_unknown(columns: Sequence[str], mapping: Mapping[str, str], feed: str) -> None:
    for field, column in mapping.items():
        if column not in columns:
            raise UsageError(
                f"--map {field}={column}: {feed} has no column {column!r}; its columns are {_listed(columns)}"
            )


def _plain(column: str) -> str:
    return column.strip().lower().replace(" ", "_").replace("-", "_")


def _listed(columns: Sequence[str]) -> str:
    """Names for a message; what is no header (a first row of data) is cut to a readable length."""
    names = [column if len(column) <= 40 else f"{column[:40]}…" for column in columns[:30]]
    return ", ".join(repr(name) for name in names) + (", …" if len(columns) > 30 else "")
