"""The store: what the worker writes and others read, in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from threading import Lock

from sqlalchemy import Connection, Engine, delete

from alerts.events import AlertEvent, State
from alerts.journal import transitions
from pipeline.records import Label, Rejected, ScoredDocument, SentimentMinute
from pipeline.store import journal, reads, rows, schema, writer
from pipeline.store.engine import connect, for_writing, parse_url, shown
from pipeline.store.errors import explained
from pipeline.store.known import document_known_at, event_known_at, minute_known_at
from pipeline.store.migrate import upgrade
from pipeline.store.reads import Counts, SentimentPoint


def _wall_clock() -> datetime:
    return datetime.now(UTC)


class Store:
    """Scored documents, minute sentiment, alerts and rejected input of every run, kept in SQL.

    Every method is synchronous and safe to call from several threads; each write is one transaction and may
    be repeated without harm. Every method raises `StoreUnavailable` where the database cannot be used just
    now; then nothing of the call was written, and it may be repeated.
    """

    def __init__(
        self, engine: Engine, address: str, now: Callable[[], datetime], lateness: timedelta
    ) -> None:
        """Use `open`."""
        self._engine = engine
        self._writing = for_writing(engine)
        self._now = now
        self._lateness = lateness
        # SQLite has one writer: threads wait here, in order, not in its busy handler, which is not fair.
        self._turn = Lock() if engine.dialect.name == "sqlite" else nullcontext()
        self.address = address
        """The URL without its password, as messages show it."""

    @classmethod
    def open(
        cls,
        url: str,
        *,
        now: Callable[[], datetime] = _wall_clock,
        lateness: timedelta = timedelta(minutes=2),
    ) -> Store:
        """Open the database at `url`, creating or upgrading its tables.

        `now` stamps what is recorded by wall clock; `lateness`, `event_time.allowed_lateness`, is how long
        after its end a minute of a replay became known. UsageError where the URL is wrong or the database
        newer than this code; StoreUnavailable where it cannot be reached.
        """
        parsed = parse_url(url)
        address = shown(parsed)
        engine = connect(parsed)
        try:
            with explained(address):
                upgrade(engine, address)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, address, now, lateness)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One write transaction: committed at the end, undone at an exception."""
        with self._turn, explained(self.address), self._writing.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view for reading."""
        with explained(self.address), self._engine.connect() as connection:
            yield connection

    def write_documents(self, documents: Sequence[ScoredDocument]) -> None:
        """Keep each document under its run and id; of several with one id the earliest published stays."""
        now = self._now()
        table_rows = [
            rows.document_row(document) | {"known_at": document_known_at(document, now)}
            for document in documents
        ]
        with self.writing() as connection:
            writer.upsert(connection, schema.document, table_rows, writer.earlier_document)
            watched = [row for document in documents for row in rows.watched_rows(document)]
            writer.upsert(connection, schema.watched, watched, writer.earlier_watched)

    def write_sentiment(self, minutes: Sequence[SentimentMinute]) -> None:
        """Keep each key's minute, and what an amendment replaces; a lower revision never replaces one."""
        now = self._now()
        with self.writing() as connection:
            table_rows: list[rows.Row] = []
            heard = reads.newest_minutes(connection, {each.run for each in minutes if each.revision})
            for minute in minutes:
                known = {"known_at": minute_known_at(minute, now, self._lateness, heard.get(minute.run))}
                table_rows += (row | known for row in rows.sentiment_rows(minute))
                if minute.run in heard and not minute.revision:
                    heard[minute.run] = max(heard[minute.run], minute.minute)
            writer.write_minutes(connection, table_rows)
            for table, of_minute in (
                (schema.story_merge, rows.merge_rows),
                (schema.late_document, rows.late_rows),
            ):
                writer.upsert(connection, table, [row for each in minutes for row in of_minute(each)])

    def write_alerts(self, events: Sequence[AlertEvent]) -> None:
        """Add each event, journal what it tells, and let the newest of each alert be its current state."""
        table_rows = [rows.alert_row(event) for event in events]
        recorded_at = self._now()
        with self.writing() as connection:
            recorded = [
                {
                    **row,
                    "recorded_at": recorded_at,
                    "known_at": event_known_at(event, recorded_at, self._lateness),
                }
                for row, event in zip(table_rows, events, strict=True)
            ]
            writer.upsert(connection, schema.alert_event, recorded)
            writer.upsert(connection, schema.alert, table_rows, writer.later_event)
            told = (transition for event in events for transition in transitions(event))
            journal.append(connection, told, recorded_at)

    def write_rejected(self, rejected: Sequence[Rejected]) -> None:
        """Keep each rejected input under its origin; the first reason stays."""
        table_rows = [rows.rejected_row(record) for record in rejected]
        with self.writing() as connection:
            writer.upsert(connection, schema.rejected, table_rows)

    def write_labels(self, labels: Sequence[Label]) -> None:
        """Keep each label beside all others; of equal run, id, `at` and `by` the first stays."""
        table_rows = [rows.label_row(label) for label in labels]
        with self.writing() as connection:
            writer.upsert(connection, schema.label, table_rows)

    def delete_run(self, run: str) -> None:
        """Forget everything of a run, what waits in the outbox included; but not what people have said."""
        with self.writing() as connection:
            for table in schema.metadata.sorted_tables:
                if table in (schema.label, schema.verdict, schema.mute):
                    continue
                connection.execute(delete(table).where(table.c.run == run))

    def runs(self) -> list[str]:
        """Names of the runs that have sentiment, alerts or rejected input."""
        with self.reading() as connection:
            return reads.runs(connection)

    def counts(self, run: str) -> Counts:
        """How much of a run is in each table."""
        with self.reading() as connection:
            return reads.counts(connection, run)

    def alerts(
        self,
        run: str,
        *,
        key: str | None = None,
        state: State | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int | None = None,
    ) -> list[AlertEvent]:
        """Alerts as they stand (the newest event of each) that started in [start, end), oldest first."""
        with self.reading() as connection:
            return reads.alerts(connection, run, key, state, start, end, limit)

    def alert_events(self, run: str, alert_id: str | None = None) -> list[AlertEvent]:
        """Every event of a run, or of one alert; `pipeline.store.actions.journal` has the transitions."""
        with self.reading() as connection:
            return reads.alert_events(connection, run, alert_id)

    def sentiment(
        self, run: str, key: str | None = None, start: datetime | None = None, end: datetime | None = None
    ) -> list[SentimentPoint]:
        """Minutes of one key, or of all keys, in [start, end), oldest first."""
        with self.reading() as connection:
            return reads.sentiment(connection, run, key, start, end)

    def documents(
        self,
        run: str,
        *,
        topic: str | None = None,
        tone: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int | None = None,
    ) -> list[ScoredDocument]:
        """Documents published in [start, end), oldest first."""
        with self.reading() as connection:
            return reads.documents(connection, run, topic, tone, start, end, limit)

    def each_document(self, run: str) -> Iterator[ScoredDocument]:
        """Every document of a run, oldest first, without holding them all."""
        with self.reading() as connection:
            yield from reads.each_document(connection, run)

    def document(self, run: str, id: str) -> ScoredDocument | None:
        """The document of that id; None where there is none."""
        with self.reading() as connection:
            return reads.document(connection, run, id)

    def labels(self, run: str | None = None) -> list[Label]:
        """Every label of documents of a run, or of all runs, in the order in which they were given."""
        with self.reading() as connection:
            return reads.labels(connection, run)

    def rejected(self, run: str, *, limit: int | None = None) -> list[Rejected]:
        """Rejected input of a run, by origin."""
        with self.reading() as connection:
            return reads.rejected(connection, run, limit)
