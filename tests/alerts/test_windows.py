from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.baseline import SLOTS_PER_HOUR
from alerts.windows import RollingCounts
from tests.alerts.streams import MONDAY


@settings(max_examples=30)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=200), st.integers(0, 59))
def test_sums_are_those_of_the_last_minutes(counts: list[int], start: int) -> None:
    windows = (5, 30, 90)
    rolling = RollingCounts(windows, 1)
    for offset, count in enumerate(counts):
        rolling.add(MONDAY + start + offset, np.array([[count], [count + 1]]))
    for number, length in enumerate(windows):
        assert rolling.sums[number, 0, 0] == sum(counts[-length:])
        assert rolling.sums[number, 1, 0] == sum(counts[-length:]) + min(len(counts), length)


def test_expected_follows_the_slots_of_the_hours_it_covers() -> None:
    rolling = RollingCounts((10, 90), 1)
    quiet, busy = np.full((SLOTS_PER_HOUR, 2, 1), 6.0), np.full((SLOTS_PER_HOUR, 2, 1), 60.0)
    busy[0] = 120.0
    rolling.begin_hour(quiet)
    rolling.begin_hour(quiet)
    rolling.begin_hour(busy)
    first_ten, at_half = rolling.expected(MONDAY + 9), rolling.expected(MONDAY + 29)
    assert first_ten[0, 0, 0] == pytest.approx(20.0)
    assert first_ten[1, 0, 0] == pytest.approx(20.0 + 8.0)
    assert at_half[0, 0, 0] == pytest.approx(10.0)
    assert at_half[1, 0, 0] == pytest.approx(20.0 + 10.0 + 10.0 + 6.0)
