"""A read transaction that ends in time."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, exc, text

from dashboards.query.errors import QueryTimeout
from pipeline.store import Store

SECONDS = 5.0
"""What a question may cost where the caller says nothing else."""

_STEPS = 20_000
"""SQLite looks at the clock every so many steps of its virtual machine, some fractions of a millisecond."""
_CANCELED = "57014"
_NO_WALKS = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")
"""Ways of PostgreSQL to answer that read more than is asked for."""


@contextmanager
def reading(store: Store, seconds: float = SECONDS, *, by_index: bool = False) -> Iterator[Connection]:
    """One consistent view of the store for at most about `seconds`.

    `by_index` is for questions that are a walk along an index with a look-up a row: PostgreSQL would rather
    read a whole table that has only some hundred thousand rows, and takes ten times as long.

    Raises:
        QueryTimeout: a statement was stopped because the time was up.
        StoreUnavailable: the database is away.
    """
    with store.reading() as connection:
        postgres = connection.dialect.name == "postgresql"
        try:
            with _postgres(connection, seconds, by_index) if postgres else _sqlite(connection, seconds):
                yield connection
        except exc.DBAPIError as error:
            if _was_stopped(error.orig):
                raise QueryTimeout(
                    f"the database needed more than {seconds:g} s for this; ask for a shorter time, fewer "
                    "keys, or a coarser step"
                ) from error
            raise


@contextmanager
def _postgres(connection: Connection, seconds: float, by_index: bool) -> Iterator[None]:
    limit = text("SELECT set_config('statement_timeout', :limit, true)")
    connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
    connection.execute(limit, {"limit": f"{max(1, int(seconds * 1000))}ms"})
    for other in _NO_WALKS if by_index else ():
        connection.execute(text("SELECT set_config(:other, 'off', true)"), {"other": other})
    yield


@contextmanager
def _sqlite(connection: Connection, seconds: float) -> Iterator[None]:
    driver: Any = connection.connection.driver_connection
    end = time.monotonic() + seconds
    driver.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)


def _was_stopped(cause: BaseException | None) -> bool:
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT
    return getattr(cause, "sqlstate", None) == _CANCELED
