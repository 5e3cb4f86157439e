"""What can be asked of /v1, and how it is answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse

from dashboards import query
from dashboards.api import parameters as p
from dashboards.api.schemas import answers
from dashboards.api.source import GOING_ON, Source
from dashboards.api.tables import (
    ALERTS,
    DOCUMENTS,
    SENTIMENT,
    Row,
    Table,
    alert_rows,
    as_csv,
    as_parquet,
    document_rows,
)
from pipeline.errors import UsageError
from pipeline.store import Store

_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
_PAGE = 1000


def routes(source: Source, seconds: float) -> APIRouter:
    """The routes of /v1; each question may take the database `seconds`."""
    router = APIRouter(prefix="/v1")

    @router.get("/runs", operation_id="runs", responses=answers(list[query.RunInfo]))
    def runs() -> Response:
        """Every run that the store holds."""
        with source.store() as store:
            return _json(query.runs(store, seconds=seconds))

    @router.get("/keys", operation_id="keys", responses=answers(list[str], 404))
    def keys(run: p.Run = "live") -> Response:
        """Keys of a run that ever had documents: `overall`, topic ids, and `watch.` before the names of
        watchlists, whose documents overlap: never add theirs up."""
        with source.store() as store:
            return _json(_known(store, run, query.keys(store, run, seconds=seconds)))

    @router.get("/board", operation_id="board", responses=answers(query.BoardView, 404))
    def board(
        run: p.Run = "live",
        at: Annotated[p.Moment | None, Query(description="Event time; without it, the newest.")] = None,
        as_of: p.AsOf = None,
    ) -> Response:
        """Every key of a run at one moment: windows, change, volume, hourly counts, firing alert.

        Topics divide all documents between them; watchlists (`watch.NAME`) overlap.
        """
        with source.store() as store:
            view = query.board(store, run, at, as_of=as_of, seconds=seconds)
            return _json(_known(store, run, view, empty=not view.lines))

    @router.get("/sentiment", operation_id="sentiment", responses=answers(query.Series, 404, 413, table=True))
    def sentiment(
        run: p.Run = "live",
        key: p.Key = "overall",
        since: p.Since = None,
        until: p.Until = None,
        step: Annotated[
            Literal["1m", "5m", "15m", "1h", "6h", "1d"] | None,
            Query(description="Length of a step; csv and parquet default to 1m, json to `max_points`."),
        ] = None,
        window: Annotated[
            Literal["5m", "1h", "24h"], Query(description="Rolling window of the points; json only.")
        ] = "1h",
        max_points: Annotated[int, Query(ge=2, le=50_000, description="Most points; json only.")] = 1000,
        as_of: p.AsOf = None,
        format: p.Format = None,
        accept: p.Accept = "",
    ) -> Response:
        """Sentiment of one key over time, at most 400 days at once. Steps without documents are left out."""
        form, length = p.chosen(format, accept), query.STEPS[step] if step else None
        with source.store() as store:
            begin, end = _span(store, run, since, until, seconds)
            query.check_span(begin, end, max_points)
            if form == "json":
                series = query.sentiment(
                    store,
                    run,
                    key,
                    begin,
                    end,
                    window=window,
                    max_points=max_points,
                    step=length,
                    as_of=as_of,
                    seconds=seconds,
                )
                if not series.points:
                    _check_key(store, run, key)
                return _json(series)
        portions = _each_in_turn(
            source,
            lambda store: query.sentiment_rows(
                store, run, key, begin, end, step=length or query.STEPS["1m"], as_of=as_of, seconds=seconds
            ),
        )
        return _table(SENTIMENT, form, portions)

    @router.get(
        "/documents", operation_id="documents", responses=answers(query.DocumentPage, 404, table=True)
    )
    def documents(
        run: p.Run = "live",
        key: p.SomeKey = None,
        since: p.Since = None,
        until: p.Until = None,
        tone: Annotated[Literal["negative", "neutral", "positive"] | None, Query()] = None,
        lang: Annotated[p.Text | None, Query(max_length=64, description="BCP 47 tag, equal.")] = None,
        source_name: Annotated[
            p.Text | None, Query(alias="source", max_length=512, description="Who published it, equal.")
        ] = None,
        search: Annotated[
            p.Text | None, Query(min_length=2, max_length=200, description="Text in title or body.")
        ] = None,
        story: Annotated[int | None, Query(ge=0, lt=2**63, description="Copies of one story.")] = None,
        limit: Annotated[
            int, Query(ge=1, le=p.MOST_EXPORTED, description="Most documents; json at most 1,000 a page.")
        ] = 100,
        before: Annotated[
            p.Text | None,
            Query(max_length=2000, pattern="^[A-Za-z0-9_-]+$", description="`next` of the page before."),
        ] = None,
        as_of: p.AsOf = None,
        format: p.Format = None,
        accept: p.Accept = "",
    ) -> Response:
        """Documents published in [since, until), the newest first; without the two, all of the run.

        A page of few documents, or none, is not the end: go on while `next` is there.
        """
        form = p.chosen(format, accept)

        def page(store: Store, most: int, place: str | None) -> query.DocumentPage:
            return query.documents(
                store,
                run,
                key=key,
                since=since,
                until=until,
                tone=tone,
                lang=lang,
                source=source_name,
                search=search,
                story=story,
                limit=most,
                before=place,
                as_of=as_of,
                seconds=seconds,
            )

        if form == "json":
            if limit > _PAGE:
                raise UsageError(f"limit {limit}: json has at most {_PAGE:,} a page; go on with `before`")
            with source.store() as store:
                found = page(store, limit, before)
                return _json(_known(store, run, found, empty=not found.documents))
        with source.store() as store:
            first = page(store, min(limit, _PAGE), before)
            _known(store, run, first, empty=not first.documents)

        def pages() -> Iterator[Sequence[Row]]:
            shown, left = first, limit
            while True:
                yield document_rows(shown.documents)
                left -= len(shown.documents)
                if shown.next is None or left <= 0:
                    return
                with source.store(GOING_ON) as store:
                    shown = page(store, min(left, _PAGE), shown.next)

        return _table(DOCUMENTS, form, pages())

    @router.get("/document", operation_id="document", responses=answers(query.ScoredDocument, 404))
    def document(
        id: Annotated[p.Text, Query(min_length=1, max_length=2000, description="The document's id.")],
        run: p.Run = "live",
    ) -> Response:
        """One document."""
        with source.store() as store:
            return _json(query.document(store, run, id, seconds=seconds))

    @router.get("/stories", operation_id="stories", responses=answers(query.StoryPage, 404))
    def stories(
        run: p.Run = "live",
        key: p.SomeKey = None,
        since: p.Since = None,
        until: p.Until = None,
        tone: Annotated[Literal["negative", "neutral", "positive"] | None, Query()] = None,
        order: Annotated[
            Literal["negative", "spread", "newest"],
            Query(description="Lowest score, most copies, or told last comes first."),
        ] = "negative",
        limit: Annotated[int, Query(ge=1, le=1000)] = 50,
        skip: Annotated[int, Query(ge=0, le=10_000, description="Stories to leave out.")] = 0,
        as_of: p.AsOf = None,
    ) -> Response:
        """What the newest 10,000 documents of a span tell: copies of one story are one entry."""
        with source.store() as store:
            begin, end = _span(store, run, since, until, seconds)
            found = query.stories(
                store,
                run,
                key=key,
                since=begin,
                until=end,
                tone=tone,
                order=order,
                limit=limit,
                skip=skip,
                as_of=as_of,
                seconds=seconds,
            )
            return _json(_known(store, run, found, empty=not found.documents))

    @router.get("/alerts", operation_id="alerts", responses=answers(list[query.AlertEvent], 404, table=True))
    def alerts(
        run: p.Run = "live",
        key: p.SomeKey = None,
        since: p.Since = None,
        until: p.Until = None,
        state: Annotated[Literal["firing", "resolved"] | None, Query()] = None,
        severity: Annotated[list[Literal["watch", "warning", "critical"]] | None, Query()] = None,
        limit: Annotated[int, Query(ge=1, le=10_000)] = 200,
        as_of: p.AsOf = None,
        format: p.Format = None,
        accept: p.Accept = "",
    ) -> Response:
        """Alerts that began in [since, until), the newest first; without the two, all of the run."""
        with source.store() as store:
            found = query.alerts(
                store,
                run,
                key=key,
                since=since,
                until=until,
                state=state,
                severity=severity,
                limit=limit,
                as_of=as_of,
                seconds=seconds,
            )
            _known(store, run, found)
        form = p.chosen(format, accept)
        return _json(found) if form == "json" else _table(ALERTS, form, [alert_rows(found)])

    @router.get("/alert", operation_id="alert", responses=answers(query.AlertDetail, 404))
    def alert(
        id: Annotated[p.Text, Query(min_length=1, max_length=200, description="The alert's id.")],
        as_of: p.AsOf = None,
    ) -> Response:
        """One alert: how it stands, every event, its journal, and what people said of it."""
        with source.store() as store:
            return _json(query.alert(store, id, as_of=as_of, seconds=seconds))

    return router


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")


def _table(table: Table, form: p.FormatName, portions: Iterable[Sequence[Row]]) -> Response:
    """A file that is sent while it is made; the first portion comes before the status does."""
    chunks = (as_csv if form == "csv" else as_parquet)(table, portions)
    first = next(chunks, b"")

    def body() -> Iterator[bytes]:
        yield first
        yield from chunks

    name = f"tocsin-{table.name}.{form}"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(body(), headers=headers, media_type=p.MEDIA_TYPES[form])


def _each_in_turn(source: Source, ask: Any) -> Iterator[Sequence[Row]]:
    """Portions of an export; between them others have their turn."""
    with source.store() as store:
        portions = ask(store)
        portion = next(portions, None)
    while portion is not None:
        yield portion
        with source.store(GOING_ON):
            portion = next(portions, None)


def _span(
    store: Store, run: str, since: datetime | None, until: datetime | None, seconds: float
) -> tuple[datetime, datetime]:
    """What is asked for, filled in: the day that ends with the run's newest minute."""
    if until is None:
        newest = query.pulse(store, run, seconds=seconds).minute
        if newest is None:
            _known(store, run, None, empty=True)
            raise query.NotFound(f"run {run} has no minutes yet")
        until = max(newest + _MINUTE, since + _MINUTE) if since else newest + _MINUTE
    return since or until - _DAY, until


def _known(store: Store, run: str, value: Any, *, empty: bool | None = None) -> Any:
    """`value`, or NotFound where it is empty because there is no such run."""
    if (not value if empty is None else empty) and run not in (each.run for each in query.runs(store)):
        raise query.NotFound(
            f"the store has no run {run}; /v1/runs lists those there are. `tocsin worker` fills `live`, "
            "`tocsin replay` and `tocsin demo` make runs of the past."
        )
    return value


def _check_key(store: Store, run: str, key: str) -> None:
    found = query.keys(store, run)
    _known(store, run, found)
    if found and key not in found:
        raise query.NotFound(f"run {run} never had a document of {key!r}; /v1/keys lists those it had")
