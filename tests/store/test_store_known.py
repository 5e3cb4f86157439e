"""When things became known: in a store of before, in the live run, and in a replay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData, Table, select

from pipeline.store import Store, migrate, schema
from pipeline.store.engine import connect, for_writing, parse_url
from pipeline.store.known import document_known_at, event_known_at, minute_known_at
from tests.records import START, alert_event, document, sentiment_minute, sentiment_row

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATE = timedelta(minutes=2)
MINUTE = timedelta(minutes=1)


def test_live_is_known_by_the_clock_and_a_replay_by_event_time() -> None:
    assert document_known_at(document(), NOW) == NOW
    assert document_known_at(document(run="lehman"), NOW) == START
    assert minute_known_at(sentiment_minute(), NOW, LATE, None) == NOW
    assert (
        minute_known_at(sentiment_minute(run="lehman"), NOW, LATE, START + 9 * MINUTE) == START + 3 * MINUTE
    )
    amended = sentiment_minute(0, 1, run="lehman")
    assert minute_known_at(amended, NOW, LATE, START + 9 * MINUTE) == START + 12 * MINUTE
    told = alert_event(1, run="lehman", at=None, state="resolved")
    assert event_known_at(told, NOW, LATE) == START + 92 * MINUTE
    assert event_known_at(alert_event(run="lehman", at=START), NOW, LATE) == START + LATE
    assert event_known_at(alert_event(), NOW, LATE) == NOW


def test_what_an_amendment_replaces_is_kept_once_with_its_time(tmp_path: Path) -> None:
    moments = iter(NOW + n * MINUTE for n in range(9))
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}", now=lambda: next(moments)) as store:
        for revision in (0, 1, 1, 0, 3, 3):
            store.write_sentiment([sentiment_minute(0, revision, sentiment_row(documents=revision + 1))])
        old = schema.sentiment_revision.c
        with store.reading() as connection:
            kept = connection.execute(
                select(old.revision, old.documents, old.known_at, old.superseded_at).order_by(old.revision)
            ).all()
        assert [tuple(row) for row in kept] == [
            (0, 1, NOW, NOW + MINUTE),
            (1, 2, NOW + MINUTE, NOW + 4 * MINUTE),
        ]
        store.delete_run("live")
        with store.reading() as connection:
            assert connection.execute(select(old.revision)).all() == []


def test_rows_of_before_get_the_best_guess(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    engine = connect(parse_url(url))
    with for_writing(engine).begin() as connection:
        config = Config(attributes={"connection": connection, "version_table": migrate.VERSION_TABLE})
        config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
        command.upgrade(config, "0004")
        known = {
            "run": "lehman",
            "published_at": "2008-09-15T04:30:00.000Z",
            "minute": "2008-09-15T04:30:00.000Z",
        }
        known |= {"detected_at": "2008-09-15T04:40:00.000Z", "recorded_at": "2026-01-01T00:00:00.000Z"}
        for name in ("document", "sentiment", "alert_event"):
            table = Table(name, MetaData(), autoload_with=connection)
            connection.execute(table.insert().values(_filled(table, known)))
            if name == "alert_event":
                connection.execute(table.insert().values(_filled(table, known | {"run": "live"})))
    engine.dispose()
    with Store.open(url) as store, store.reading() as connection:
        tables = (schema.document, schema.sentiment, schema.alert_event)
        told = [list(connection.scalars(select(table.c.known_at).order_by(table.c.run))) for table in tables]
    assert told == [[START], [START + 3 * MINUTE], [START + 12 * MINUTE, NOW]]


def _filled(table: Table, known: dict[str, Any]) -> dict[str, Any]:
    """A row with something in every column that needs it."""
    row = {}
    for column in table.c:
        if column.name in known:
            row[column.name] = known[column.name]
        elif not column.nullable:
            row[column.name] = (
                0 if str(column.type).startswith(("INT", "BIGINT", "DOUBLE", "FLOAT", "BOOL")) else "[]"
            )
    if table.name == "alert_event":
        row["id"] = row["run"]
    return row
