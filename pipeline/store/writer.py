"""The statements that write: each an upsert that may run twice, or late, without harm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, bindparam, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from pipeline.store import schema
from pipeline.store.rows import Row

_Newer = Callable[[Any], ColumnElement[bool]]


def upsert(connection: Connection, table: Table, rows: Sequence[Row], newer: _Newer | None = None) -> None:
    """Insert `rows`; where the key is there, replace the row if `newer(proposed)` holds, else leave it.

    Rows go one by one through the driver's `executemany`, in key order: no statement outgrows SQLite's limit
    of variables, a batch may hold a key twice, and two writers cannot deadlock on each other's rows.
    """
    if not rows:
        return
    keys = [column.name for column in table.primary_key.columns]
    ordered = sorted(rows, key=lambda row: tuple(row[key] for key in keys))
    insert = _insert(connection, table)
    if newer is None:
        statement = insert.on_conflict_do_nothing(index_elements=keys)
    else:
        replaced = {name: insert.excluded[name] for name in rows[0] if name not in keys}
        statement = insert.on_conflict_do_update(
            index_elements=keys, set_=replaced, where=newer(insert.excluded)
        )
    connection.execute(statement, ordered)


def write_minutes(connection: Connection, rows: Sequence[Row]) -> None:
    """Let each row be its key's minute as it stands, and keep what it replaces in `sentiment_revision`."""
    for revision in sorted({row["revision"] for row in rows}):
        amended = [row for row in rows if row["revision"] == revision]
        if revision > 0:
            _supersede(connection, amended)
        upsert(connection, schema.sentiment, amended, later_revision)


def _supersede(connection: Connection, rows: Sequence[Row]) -> None:
    kept, old = schema.sentiment.c, schema.sentiment_revision
    names = [column.name for column in old.c if column.name != "superseded_at"]
    standing = select(
        *(kept[name] for name in names), bindparam("new_known_at", type_=old.c.superseded_at.type)
    ).where(
        kept.run == bindparam("old_run"),
        kept.key == bindparam("old_key"),
        kept.minute == bindparam("old_minute"),
        kept.revision < bindparam("new_revision"),
    )
    statement = (
        _insert(connection, old)
        .from_select([*names, "superseded_at"], standing)
        .on_conflict_do_nothing(index_elements=[column.name for column in old.primary_key.columns])
    )
    connection.execute(
        statement,
        [
            {
                "old_run": row["run"],
                "old_key": row["key"],
                "old_minute": row["minute"],
                "new_revision": row["revision"],
                "new_known_at": row["known_at"],
            }
            for row in rows
        ],
    )


def insert_new(connection: Connection, table: Table, row: Row) -> bool:
    """Insert `row` unless its key is there; whether it was inserted."""
    keys = list(table.primary_key.columns)
    statement = _insert(connection, table).values(row).on_conflict_do_nothing(index_elements=keys)
    return connection.execute(statement.returning(keys[0])).first() is not None


def _insert(connection: Connection, table: Table) -> Any:
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)


def earlier_document(proposed: Any) -> ColumnElement[bool]:
    """Of two documents with one id the earlier stays, by event time, then by its place in the topic.

    This does not depend on the order of writing, and it is the one that the aggregate counts.
    """
    return _earlier(proposed, schema.document)


def earlier_watched(proposed: Any) -> ColumnElement[bool]:
    """As `earlier_document`, of what says to which watchlists it belongs."""
    return _earlier(proposed, schema.watched)


def _earlier(proposed: Any, table: Table) -> ColumnElement[bool]:
    kept = table.c
    order = ("published_at", "partition", "offset")
    return tuple_(*(proposed[name] for name in order)) < tuple_(*(kept[name] for name in order))


def later_revision(proposed: Any) -> ColumnElement[bool]:
    """A minute's revision never goes back; an equal one is the same minute told again, known since before."""
    return proposed.revision > schema.sentiment.c.revision  # type: ignore[no-any-return]


def later_event(proposed: Any) -> ColumnElement[bool]:
    """The newest event of an alert is the alert as it stands."""
    return proposed.seq > schema.alert.c.seq  # type: ignore[no-any-return]
