"""What goes wrong with a database: a person's to mend, or gone by itself in a while."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from pipeline.errors import TocsinError, UsageError

# Primary result codes of SQLite that say "not now": https://www.sqlite.org/rescode.html
_SQLITE_TRANSIENT = {5, 6, 7, 8, 10, 13, 14, 15}
_SQLITE_NOT_OURS = {11, 26}
# SQLSTATE classes and codes of PostgreSQL that say the same: connection, who may connect to what, resources,
# shutdown, rollback, I/O, a lock held too long, a server that only reads for now.
_POSTGRES_TRANSIENT = ("08", "28", "3D", "53", "57", "40", "58", "55P03", "25006")


class StoreUnavailable(TocsinError):  # noqa: N818 - a state of affairs, not a fault
    """The database cannot be reached or used just now; the same call may succeed later."""


@contextmanager
def explained(address: str) -> Iterator[None]:
    """Turn driver errors into messages that name `address`, the store's URL without its password.

    What can pass by itself becomes `StoreUnavailable`; what a person must mend becomes `UsageError`; a fault
    of our own code stays the exception it is.
    """
    try:
        yield
    except exc.TimeoutError as error:
        raise StoreUnavailable(_message(address, "no free connection")) from error
    except exc.DBAPIError as error:
        cause = error.orig
        if _is_foreign_file(cause):
            raise UsageError(
                f"{address} is not a SQLite database, or is damaged: {_first_line(cause)}. "
                "Name another file in store.url (TOCSIN_STORE__URL), or restore it from a backup."
            ) from error
        if error.connection_invalidated or _is_transient(cause):
            raise StoreUnavailable(_message(address, _first_line(cause))) from error
        raise


def _is_transient(cause: BaseException | None) -> bool:
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 1) & 0xFF in _SQLITE_TRANSIENT
    state = getattr(cause, "sqlstate", None)
    if state is None:
        # psycopg gives no SQLSTATE when there is no session: refused, unknown host, wrong password.
        return any(base.__name__ == "OperationalError" for base in type(cause).__mro__)
    return str(state).startswith(_POSTGRES_TRANSIENT)


def _is_foreign_file(cause: BaseException | None) -> bool:
    return (
        isinstance(cause, sqlite3.Error) and getattr(cause, "sqlite_errorcode", 0) & 0xFF in _SQLITE_NOT_OURS
    )


def _first_line(cause: BaseException | None) -> str:
    return (str(cause).strip().splitlines() or ["no detail"])[0]


def _message(address: str, cause: str) -> str:
    return (
        f"The store {address} is not available: {cause}. "
        "Check that the database runs and that store.url (TOCSIN_STORE__URL) is right."
    )
