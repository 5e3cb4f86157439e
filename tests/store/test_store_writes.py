from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import permutations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from alerts.events import AlertEvent, Parts
from pipeline.records import Label, LateDocument, Merge, Rejected, ScoredDocument
from pipeline.store import Store
from pipeline.store.schema import late_document, story_merge
from tests.records import (
    START,
    alert_event,
    document,
    evidence,
    label,
    rejected,
    sentiment_minute,
    sentiment_row,
)

per_example = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
any_text = st.text(st.characters(codec=None), max_size=40)


def test_documents_come_back_as_written(store: Store) -> None:
    written = [document(id=f"d{n}", offset=n, symbols=("A", "B")[: n % 3]) for n in range(5)]
    store.write_documents(written)
    assert store.documents("live") == written


def test_the_same_delivery_twice_is_one_row(store: Store) -> None:
    store.write_documents([document(), document()])
    store.write_documents([document()])
    assert store.documents("live") == [document()]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_of_documents_with_one_id_the_earliest_stays_whatever_came_first(
    store: Store, order: tuple[int, ...]
) -> None:
    copies = [
        document(title="later", published_at=START + timedelta(seconds=1)),
        document(title="first", partition=1, offset=5),
        document(title="same time, later in the topic", partition=1, offset=6),
    ]
    for place in order:
        store.write_documents([copies[place]])
    assert [kept.title for kept in store.documents("live")] == ["first"]


def test_one_id_in_two_runs_is_two_documents(store: Store) -> None:
    store.write_documents([document(), document(run="lehman")])
    assert store.counts("live").documents == store.counts("lehman").documents == 1


def test_more_rows_than_sqlite_has_variables(store: Store) -> None:
    store.write_documents([document(id=str(n), offset=n) for n in range(3000)])
    assert store.counts("live").documents == 3000


def test_nothing_is_nothing(store: Store) -> None:
    store.write_documents([])
    store.write_sentiment([])
    store.write_alerts([])
    store.write_rejected([])
    assert store.counts("live").documents == 0


@per_example
@given(
    title=any_text,
    id=st.text(st.characters(codec=None), min_size=1, max_size=20),
    moment=st.datetimes(datetime(1900, 1, 2), datetime(9999, 1, 1), timezones=st.just(UTC)),
    story=st.integers(0, 2**63 - 1),
)
def test_hostile_text_is_kept_as_either_database_can(
    store: Store, title: str, id: str, moment: datetime, story: int
) -> None:
    store.delete_run("live")
    written = document(id=id, title=title, published_at=moment, story=story, symbols=(title,))
    store.write_documents([written])
    store.write_alerts([alert_event(evidence=(evidence(title=title),))])
    [kept] = store.documents("live")
    plain = "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in title)
    assert kept.title == plain
    assert kept.symbols == (plain,)
    assert kept.story == story
    assert timedelta() <= moment - kept.published_at < timedelta(milliseconds=1)
    assert store.alerts("live")[0].evidence[0].title == plain


def test_ids_too_long_for_an_index_stay_distinct(store: Store) -> None:
    long = "".join(chr(0x4E00 + n % 5000) for n in range(20_000))
    store.write_documents([document(id=long + "a"), document(id=long + "b"), document(id=long + "a")])
    assert store.counts("live").documents == 2
    store.write_rejected([rejected(topic=long), rejected(topic=long)])
    assert store.counts("live").rejected == {"bad_json": 1}


def test_a_moment_of_another_zone_is_the_same_moment(store: Store) -> None:
    tokyo = START.astimezone(timezone(timedelta(hours=9)))
    store.write_documents([document(published_at=tokyo)])
    [kept] = store.documents("live")
    assert kept.published_at == START
    assert kept.published_at.tzinfo == UTC


def test_a_moment_without_a_zone_is_a_fault_of_ours(store: Store) -> None:
    with pytest.raises(Exception, match="no time zone"):
        store.write_documents([document(published_at=START.replace(tzinfo=None))])
    assert store.counts("live").documents == 0


def test_sentiment_comes_back_as_written(store: Store) -> None:
    rows = (sentiment_row(), sentiment_row(key="macro", windows={}, evidence=()))
    store.write_sentiment([sentiment_minute(0, 0, *rows), sentiment_minute(1, 0, *rows)])
    points = store.sentiment("live", "macro")
    assert [point.minute for point in points] == [START, START + timedelta(minutes=1)]
    assert points[0].row == rows[1]
    assert store.sentiment("live", "overall")[0].row == rows[0]


@per_example
@given(revisions=st.lists(st.integers(0, 4), min_size=1, max_size=8), together=st.booleans())
def test_the_highest_revision_stays(store: Store, revisions: list[int], together: bool) -> None:
    store.delete_run("live")
    minutes = [sentiment_minute(0, revision, sentiment_row(documents=revision)) for revision in revisions]
    if together:
        store.write_sentiment(minutes)
    else:
        for minute in minutes:
            store.write_sentiment([minute])
    [point] = store.sentiment("live", "overall")
    assert (point.revision, point.row.documents) == (max(revisions), max(revisions))


def test_sentiment_is_read_by_key_and_half_open_range(store: Store) -> None:
    store.write_sentiment([sentiment_minute(n) for n in range(5)])
    points = store.sentiment("live", "overall", START + timedelta(minutes=1), START + timedelta(minutes=3))
    assert [point.minute for point in points] == [START + timedelta(minutes=n) for n in (1, 2)]
    assert store.sentiment("live", "macro") == []
    assert store.sentiment("lehman") == []


def test_a_window_without_columns_is_refused_whole(store: Store) -> None:
    row = sentiment_row(windows={"7d": sentiment_row().windows["1h"]})
    with pytest.raises(ValueError, match="7d"):
        store.write_sentiment([sentiment_minute(0), sentiment_minute(1, 0, row)])
    assert store.counts("live").sentiment == 0


@per_example
@given(order=st.permutations(range(4)), repeats=st.lists(st.integers(0, 3), max_size=4))
def test_the_newest_event_is_the_alert_and_the_journal_has_each_once(
    store: Store, order: list[int], repeats: list[int]
) -> None:
    store.delete_run("live")
    events = [alert_event(n, observed=10 + n, state="resolved" if n == 3 else "firing") for n in range(4)]
    for place in [*order, *repeats]:
        store.write_alerts([events[place]])
    assert store.alerts("live") == [events[3]]
    assert store.alert_events("live", "a1") == events


def test_the_journal_keeps_its_first_word(store: Store) -> None:
    store.write_alerts([alert_event(0, observed=1)])
    store.write_alerts([alert_event(0, observed=2)])
    assert [event.observed for event in store.alert_events("live")] == [1]
    assert [event.observed for event in store.alerts("live")] == [1]


def test_alerts_are_found_by_key_state_and_time(store: Store) -> None:
    later = START + timedelta(days=1)
    firing = alert_event(id="a1")
    resolved = alert_event(id="a2", key="macro", state="resolved", started_at=later)
    store.write_alerts([resolved, firing, alert_event(id="a3", run="lehman")])
    assert store.alerts("live") == [firing, resolved]
    assert store.alerts("live", key="macro") == [resolved]
    assert store.alerts("live", state="firing") == [firing]
    assert store.alerts("live", start=later) == [resolved]
    assert store.alerts("live", end=later, limit=5) == [firing]
    assert store.alerts("live", limit=1) == [firing]


def test_rejected_input_is_kept_once_and_whole(store: Store) -> None:
    other = rejected(offset=1, reason="no_text", raw=b"")
    store.write_rejected([rejected(), other])
    store.write_rejected([rejected(detail="told again")])
    assert store.rejected("live") == [rejected(), other]
    assert store.counts("live").rejected == {"bad_json": 1, "no_text": 1}


def test_documents_are_found_by_topic_tone_and_time(store: Store) -> None:
    later = START + timedelta(hours=1)
    first = document(id="a")
    second = document(id="b", topic="macro", tone="neutral", published_at=later)
    store.write_documents([second, first])
    assert store.documents("live", topic="macro") == [second]
    assert store.documents("live", tone="negative") == [first]
    assert store.documents("live", end=later) == [first]
    assert store.documents("live", start=later, limit=1) == [second]


def test_a_deleted_run_is_gone_and_no_other(store: Store) -> None:
    for run in ("live", "lehman"):
        store.write_documents([document(run=run)])
        store.write_sentiment([sentiment_minute(run=run)])
        store.write_alerts([alert_event(id=run, run=run)])
        store.write_rejected([rejected(run=run)])
    assert store.runs() == ["lehman", "live"]
    store.delete_run("lehman")
    assert store.runs() == ["live"]
    gone, kept = store.counts("lehman"), store.counts("live")
    assert (gone.documents, gone.sentiment, gone.alerts, gone.alert_events, gone.rejected) == (0, 0, 0, 0, {})
    assert (kept.documents, kept.sentiment, kept.alerts, kept.firing, kept.alert_events) == (1, 1, 1, 1, 1)


def test_merges_and_late_documents_are_kept_once(store: Store) -> None:
    minute = msgspec.structs.replace(
        sentiment_minute(0, 1),
        merged=(Merge(story=5, joined=7), Merge(story=2**62, joined=7)),
        late=(LateDocument(partition=1, offset=9, published_at=START, behind=400),),
    )
    for _ in range(2):
        store.write_sentiment([minute])
    with store.reading() as connection:
        merges = connection.execute(select(story_merge.c.story, story_merge.c.joined)).all()
        late = connection.execute(select(late_document)).mappings().all()
    assert sorted(map(tuple, merges)) == [(5, 7), (2**62, 7)]
    assert [(row["partition"], row["offset"], row["behind"]) for row in late] == [(1, 9, 400)]


def test_labels_are_all_kept_in_the_order_in_which_they_were_given(store: Store) -> None:
    later = START + timedelta(milliseconds=1)
    said = [label(), label(by="bo", tone="neutral"), label(at=later, tone="positive", said_tone=None)]
    store.write_labels([*reversed(said), label(tone="neutral", note="the same person at the same moment")])
    store.write_labels(said)
    assert store.labels() == said
    assert store.labels("lehman") == []


def test_a_deleted_run_does_not_take_back_what_people_have_said(store: Store) -> None:
    store.write_labels([label(run="lehman")])
    store.write_documents([document(run="lehman")])
    store.delete_run("lehman")
    assert store.labels("lehman") == [label(run="lehman")]
    assert store.document("lehman", "d1") is None


def test_a_document_is_found_by_its_id(store: Store) -> None:
    long = "x" * 2000
    store.write_documents([document(), document(id=long), document(run="lehman", title="other")])
    assert store.document("live", "d1") == document()
    assert store.document("live", long) is not None
    assert store.document("live", "d2") is None
    assert [each.id for each in store.each_document("live")] == [each.id for each in store.documents("live")]


def test_every_field_of_a_record_has_a_column() -> None:
    from pipeline.store import schema

    def fields(kind: type[msgspec.Struct]) -> set[str]:
        return set(kind.__struct_fields__) - {"v"}

    assert fields(ScoredDocument) | {"known_at"} == set(schema.document.c.keys())
    assert fields(AlertEvent) - {"parts"} | fields(Parts) == set(schema.alert.c.keys())
    assert fields(Rejected) == set(schema.rejected.c.keys())
    assert fields(Label) == set(schema.label.c.keys())
    assert set(schema.alert_event.c.keys()) == {*schema.alert.c.keys(), "recorded_at", "known_at"}
