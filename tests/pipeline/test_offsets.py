import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.offsets import MOST_RANGES, CountedOffsets

ranges = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 12)).map(lambda r: (r[0], r[0] + r[1])))


@given(ranges)
def test_holds_exactly_what_was_added(added: list[tuple[int, int]]) -> None:
    counted = CountedOffsets()
    model: set[int] = set()
    for start, end in added:
        assert counted.overlaps(start, end) == bool(model & set(range(start, end)))
        counted.add(start, end)
        model |= set(range(start, end))
        assert set(np.flatnonzero(counted.among(np.arange(80))).tolist()) == model
    assert sum(end - start for start, end in counted.ranges) == len(model)


@given(ranges)
def test_ranges_are_disjoint_apart_and_restorable(added: list[tuple[int, int]]) -> None:
    counted = CountedOffsets()
    for start, end in added:
        counted.add(start, end)
    for (_, end), (start, _) in zip(counted.ranges, counted.ranges[1:], strict=False):
        assert end < start
    assert CountedOffsets(counted.ranges).ranges == counted.ranges


def test_gaps_that_are_never_filled_do_not_pile_up() -> None:
    counted = CountedOffsets()
    for start in range(0, 10 * MOST_RANGES, 2):
        counted.add(start, start + 1)
    assert len(counted.ranges) == MOST_RANGES
    assert counted.ranges[-1] == (10 * MOST_RANGES - 2, 10 * MOST_RANGES - 1)
