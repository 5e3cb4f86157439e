"""The invariant: the same documents give the same minutes, however they come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.aggregate import OVERALL, Aggregate, Snapshot, StateError
from pipeline.detection import observation
from pipeline.records import RunTotals, ScoredDocument, SentimentMinute, Tally
from pipeline.replay.digest import last_revisions
from pipeline.settings import EventTimeSettings
from pipeline.story import story_key
from pipeline.tally import tally
from tests.headlines import distinct

START = datetime(2023, 3, 8, 12, 0, tzinfo=UTC)
TOPICS = ("financials", "markets")
LATENESS = 120
EVENT_TIME = EventTimeSettings(allowed_lateness=LATENESS)


def scored(
    id_: str, second: int, title: str, topic: str, score: int, watchlists: tuple[str, ...] = ()
) -> ScoredDocument:
    tone = "negative" if score < -200 else "positive" if score > 200 else "neutral"
    return ScoredDocument(
        run="test", id=id_, kind="news", source="Harbor Wire", published_at=START + timedelta(seconds=second),
        title=title, body="", url="", lang="en", author="", symbols=(), topic=topic, p_topic=0.9, tone=tone,
        p_negative=0.0, p_neutral=0.0, p_positive=0.0, score=score / 1000, model="m", story=story_key(title),
        partition=0, offset=0, watchlists=watchlists,
    )  # fmt: skip


titles = st.one_of(
    st.integers(0, 12).map(lambda n: f"Lender {n} halts withdrawals"),
    st.integers(0, 9).map(distinct),
    st.integers(0, 9).map(lambda n: f"{' '.join(distinct(n % 2).split()[: 2 + n % 5])} queue at doors"),
)
"""Wordings of one story, stories of their own, and what lies between."""


def feeds(seconds: st.SearchStrategy[int]) -> st.SearchStrategy[list[ScoredDocument]]:
    return st.lists(
        st.builds(
            scored,
            st.integers(0, 40).map(str),
            seconds,
            titles,
            st.sampled_from(TOPICS),
            st.integers(-1000, 1000),
            st.sampled_from(((), ("banks",), ("oil",), ("banks", "oil"))),
        ),
        max_size=40,
        # One id is one document: which of two that share an id counts is the feed's to say.
        unique_by=lambda document: document.id,
    )


documents = feeds(st.integers(0, 1200))
scattered = feeds(st.one_of(st.integers(0, 1200), st.integers(8 * 86_400, 8 * 86_400 + 1200)))
"""Documents with a silence of eight days between them: event time jumps there."""


@dataclass
class Delivery:
    """How a list of documents reaches the aggregate."""

    partitions: int
    batches: list[Tally]


def deliver(feed: list[ScoredDocument], partitions: int, batch: int, repeat: int = 0) -> Delivery:
    """Spread documents over partitions by position, cut each into batches, repeat the last `repeat` rows."""
    tallies: list[list[Tally]] = []
    for partition in range(partitions):
        rows = [
            msgspec.structs.replace(document, partition=partition, offset=offset)
            for offset, document in enumerate(feed[partition::partitions])
        ]
        mine = []
        for start in range(0, len(rows), batch):
            begin = max(0, start - repeat)
            mine.append(
                tally(
                    rows[begin : start + batch], run="test", partition=partition, start=begin,
                    end=min(start + batch, len(rows)), topics=TOPICS,
                )
            )  # fmt: skip
        end = len(rows)
        mine.append(Tally(run="test", partition=partition, start=end, end=end + 1, final=True))
        tallies.append(mine)
    # Round robin, as a consumer of several partitions sees them.
    interleaved = [
        t for turn in range(max(map(len, tallies))) for mine in tallies for t in mine[turn : turn + 1]
    ]
    return Delivery(partitions, interleaved)


def close(delivery: Delivery) -> list[SentimentMinute]:
    aggregate = Aggregate("test", delivery.partitions, EVENT_TIME)
    return [minute for each in delivery.batches for minute in aggregate.apply(each)]


def saved(aggregate: Aggregate) -> Snapshot:
    """A snapshot that shares nothing with the aggregate."""
    snapshot = aggregate.snapshot()
    return Snapshot(head=snapshot.head, segments=dict(snapshot.segments))


def in_order(feed: list[ScoredDocument]) -> list[ScoredDocument]:
    return sorted(feed, key=lambda document: (document.published_at, document.id))


def disordered(feed: list[ScoredDocument], shifts: list[int]) -> list[ScoredDocument]:
    """Put documents out of order by no more than the allowed lateness."""
    arrival = [
        (document.published_at + timedelta(seconds=shift), index)
        for index, (document, shift) in enumerate(zip(feed, shifts, strict=False))
    ]
    rest = [
        (document.published_at, len(shifts) + index) for index, document in enumerate(feed[len(shifts) :])
    ]
    return [feed[index] for _, index in sorted(arrival + rest)]


@given(documents, st.integers(1, 4), st.integers(1, 20), st.integers(0, 7))
def test_batches_partitions_and_redelivery_change_nothing(
    feed: list[ScoredDocument], partitions: int, batch: int, repeat: int
) -> None:
    reference = close(deliver(in_order(feed), 1, 1000))
    assert close(deliver(in_order(feed), partitions, batch, repeat)) == reference


@given(documents, st.lists(st.integers(0, LATENESS), max_size=40), st.integers(1, 10))
def test_disorder_within_lateness_changes_nothing(
    feed: list[ScoredDocument], shifts: list[int], batch: int
) -> None:
    assert close(deliver(disordered(feed, shifts), 1, batch)) == close(deliver(in_order(feed), 1, 1000))


@given(documents, st.randoms(use_true_random=False), st.integers(1, 10), st.integers(0, 7))
def test_late_documents_amend_alike_however_they_are_batched(
    feed: list[ScoredDocument], random: Random, batch: int, repeat: int
) -> None:
    _amend_alike(feed, random, batch, repeat)


@settings(max_examples=15)
@given(scattered, st.randoms(use_true_random=False), st.integers(2, 10))
def test_late_documents_amend_alike_beyond_a_jump(
    feed: list[ScoredDocument], random: Random, batch: int
) -> None:
    _amend_alike(feed, random, batch, 0)


def _amend_alike(feed: list[ScoredDocument], random: Random, batch: int, repeat: int) -> None:
    """Whatever the disorder: within one partition, what is late is decided by what came before it."""
    random.shuffle(feed)

    def told(delivery: Delivery) -> tuple[list[SentimentMinute], list[SentimentMinute]]:
        minutes = close(delivery)
        # Amendments that came together are told once: what stays is the last of each.
        return [each for each in minutes if not each.revision], [
            msgspec.structs.replace(each, late=(), merged=()) for each in last_revisions(minutes)
        ]

    one_by_one = deliver(feed, 1, 1)
    assert told(deliver(feed, 1, batch, repeat)) == told(one_by_one)
    late = [
        (each.minute, document.offset, document.behind)
        for each in close(one_by_one)
        for document in each.late
    ]
    assert late == [
        (each.minute, document.offset, document.behind)
        for each in close(deliver(feed, 1, batch, repeat))
        for document in each.late
    ]


@given(documents, st.lists(st.integers(0, 39), max_size=20), st.integers(1, 10))
def test_a_document_published_twice_counts_once(
    feed: list[ScoredDocument], again: list[int], batch: int
) -> None:
    copies = in_order(feed + [feed[index] for index in again if index < len(feed)])
    delivery = deliver(copies, 1, batch)
    aggregate = Aggregate("test", 1, EVENT_TIME)
    minutes = [minute for each in delivery.batches for minute in aggregate.apply(each)]
    *counted, end = minutes
    assert counted == close(deliver(in_order(feed), 1, 1000))[:-1]
    assert end.totals == RunTotals(distinct=len(feed), duplicates=len(copies) - len(feed), rejected=0, late=0)
    assert aggregate.totals.documents == len(feed)
    assert aggregate.totals.duplicates == len(copies) - len(feed)


@settings(max_examples=50)
@given(documents, st.integers(1, 3), st.integers(1, 10), st.data())
def test_a_restored_snapshot_goes_on_the_same(
    feed: list[ScoredDocument], partitions: int, batch: int, data: st.DataObject
) -> None:
    delivery = deliver(in_order(feed), partitions, batch)
    cut = data.draw(st.integers(0, len(delivery.batches)))
    aggregate = Aggregate("test", partitions, EVENT_TIME)
    minutes = [minute for each in delivery.batches[:cut] for minute in aggregate.apply(each)]
    snapshot = saved(aggregate)
    restored = Aggregate.restore(snapshot, EVENT_TIME)
    # Whoever takes over may be handed the last batch again.
    for each in delivery.batches[max(0, cut - 1) : cut]:
        assert restored.apply(each) == []
    minutes += [minute for each in delivery.batches[cut:] for minute in restored.apply(each)]
    assert minutes == close(delivery)


@given(documents)
def test_every_document_is_counted_and_overall_is_the_sum_of_topics(feed: list[ScoredDocument]) -> None:
    minutes = close(deliver(in_order(feed), 1, 7))
    assert sum(row.documents for m in minutes for row in m.rows if row.key == OVERALL) == len(feed)
    for minute in minutes:
        rows = {row.key: row for row in minute.rows}
        for field in ("documents", "stories", "negative", "negative_stories", "score_sum", "score_sumsq"):
            parts = sum(getattr(row, field) for key, row in rows.items() if key in TOPICS)
            assert parts == (getattr(rows[OVERALL], field) if rows else 0)


@given(documents, st.integers(1, 10))
def test_a_watchlist_adds_up_what_belongs_to_it(feed: list[ScoredDocument], batch: int) -> None:
    minutes = close(deliver(in_order(feed), 1, batch))
    for name in ("banks", "oil"):
        rows = [row for minute in minutes for row in minute.rows if row.key == f"watch.{name}"]
        belong = [document for document in feed if name in document.watchlists]
        assert sum(row.documents for row in rows) == len(belong)
        assert sum(row.negative for row in rows) == sum(each.tone == "negative" for each in belong)
        assert sum(row.score_sum for row in rows) == sum(round(each.score * 1000) for each in belong)
        assert all(name in each.watchlists for row in rows for each in row.evidence)
        assert all(row.stories <= row.documents for row in rows)
        # Every story that counts as negative is told by a document of the list, and may be cited.
        assert all(len(row.evidence) == min(row.negative_stories - row.capped, 5) for row in rows)


@given(documents, st.integers(1, 10))
def test_watchlists_change_nothing_beside_them(feed: list[ScoredDocument], batch: int) -> None:
    def without(minutes: list[SentimentMinute]) -> list[SentimentMinute]:
        plain = [
            [
                msgspec.structs.replace(
                    row, evidence=tuple(msgspec.structs.replace(e, watchlists=()) for e in row.evidence)
                )
                for row in minute.rows
                if not row.key.startswith("watch.")
            ]
            for minute in minutes
        ]
        return [
            msgspec.structs.replace(minute, rows=tuple(rows))
            for minute, rows in zip(minutes, plain, strict=True)
        ]

    bare = [msgspec.structs.replace(each, watchlists=()) for each in feed]
    assert without(close(deliver(in_order(feed), 1, batch))) == close(deliver(in_order(bare), 1, batch))


def test_a_late_document_amends_its_watchlists_too() -> None:
    feed = [
        scored("1", 0, "Lender halts withdrawals", "financials", -900, ("banks",)),
        scored("2", 600, "Rally", "markets", 900),
        scored("3", 30, "Harbor Bank denies it", "financials", -500, ("banks", "oil")),
    ]
    amended = close(deliver(feed, 1, 1))
    minute = next(each for each in amended if each.revision)
    documents = {row.key: row.documents for row in minute.rows}
    assert documents == {OVERALL: 2, "financials": 2, "watch.banks": 2, "watch.oil": 1}


def test_an_author_who_floods_is_capped_in_a_watchlist_as_well() -> None:
    feed = [
        msgspec.structs.replace(
            scored(str(n), n, f"{distinct(n)} fails", TOPICS[n % 2], -900, ("banks",)),
            kind="comment",
            author="ann",
        )
        for n in range(9)
    ]
    row = next(row for row in close(deliver(feed, 1, 4))[0].rows if row.key == "watch.banks")
    assert (row.negative_stories, row.capped, len(row.evidence)) == (9, 7, 2)


def test_quiet_minutes_close_too_and_the_end_is_marked() -> None:
    feed = [
        scored("1", 0, "Lender halts withdrawals", "financials", -900),
        scored("2", 600, "Rally", "markets", 900),
    ]
    minutes = close(deliver(feed, 1, 1))
    assert [minute.minute for minute in minutes] == [START + timedelta(minutes=n) for n in range(12)]
    assert [bool(minute.rows) for minute in minutes] == [True, *[False] * 9, True, False]
    assert [minute.final for minute in minutes] == [*[False] * 11, True]


@given(st.integers(1, 3))
def test_a_gap_of_decades_is_jumped_after_a_week(batch: int) -> None:
    old = scored("1", -86_400 * 365 * 100, "An old book", "markets", 0)
    minutes = close(deliver([old, scored("2", 0, "Rally", "markets", 900)], 1, batch))
    week = 7 * 24 * 60
    assert len(minutes) == 1 + week + 2
    assert minutes[week].minute == old.published_at + timedelta(days=7)
    assert minutes[week + 1].minute == START


def test_copies_of_a_story_are_documents_but_one_story_and_one_evidence() -> None:
    feed = [scored(str(n), n, "Lender halts withdrawals", "financials", -900) for n in range(5)]
    row = next(row for row in close(deliver(feed, 1, 2))[0].rows if row.key == "financials")
    assert (row.documents, row.stories, row.negative, row.negative_stories) == (5, 1, 5, 1)
    assert [evidence.id for evidence in row.evidence] == ["0"]


def test_a_late_document_amends_its_minute_and_shows_as_late() -> None:
    aggregate = Aggregate("test", 1, EVENT_TIME)

    def send(offset: int, document: ScoredDocument) -> list[SentimentMinute]:
        row = msgspec.structs.replace(document, offset=offset)
        return aggregate.apply(
            tally([row], run="test", partition=0, start=offset, end=offset + 1, topics=TOPICS)
        )

    assert send(0, scored("1", 0, "Lender halts withdrawals", "financials", -900)) == []
    closed = send(1, scored("2", 600, "Rally", "markets", 900))
    assert closed[0].minute == START and closed[0].revision == 0
    amended = send(2, scored("3", 30, "Lender denies it", "financials", -500))
    assert [(each.minute, each.revision) for each in amended] == [(START, 1)]
    row = next(row for row in amended[0].rows if row.key == "financials")
    assert (row.documents, row.late, row.negative) == (2, 1, 2)
    assert row.windows["5m"].documents == row.windows["24h"].documents == 2
    assert [(each.offset, each.behind) for each in amended[0].late] == [(2, 7 * 60 + 30)]
    assert aggregate.totals.late == 1
    assert send(3, scored("3", 30, "Lender denies it", "financials", -500)) == []
    assert aggregate.totals.duplicates == 1


def test_a_stamp_ahead_of_the_clock_does_not_close_minutes_before_their_time() -> None:
    aggregate = Aggregate("live", 1, EVENT_TIME)
    now = int(START.timestamp())
    ahead = msgspec.structs.replace(scored("1", 290, "Early bird", "markets", 0), offset=0)
    aggregate.apply(tally([ahead], run="live", partition=0, start=0, end=1, topics=TOPICS, clock=now))
    assert aggregate.watermark == now - LATENESS


def test_an_idle_partition_moves_on_with_the_clock() -> None:
    aggregate = Aggregate("live", 2, EVENT_TIME)
    now = int(START.timestamp())
    row = msgspec.structs.replace(scored("1", 0, "Rally", "markets", 900), offset=0)
    aggregate.apply(tally([row], run="live", partition=0, start=0, end=1, topics=TOPICS, clock=now))
    assert aggregate.watermark is None
    later = now + 3600
    for partition in (0, 1):
        minutes = aggregate.apply(Tally(run="live", partition=partition, start=1, end=1, clock=later))
    assert aggregate.watermark == later - EVENT_TIME.idle_timeout - LATENESS
    assert minutes[0].minute == START and minutes[0].rows


def test_a_backlog_that_is_read_after_an_outage_is_not_late() -> None:
    aggregate = Aggregate("live", 1, EVENT_TIME)
    now = int(START.timestamp()) + 7200
    for offset in range(0, 60, 10):
        batch = [
            msgspec.structs.replace(scored(str(n), 60 * n, distinct(n), "markets", 0), offset=n)
            for n in range(offset, offset + 10)
        ]
        aggregate.apply(
            tally(batch, run="live", partition=0, start=offset, end=offset + 10, topics=TOPICS, clock=now)
        )
    assert aggregate.totals.late == 0
    assert aggregate.watermark == int(START.timestamp()) + 59 * 60 - LATENESS


def test_one_author_who_floods_counts_twice_for_detection_and_shows_as_capped() -> None:
    feed = [
        msgspec.structs.replace(
            scored(str(n), n, f"{distinct(n)} fails", "financials", -900), kind="comment", author="ann"
        )
        for n in range(9)
    ]
    minute = close(deliver(feed, 1, 4))[0]
    row = next(row for row in minute.rows if row.key == "financials")
    assert (row.negative_stories, row.capped, len(row.evidence)) == (9, 7, 2)
    count = next(count for count in observation(minute).counts if count.key == "financials")
    assert (count.negative, count.stories, count.documents, count.capped) == (2, 2, 2, 7)


def test_wordings_of_one_event_are_one_story_with_its_copies() -> None:
    feed = [
        scored("1", 0, "Harbor Bank halts withdrawals after depositors queue overnight", "financials", -900),
        scored(
            "2", 5, "UPDATE 1-Harbor Bank halts withdrawals as depositors queue overnight", "financials", -950
        ),
        scored("3", 9, "Harbor Bank halts withdrawals after depositors queue overnight", "markets", -900),
    ]
    minute = close(deliver(feed, 2, 1))[0]
    rows = {row.key: row for row in minute.rows}
    assert rows[OVERALL].stories == rows["financials"].negative_stories == 1
    assert rows["markets"].stories == 0
    assert [(each.copies, each.story) for each in rows[OVERALL].evidence] == [(3, feed[0].story)]
    assert [(merge.story, merge.joined) for merge in minute.merged] == [(feed[1].story, feed[0].story)]


def test_a_state_of_another_form_is_refused_in_words() -> None:
    with pytest.raises(StateError, match="begin anew under another"):
        Aggregate.restore(Snapshot(head=msgspec.msgpack.encode({"run": "x"}), segments={}), EVENT_TIME)


def test_a_partition_far_ahead_of_a_silent_one_keeps_no_more_than_allowed() -> None:
    settings = EventTimeSettings(allowed_lateness=LATENESS, open_documents=1000)
    aggregate = Aggregate("test", 2, settings)
    slow = msgspec.structs.replace(scored("slow", 0, distinct(0), "markets", 0), partition=1)
    aggregate.apply(tally([slow], run="test", partition=1, start=0, end=1, topics=TOPICS))
    for start in range(0, 5000, 250):
        fast = [
            msgspec.structs.replace(scored(str(n), 6 * n, distinct(1 + n % 50), "markets", 0), offset=n)
            for n in range(start, start + 250)
        ]
        aggregate.apply(tally(fast, run="test", partition=0, start=start, end=start + 250, topics=TOPICS))
        assert aggregate.open_documents <= 1000
    assert aggregate.totals.forced > 300
    late = msgspec.structs.replace(slow, id="slow too", offset=1)
    amended = aggregate.apply(tally([late], run="test", partition=1, start=1, end=2, topics=TOPICS))
    assert [(each.minute, each.revision) for each in amended] == [(START, 1)]
    assert aggregate.totals.late == 1
