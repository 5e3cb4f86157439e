"""Documents page by page, and the stories they tell."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Subquery,
    and_,
    case,
    false,
    func,
    or_,
    select,
    true,
)

from alerts.keys import OVERALL, watchlist_of
from dashboards.query.cursor import read_cursor, write_cursor
from dashboards.query.errors import NotFound
from dashboards.query.known import published_by
from dashboards.query.reading import SECONDS, reading
from dashboards.query.values import DocumentPage, Share, Story, StoryPage
from pipeline.errors import UsageError
from pipeline.records import ScoredDocument
from pipeline.store import Store, rows, schema

MOST = 1000
SCANNED = 10_000
"""Documents that are looked at for one page: what a filter leaves of them is the page."""
Order = Literal["negative", "spread", "newest"]


def documents(
    store: Store,
    run: str,
    *,
    key: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    tone: str | None = None,
    lang: str | None = None,
    source: str | None = None,
    search: str | None = None,
    story: int | None = None,
    limit: int = 100,
    before: str | None = None,
    as_of: datetime | None = None,
    seconds: float = SECONDS,
) -> DocumentPage:
    """Documents published in [since, until), the newest first.

    `key` is `overall`, a topic id or a watchlist's key; `search` finds its text, letter case aside, in title
    or body. At most `SCANNED` documents are looked at for a page, so a rare thing may take several pages: go
    on while `next` is not None.
    """
    if not 1 <= limit <= MOST:
        raise UsageError(f"limit {limit}: 1 to {MOST:,}")
    scanned = _newest(run, key, since, until, before, as_of, SCANNED).subquery()
    c = scanned.c
    query = (
        select(scanned)
        .where(*_filters(scanned, tone, lang, source, search, story))
        .order_by(c.published_at.desc(), c.id.desc())
        .limit(limit)
    )
    with reading(store, seconds, by_index=_is_listed(key)) as connection:
        found = tuple(rows.document_record(row._asdict()) for row in connection.execute(query))
        if len(found) == limit:
            return DocumentPage(documents=found, next=write_cursor(found[-1].published_at, found[-1].id))
        # The filters left too few: go on behind the last document that was looked at, if that many were.
        places = _newest(run, key, since, until, before, as_of, 1, skip=SCANNED - 1, whole=False)
        last = connection.execute(places).first()
    return DocumentPage(documents=found, next=write_cursor(last.published_at, last.id) if last else None)


def stories(
    store: Store,
    run: str,
    *,
    key: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    tone: str | None = None,
    lang: str | None = None,
    source: str | None = None,
    search: str | None = None,
    order: Order = "negative",
    limit: int = 50,
    skip: int = 0,
    as_of: datetime | None = None,
    seconds: float = SECONDS,
) -> StoryPage:
    """Stories of the documents published in [since, until): copies of one story are one entry.

    `order`: `negative` puts the lowest score first, `spread` the story with most copies, `newest` the one
    told last; `skip` leaves out as many. At most the newest `SCANNED` documents of the span are looked at.
    """
    if not 1 <= limit <= MOST:
        raise UsageError(f"limit {limit}: 1 to {MOST:,}")
    scanned = _newest(run, key, since, until, None, as_of, SCANNED, whole=bool(search)).subquery()
    scanned = _merged(scanned, run, as_of)
    c = scanned.c
    wanted = _filters(scanned, tone, lang, source, search, None)
    lowest, copies, last = func.min(c.score), func.count(), func.max(c.published_at)
    orders: dict[str, tuple[ColumnElement[Any], ...]] = {
        "negative": (lowest, copies.desc()),
        "spread": (copies.desc(), lowest),
        "newest": (last.desc(), lowest),
    }
    query = (
        select(
            c.story,
            copies.label("copies"),
            func.count(c.source.distinct()).label("sources"),
            func.min(c.published_at).label("first"),
            last.label("last"),
            lowest.label("score"),
        )
        .where(*wanted)
        .group_by(c.story)
        .order_by(*orders[order], c.story)
        .limit(limit)
        .offset(skip)
    )
    with reading(store, seconds, by_index=_is_listed(key)) as connection:
        looked_at = connection.scalar(select(func.count()).select_from(scanned)) or 0
        groups = list(connection.execute(query))
        firsts = _firsts(connection, scanned, wanted, [row.story for row in groups], run)
    found = tuple(
        Story(
            story=row.story,
            first=firsts[row.story],
            documents=row.copies,
            sources=row.sources,
            last=row.last,
            score=row.score,
        )
        for row in groups
    )
    return StoryPage(stories=found, documents=looked_at, complete=looked_at < SCANNED)


def shares(
    store: Store,
    run: str,
    column: Literal["source", "lang", "tone", "topic", "kind", "model"],
    *,
    key: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 50,
    as_of: datetime | None = None,
    seconds: float = SECONDS,
) -> list[Share]:
    """What values the newest `SCANNED` documents of a span have in a column, the most frequent first."""
    named = schema.document.c[column]
    newest = _newest(run, key, since, until, None, as_of, SCANNED, whole=False)
    scanned = newest.with_only_columns(named.label("value")).subquery()
    count = func.count().label("documents")
    query = select(scanned.c.value, count).group_by(scanned.c.value)
    query = query.order_by(count.desc(), scanned.c.value).limit(limit)
    with reading(store, seconds, by_index=_is_listed(key)) as connection:
        return [Share(value=row.value, documents=row.documents) for row in connection.execute(query)]


def document(store: Store, run: str, id: str, *, seconds: float = SECONDS) -> ScoredDocument:
    """One document by its id; NotFound where the run has none of that id."""
    c = schema.document.c
    query = select(schema.document).where(c.run == run, c.id == rows.key_text(id))
    with reading(store, seconds) as connection:
        row = connection.execute(query).first()
    if row is None:
        raise NotFound(f"run {run} has no document {id!r}")
    return rows.document_record(row._asdict())


def _firsts(
    connection: Connection,
    scanned: FromClause,
    wanted: list[ColumnElement[bool]],
    of: list[int],
    run: str,
) -> dict[int, ScoredDocument]:
    """The earliest document of each story."""
    c = scanned.c
    rank = func.row_number().over(partition_by=c.story, order_by=(c.published_at, c.id)).label("rank")
    ranked = select(c.id, c.story, rank).where(c.story.in_(of), *wanted).subquery()
    table = schema.document
    query = (
        select(table, ranked.c.story.label("told"))
        .join(ranked, and_(table.c.run == run, table.c.id == ranked.c.id))
        .where(ranked.c.rank == 1)
    )
    return {row.told: rows.document_record(row._asdict()) for row in connection.execute(query)}


def _merged(scanned: Subquery, run: str, as_of: datetime | None) -> Subquery:
    """The same documents, those of wordings that were found to be one story under one story."""
    merge = schema.story_merge.c
    same = and_(merge.run == run, merge.story == scanned.c.story)
    if as_of is not None:
        same = and_(same, merge.minute <= as_of)
    columns = [column for column in scanned.c if column.name != "story"]
    story = func.coalesce(merge.joined, scanned.c.story).label("story")
    return select(*columns, story).select_from(scanned.outerjoin(schema.story_merge, same)).subquery()


def _newest(
    run: str,
    key: str | None,
    since: datetime | None,
    until: datetime | None,
    before: str | None,
    as_of: datetime | None,
    most: int,
    *,
    skip: int = 0,
    whole: bool = True,
) -> Select[Any]:
    """The newest documents of a span by an index, before anything is filtered."""
    table = schema.document
    c = table.c
    columns = list(c) if whole else [c.id, c.published_at, c.story, c.source, c.tone, c.lang, c.score]
    query, at = _of_key(columns, run, key)
    if since is not None:
        query = query.where(at.published_at >= since)
    if until is not None:
        query = query.where(at.published_at < until)
    if before is not None:
        moment, id = read_cursor(before)
        earlier = or_(at.published_at < moment, and_(at.published_at == moment, at.id < id))
        query = query.where(at.published_at <= moment, earlier)
    query = published_by(query, at.published_at, as_of)
    return query.order_by(at.published_at.desc(), at.id.desc()).limit(most).offset(skip)


def _is_listed(key: str | None) -> bool:
    """Whether the documents of a key are found through another table."""
    return key is not None and watchlist_of(key) is not None


def _of_key(columns: list[Column[Any]], run: str, key: str | None) -> tuple[Select[Any], Any]:
    """The documents of a key, and the columns whose index has them by time.

    A watchlist's are those of `watched`; its rows of a document that another of the same id has replaced find
    nothing.
    """
    c, w = schema.document.c, schema.watched.c
    name = None if key is None else watchlist_of(key)
    if name is None:
        query = select(*columns).where(c.run == run)
        return query if key in (None, OVERALL) else query.where(c.topic == key), c
    # A CASE, as PostgreSQL takes two columns that agree for a rarity, the page for one row, and sorts it all.
    place = case((and_(w.partition == c.partition, w.offset == c.offset), true()), else_=false())
    found = and_(c.run == w.run, c.id == w.id, place)
    by_time = [w[column.name] if column.name in ("id", "published_at") else column for column in columns]
    query = select(*by_time).join_from(schema.watched, schema.document, found)
    return query.where(w.run == run, w.watchlist == name), w


def _filters(
    scanned: FromClause,
    tone: str | None,
    lang: str | None,
    source: str | None,
    search: str | None,
    story: int | None,
) -> list[ColumnElement[bool]]:
    c = scanned.c
    equal = {"tone": tone, "lang": lang, "source": source}
    conditions: list[ColumnElement[bool]] = [
        c[name] == value for name, value in equal.items() if value is not None
    ]
    if story is not None:
        merge = schema.story_merge.c
        wordings = select(merge.story).where(merge.run == c.run, merge.joined == story)
        conditions.append(or_(c.story == story, c.story.in_(wordings)))
    if search:
        conditions.append(
            or_(c.title.icontains(search, autoescape=True), c.body.icontains(search, autoescape=True))
        )
    return conditions
