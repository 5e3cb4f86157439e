"""Clustering: as if one document after the other, however many are taken at once."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.signature import BANDS, LANES, comparable, signatures
from pipeline.stories import FAR, NEAR, NEAR_MINUTES, Stories
from pipeline.story import story_key
from tests.headlines import distinct

HORIZON = 2
_PROTOTYPES = np.random.Generator(np.random.PCG64(1)).integers(0, 256, (4, LANES), dtype=np.uint8)


def _lanes(prototype: int, changes: list[int]) -> np.ndarray:
    """A signature like one of four, but for some lanes."""
    lanes = _PROTOTYPES[prototype].copy()
    lanes[changes] ^= np.uint8(0x5A)
    return lanes


texts = st.builds(_lanes, st.integers(0, 3), st.lists(st.integers(0, LANES - 1), max_size=40))
documents = st.lists(st.tuples(st.integers(1, 25), texts, st.integers(0, 20)), max_size=25)
"""Story key, signature, minutes since the document before."""


def with_minutes(told: list[tuple[int, np.ndarray, int]]) -> list[tuple[int, np.ndarray, int]]:
    """The same with running minutes, and one signature a story."""
    minute, of_story, out = 0, dict[int, np.ndarray](), []
    for story, lanes, pause in told:
        minute += pause
        out.append((story, of_story.setdefault(story, lanes), minute))
    return out


def assign(
    target: Stories, told: list[tuple[int, np.ndarray, int]], cuts: set[int]
) -> list[tuple[int, bool]]:
    """Clusters and whether each document leads, in runs that end with the hour or at a cut."""
    answers: list[tuple[int, bool]] = []
    start = 0
    for end in range(1, len(told) + 1):
        last = end == len(told)
        if last or end in cuts or told[end][2] // 60 != told[start][2] // 60:
            part = told[start:end]
            hour = part[0][2] // 60
            target.forget(hour)
            assigned = target.assign(
                np.array([story for story, _, _ in part], np.int64),
                np.stack([lanes for _, lanes, _ in part]),
                np.array([minute for _, _, minute in part], np.int64),
                hour,
            )
            answers += zip(assigned.cluster.tolist(), assigned.first.tolist(), strict=True)
            start = end
    return answers


def one_by_one(told: list[tuple[int, np.ndarray, int]]) -> list[tuple[int, bool]]:
    """The definition, in a loop."""
    known: dict[int, tuple[int, int]] = {}
    leaders: list[tuple[int, np.ndarray, int]] = []
    owner: dict[tuple[int, bytes], int] = {}
    answers = []
    for story, lanes, minute in told:
        alive = {n for n, leader in enumerate(leaders) if minute // 60 - leader[2] // 60 <= HORIZON}
        if story in known and minute // 60 - known[story][1] <= HORIZON:
            answers.append((known[story][0], False))
            continue
        keys = [(band, lanes[4 * band : 4 * band + 3].tobytes()) for band in range(BANDS)]
        best = (0, 0, story)
        for number in {owner[key] for key in keys if owner.get(key) in alive}:
            cluster, theirs, told_at = leaders[number]
            agree = int((lanes == theirs).sum())
            if agree >= (NEAR if minute - told_at <= NEAR_MINUTES else FAR):
                best = max(best, (agree, -number, cluster))
        cluster = best[2]
        if cluster == story:
            for key in keys:
                if owner.get(key) not in alive:
                    owner[key] = len(leaders)
            leaders.append((story, lanes, minute))
        known[story] = (cluster, minute // 60)
        answers.append((cluster, cluster == story))
    return answers


@settings(max_examples=60)
@given(documents, st.sets(st.integers(1, 25)))
def test_many_at_once_are_told_as_one_after_the_other(
    told: list[tuple[int, np.ndarray, int]], cuts: set[int]
) -> None:
    feed = with_minutes(told)
    expected = one_by_one(feed)
    assert assign(Stories(HORIZON, 10**6, similar=True), feed, set()) == expected
    assert assign(Stories(HORIZON, 10**6, similar=True), feed, cuts) == expected


@settings(max_examples=40)
@given(documents, st.integers(0, 25))
def test_restored_goes_on_the_same(told: list[tuple[int, np.ndarray, int]], cut: int) -> None:
    feed = with_minutes(told)
    original = Stories(HORIZON, 10**6, similar=True)
    assign(original, feed[:cut], set())
    restored = Stories(HORIZON, 10**6, similar=True)
    sealed = {name: {n: log.segment(n) for n in log.sealed()} for name, log in original.logs.items()}
    restored.restore(original.heads(), sealed)
    assert assign(restored, feed[cut:], set()) == assign(original, feed[cut:], set())


def clusters(*titles: str, minutes: tuple[int, ...] = (), similar: bool = True) -> list[int]:
    """Which of some titles tell one story: the place of the first that does, for each."""
    target = Stories(24, 10**6, similar=similar)
    keys = [story_key(title) for title in titles]
    lanes = signatures([comparable(title) for title in titles])
    told = [(key, each, at) for key, each, at in zip(keys, lanes, minutes or (0,) * len(keys), strict=True)]
    return [keys.index(cluster) for cluster, _ in assign(target, told, set())]


def test_wordings_of_one_event_are_one_story() -> None:
    assert clusters(
        "Harbor Bank halts withdrawals after depositors queue overnight",
        "UPDATE 2-Harbor Bank halts withdrawals as depositors queue overnight",
        "RT @tape: HARBOR BANK HALTS WITHDRAWALS AFTER DEPOSITORS QUEUE OVERNIGHT https://t.example/1",
        "Harbor Bank says deposits are safe, shares jump",
    ) == [0, 0, 0, 3]


def test_the_same_in_chinese() -> None:
    assert clusters(
        "港湾银行因储户连夜排队而暂停取款业务",
        "快讯:港湾银行因储户连夜排队暂停取款业务",
        "港湾银行表示存款安全",
    ) == [0, 0, 2]


def test_another_name_in_a_short_headline_is_another_story() -> None:
    assert clusters("Brovaki Holdings cuts outlook", "Sandirel Okupani Mines cuts outlook") == [0, 1]


def test_hours_later_texts_must_be_more_alike() -> None:
    first = "Survey shows residents of Ohio are less stressed than national average"
    other = "Survey shows residents of Vermont are more stressed than national average"
    assert clusters(first, other, minutes=(0, 10)) == [0, 0]
    assert clusters(first, other, minutes=(0, 55)) == [0, 1]


def test_exact_stories_join_word_for_word_only() -> None:
    titles = (
        "Harbor Bank halts withdrawals",
        "HARBOR BANK halts withdrawals!",
        "Harbor Bank halts withdrawal",
    )
    assert clusters(*titles, similar=False) == [0, 0, 2]
    assert clusters(*titles) == [0, 0, 0]


def test_unrelated_headlines_stay_apart() -> None:
    titles = tuple(distinct(number) for number in range(300))
    assert clusters(*titles) == list(range(300))


def test_stories_beyond_the_most_are_forgotten_oldest_first() -> None:
    target = Stories(24, 40_000, similar=True)
    draw = np.random.Generator(np.random.PCG64(2))
    count = 100_000
    target.assign(
        np.arange(count), draw.integers(0, 256, (count, LANES), dtype=np.uint8), np.zeros(count, np.int64), 0
    )
    target.forget(0)
    assert len(target) <= 40_000
    again = draw.integers(0, 256, (2, LANES), dtype=np.uint8)
    assigned = target.assign(np.array([0, count - 1]), again, np.zeros(2, np.int64), 0)
    assert assigned.first.tolist() == [True, False]
