"""Alembic migrations, applied by `pipeline.store.migrate` when a store is opened."""
