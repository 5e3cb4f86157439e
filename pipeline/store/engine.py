"""Connections: what a URL means, and how each database is told to behave."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from pipeline.errors import UsageError
from pipeline.store.errors import StoreUnavailable

# Seconds, but for tcp_user_timeout: a server that vanished is noticed in half a minute, not in hours.
_SESSION = {
    "application_name": "tocsin",
    "connect_timeout": 5,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
_WRITING = "tocsin_writing"
_BUSY_SECONDS = 10
_SECRET_OPTIONS = ("password", "sslpassword")
_FORMS = "`sqlite:///FOLDER/FILE.db` or `postgresql+psycopg://USER@HOST/NAME`"


def parse_url(url: str) -> URL:
    """The database that `store.url` names; UsageError, without the URL's secrets, where it names none."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise UsageError(f"store.url (TOCSIN_STORE__URL) is not a database URL; write {_FORMS}.") from error
    if parsed.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        if importlib.util.find_spec("psycopg") is None:
            raise UsageError(
                "store.url names PostgreSQL, whose driver is missing: pip install 'tocsin[postgres]'."
            )
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        if parsed.database in (None, "", ":memory:") or str(parsed.database).startswith("file:"):
            raise UsageError(
                "store.url names no file: SQLite in memory would forget; write `sqlite:///FILE.db`."
            )
        return parsed.set(drivername="sqlite+pysqlite")
    raise UsageError(f"store.url asks for {parsed.drivername}, which Tocsin does not speak; write {_FORMS}.")


def shown(url: URL) -> str:
    """`url` as it may be shown: the password starred out, and secret options left out."""
    return url.difference_update_query(_SECRET_OPTIONS).render_as_string(hide_password=True)


def connect(url: URL) -> Engine:
    """An engine for `url`; nothing is opened yet, but for the folder of a SQLite file."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    return create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        connect_args={name: value for name, value in _SESSION.items() if name not in url.query},
    )


def for_writing(engine: Engine) -> Engine:
    """The same engine, whose transactions take SQLite's write lock at their start, not half way through."""
    return engine.execution_options(**{_WRITING: True})


def _sqlite(url: URL) -> Engine:
    folder = Path(str(url.database)).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(
            f"The folder {folder} of store.url (TOCSIN_STORE__URL) cannot be made: {error.strerror}."
        ) from error
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": _BUSY_SECONDS})
    event.listen(engine, "connect", _on_sqlite_connect)
    event.listen(engine, "begin", _on_sqlite_begin)
    return engine


def _on_sqlite_connect(connection: Any, record: Any) -> None:
    # The driver's own transaction control opens no transaction for DDL or reads; `_on_sqlite_begin` does.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")
    cursor.execute("PRAGMA journal_mode = WAL")
    # What is acknowledged to Kafka must survive a power cut: one fsync a transaction, and they are batches.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _on_sqlite_begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get(_WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
