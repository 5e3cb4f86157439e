"""A question that takes too long ends, and harms nobody."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dashboards.query import QueryTimeout, reading
from pipeline.store import Store
from tests.records import document

ENDLESS = text(
    "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers) SELECT count(*) FROM numbers"
)


def test_a_statement_is_stopped_when_its_time_is_up_and_the_next_is_answered(store: Store) -> None:
    store.write_documents([document()])
    for _ in range(2):
        with pytest.raises(QueryTimeout, match="shorter"), reading(store, 0.1) as connection:
            connection.execute(ENDLESS)
        with reading(store) as connection:
            assert connection.scalar(text("SELECT count(*) FROM document")) == 1
    store.write_documents([document(id="d2")])


def test_postgresql_refuses_to_write(store: Store) -> None:
    with reading(store) as connection:
        if connection.dialect.name == "postgresql":
            with pytest.raises(DBAPIError, match="read-only"):
                connection.execute(text("DELETE FROM document"))
