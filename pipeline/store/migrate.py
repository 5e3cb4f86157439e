"""Brings a database to the schema this code knows, whoever else starts at the same time."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from pipeline.errors import UsageError
from pipeline.store.engine import for_writing

_alembic_turn = Lock()
"""Alembic keeps its context in module globals: threads of one process must take turns."""

VERSION_TABLE = "tocsin_schema"
"""Not Alembic's default name, so that Tocsin can share a database with another application."""

_ADVISORY_LOCK = 0x746F6373696E
"""`tocsin` in ASCII; two openers of one PostgreSQL database take turns on it."""


def upgrade(engine: Engine, address: str) -> None:
    """Apply the migrations that are missing, in one transaction; UsageError where the database is newer.

    `address` names the database in messages. Safe when several processes call it at once: PostgreSQL holds
    the others at an advisory lock, SQLite at its write lock.
    """
    script = ScriptDirectory(str(Path(__file__).parent / "migrations"))
    known = {revision.revision for revision in script.walk_revisions()}
    head = script.get_current_head()
    with engine.connect() as connection:
        if _current(connection, known, address) == head:
            return
    with _alembic_turn, for_writing(engine).begin() as connection:
        if connection.dialect.name == "postgresql":
            _demand_utf8(connection, address)
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        if _current(connection, known, address) == head:
            return
        config = Config(attributes={"connection": connection, "version_table": VERSION_TABLE})
        config.set_main_option("script_location", str(script.dir).replace("%", "%%"))
        command.upgrade(config, "head")


def _demand_utf8(connection: Connection, address: str) -> None:
    encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise UsageError(
            f"The store {address} keeps text as {encoding}, which cannot hold all headlines. "
            "Create the database WITH ENCODING 'UTF8' TEMPLATE template0."
        )


def _current(connection: Connection, known: set[str], address: str) -> str | None:
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    current = context.get_current_revision()
    if current is not None and current not in known:
        raise UsageError(
            f"The store {address} has schema {current}, which is newer than this Tocsin knows "
            f"({', '.join(sorted(known))}). Upgrade tocsin, or name another database in store.url "
            "(TOCSIN_STORE__URL)."
        )
    return current
