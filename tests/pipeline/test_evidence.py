import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipeline.evidence import PER_MINUTE, most_negative, rank
from pipeline.records import Evidence

START = datetime(2023, 3, 9, 14, 0, tzinfo=UTC)


def evidence(number: int, second: int, story: int, score: int) -> Evidence:
    return Evidence(
        id=str(number), title="", source="", url="", topic="financials",
        published_at=START + timedelta(seconds=second), story=story, score=score / 1000,
    )  # fmt: skip


candidates = st.lists(
    st.builds(evidence, st.integers(0, 99), st.integers(0, 59), st.integers(0, 9), st.integers(-1000, 0)),
    max_size=40,
    unique_by=lambda each: each.id,
)


@given(candidates, st.lists(st.integers(0, 40), max_size=4))
def test_choosing_per_batch_and_merging_is_choosing_from_all(found: list[Evidence], cuts: list[int]) -> None:
    bounds = [0, *sorted(cuts), len(found)]
    merged: tuple[Evidence, ...] = ()
    for start, end in itertools.pairwise(bounds):
        merged = most_negative((*merged, *most_negative(found[start:end])))
    assert merged == most_negative(found)


@given(candidates)
def test_the_most_negative_come_first_one_a_story(found: list[Evidence]) -> None:
    chosen = most_negative(found)
    assert len({each.story for each in chosen}) == len(chosen) <= PER_MINUTE
    assert list(chosen) == sorted(chosen, key=rank)
    left_out = [each for each in found if each.story not in {c.story for c in chosen}]
    if left_out:
        assert len(chosen) == PER_MINUTE
        assert all(rank(chosen[-1]) < rank(each) for each in left_out)
