from __future__ import annotations

from datetime import timedelta

from pipeline.store import Store
from pipeline.store.retries import begin, finish, retries
from tests.records import START

ORIGIN = ("tocsin.documents", 0, 17)


def test_a_record_is_retried_once(store: Store) -> None:
    [first], [] = begin(store, "live", [ORIGIN], by="ann", at=START, again=False)
    assert (first.number, first.by, first.begun_at, first.to_offset) == (1, "ann", START, None)
    finish(store, [(first, 2, 99)])
    [], [before] = begin(store, "live", [ORIGIN], by="bob", at=START, again=False)
    assert (before.by, before.to_partition, before.to_offset) == ("ann", 2, 99)


def test_again_is_the_next_try(store: Store) -> None:
    begin(store, "live", [ORIGIN], by="ann", at=START, again=False)
    [second], [] = begin(store, "live", [ORIGIN], by="bob", at=START + timedelta(hours=1), again=True)
    finish(store, [(second, 0, 5)])
    assert [(each.number, each.by, each.to_offset) for each in retries(store, "live")[ORIGIN]] == [
        (1, "ann", None),
        (2, "bob", 5),
    ]


def test_one_of_a_batch_that_names_it_twice(store: Store) -> None:
    begun, before = begin(store, "live", [ORIGIN, ORIGIN], by="ann", at=START, again=False)
    assert (len(begun), len(before)) == (1, 1)


def test_runs_and_topics_are_kept_apart(store: Store) -> None:
    other = ("tocsin.labels", 0, 17)
    begun, _ = begin(store, "live", [ORIGIN, other], by="ann", at=START, again=False)
    assert len(begun) == 2
    assert retries(store, "lehman") == {}
    store.delete_run("live")
    assert retries(store, "live") == {}


def test_hostile_names_are_kept_as_either_database_can(store: Store) -> None:
    topic = "feed\0.csv" * 200
    [retry], [] = begin(store, "live", [(topic, 0, 1)], by="a\0nn", at=START, again=False)
    [], [before] = begin(store, "live", [(topic, 0, 1)], by="ann", at=START, again=False)
    assert before == retry
