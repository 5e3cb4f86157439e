from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.parts import Topic, cause, decompose

counts = st.integers(0, 500)
topics = st.lists(
    st.builds(Topic, st.integers(0, 200).map(float), st.floats(0.01, 0.9)), min_size=0, max_size=6
)


@given(counts, counts, st.floats(0.01, 100), st.floats(0.01, 400), topics)
def test_the_parts_add_up(
    negative: int, others: int, normal_negative: float, normal_others: float, every: list[Topic]
) -> None:
    normal = round(normal_negative, 3)
    parts = decompose(negative, negative + others, normal, normal + normal_others, every)
    whole = parts.worse_tone + parts.more_news + parts.mix
    assert whole == pytest.approx(negative - normal, abs=1e-9)
    if not every:
        assert parts.mix == 0


def test_more_stories_of_the_usual_tone_are_more_news() -> None:
    parts = decompose(40, 80, 10, 20)
    assert (parts.more_news, parts.worse_tone) == (30, 0)
    assert cause(parts) == "more_news"


def test_as_many_stories_of_a_worse_tone_are_worse_news() -> None:
    parts = decompose(18, 20, 5, 20)
    assert (parts.more_news, parts.worse_tone) == (0, 13)
    assert cause(parts) == "worse_news"


def test_both_are_named_together() -> None:
    assert cause(decompose(50, 80, 10, 40)) == "more_and_worse_news"


def test_darker_topics_that_take_over_are_another_mix() -> None:
    dark, bright = Topic(30, 0.7), Topic(10, 0.1)
    parts = decompose(22, 40, 16, 40, [dark, bright])
    assert parts.mix == pytest.approx(6.0)
    assert cause(parts) == "other_mix"
