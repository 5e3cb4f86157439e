"""Alembic's entry: migrations run on the connection, and in the transaction, of `pipeline.store.migrate`."""

from __future__ import annotations

from alembic import context

from pipeline.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    version_table=context.config.attributes["version_table"],
    target_metadata=metadata,
)
with context.begin_transaction():
    context.run_migrations()
