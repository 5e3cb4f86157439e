"""Where the frames come from: a store, or the API in front of one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any, Protocol

import httpx
import msgspec
import pandas as pd
import pyarrow as pa

from alerts.settings import is_loopback
from dashboards import query
from dashboards.api.tables import ALERTS, DOCUMENTS, SENTIMENT, Row, Table, alert_rows, document_rows
from pipeline.errors import TocsinError, UsageError
from pipeline.settings import load_settings
from pipeline.store import Store, StoreUnavailable

_PATIENCE = 60.0
"""Seconds one question of a notebook may take: nobody else waits for it."""
_PAGE = 1000
_LONGEST = timedelta(days=399)
_MOST_ALERTS = 10_000


class Source(AbstractContextManager["Source"], Protocol):
    """What can answer the three readers; frames come without an index, in the order of `Table`."""

    def sentiment(
        self,
        run: str,
        key: str,
        since: datetime | None,
        until: datetime | None,
        step: str,
        as_of: datetime | None,
    ) -> pd.DataFrame:
        """Steps of one key."""

    def documents(
        self,
        run: str,
        since: datetime | None,
        until: datetime | None,
        limit: int | None,
        asked: dict[str, Any],
    ) -> pd.DataFrame:
        """The newest documents."""

    def alerts(self, run: str, asked: dict[str, Any]) -> pd.DataFrame:
        """Alerts."""


def open_source(source: str | None, token: str | None) -> Source:
    """The source that a URL names; the store of the settings where it is None."""
    if source is not None and source.startswith(("http://", "https://")):
        return _Api(source, token or os.environ.get("TOCSIN_API_TOKEN", ""))
    url = source if source is not None else load_settings().store.url
    return _Database(Store.open(url))


class _Database:
    def __init__(self, store: Store) -> None:
        self._store = store

    def __enter__(self) -> _Database:
        return self

    def __exit__(self, *exception: object) -> None:
        self._store.close()

    def sentiment(
        self,
        run: str,
        key: str,
        since: datetime | None,
        until: datetime | None,
        step: str,
        as_of: datetime | None,
    ) -> pd.DataFrame:
        length = _length(step)
        span = _span(query.runs(self._store, seconds=_PATIENCE), run, since, until)
        if span is None:
            return _frame(SENTIMENT, ())
        begin, end = span
        portions = query.sentiment_rows(
            self._store, run, key, begin, end, step=length, as_of=as_of, seconds=_PATIENCE
        )
        return _frame(SENTIMENT, portions)

    def documents(
        self,
        run: str,
        since: datetime | None,
        until: datetime | None,
        limit: int | None,
        asked: dict[str, Any],
    ) -> pd.DataFrame:
        def page(most: int, place: str | None) -> query.DocumentPage:
            return query.documents(
                self._store,
                run,
                since=since,
                until=until,
                limit=most,
                before=place,
                seconds=_PATIENCE,
                **asked,
            )

        return _frame(DOCUMENTS, _pages(page, limit))

    def alerts(self, run: str, asked: dict[str, Any]) -> pd.DataFrame:
        found = query.alerts(self._store, run, limit=_MOST_ALERTS, seconds=_PATIENCE, **asked)
        return _frame(ALERTS, [alert_rows(found)])


class _Api:
    def __init__(self, url: str, token: str) -> None:
        if token and url.startswith("http://") and not is_loopback(url):
            raise UsageError("a token over plain http could be read on the way; give an https URL")
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self._address = url.rstrip("/")
        self._client = httpx.Client(base_url=self._address, headers=headers, timeout=_PATIENCE)

    def __enter__(self) -> _Api:
        return self

    def __exit__(self, *exception: object) -> None:
        self._client.close()

    def sentiment(
        self,
        run: str,
        key: str,
        since: datetime | None,
        until: datetime | None,
        step: str,
        as_of: datetime | None,
    ) -> pd.DataFrame:
        _length(step)
        found = msgspec.json.decode(self._get("runs", {}), type=list[query.RunInfo])
        span = _span(found, run, since, until)
        if span is None:
            return _frame(SENTIMENT, ())
        begin, end = span
        frames = []
        while begin < end:
            stop = min(begin + _LONGEST, end)
            asked = {"run": run, "key": key, "since": begin, "until": stop, "step": step, "as_of": as_of}
            data = self._get("sentiment", asked | {"format": "parquet"})
            frames.append(pd.read_parquet(BytesIO(data)))
            begin = stop
        return pd.concat(frames, ignore_index=True)

    def documents(
        self,
        run: str,
        since: datetime | None,
        until: datetime | None,
        limit: int | None,
        asked: dict[str, Any],
    ) -> pd.DataFrame:
        def page(most: int, place: str | None) -> query.DocumentPage:
            wanted = {"run": run, "since": since, "until": until, "limit": most, "before": place}
            return msgspec.json.decode(self._get("documents", wanted | asked), type=query.DocumentPage)

        return _frame(DOCUMENTS, _pages(page, limit))

    def alerts(self, run: str, asked: dict[str, Any]) -> pd.DataFrame:
        data = self._get("alerts", {"run": run, "limit": _MOST_ALERTS, "format": "parquet"} | asked)
        return pd.read_parquet(BytesIO(data))

    def _get(self, path: str, asked: dict[str, Any]) -> bytes:
        parameters = {
            name: value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
            for name, value in asked.items()
            if value is not None
        }
        try:
            answer = self._client.get(f"/v1/{path}", params=parameters)
        except httpx.HTTPError as error:
            raise StoreUnavailable(f"{self._address} does not answer: {error}") from error
        if answer.is_success:
            return answer.content
        raise _refusal(answer)


def _refusal(answer: httpx.Response) -> TocsinError:
    try:
        said = str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        said = answer.reason_phrase
    kind = StoreUnavailable if answer.status_code >= 500 else UsageError
    return kind(f"{answer.url.copy_with(query=None)} answered {answer.status_code}: {said}")


def _pages(page: Any, limit: int | None) -> Iterator[Sequence[Row]]:
    place, left = None, limit
    while True:
        found = page(_PAGE if left is None else min(left, _PAGE), place)
        yield document_rows(found.documents)
        place = found.next
        left = None if left is None else left - len(found.documents)
        if place is None or left == 0:
            return


def _span(
    runs: Iterable[query.RunInfo], run: str, since: datetime | None, until: datetime | None
) -> tuple[datetime, datetime] | None:
    """The asked span, open ends filled in; None where there is nothing in it."""
    info = next((each for each in runs if each.run == run), None)
    if info is None:
        raise UsageError(f"the store has no run {run!r}")
    if info.first is None or info.last is None:
        return None
    begin, end = since or info.first, until or info.last + timedelta(minutes=1)
    return (begin, end) if begin < end else None


def _length(step: str) -> int:
    if step not in query.STEPS:
        raise UsageError(f"step {step!r}: {', '.join(query.STEPS)}")
    return query.STEPS[step]


def _frame(table: Table, portions: Iterable[Sequence[Row]]) -> pd.DataFrame:
    batches = [
        pa.RecordBatch.from_arrays(
            [pa.array([row[field.name] for row in portion], type=field.type) for field in table.schema],
            schema=table.schema,
        )
        for portion in portions
    ]
    return pa.Table.from_batches(batches, schema=table.schema).to_pandas()  # type: ignore[no-any-return]
