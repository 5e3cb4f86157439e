from __future__ import annotations

import numpy as np
import pytest

from alerts.cause import cause_of

NORMAL = np.array([10.0, 100.0])


@pytest.mark.parametrize(
    ("observed", "cause"),
    [
        ((30, 300), "more_news"),
        ((30, 100), "worse_news"),
        ((40, 200), "more_and_worse_news"),
        ((30, 40), "worse_news"),
    ],
)
def test_splits_the_rise_into_volume_and_tone(observed: tuple[float, float], cause: str) -> None:
    assert cause_of(np.array(observed, dtype=np.float64), NORMAL) == cause


def test_names_the_mix_of_topics_where_it_explains_the_share() -> None:
    observed = np.array([30.0, 110.0])
    assert cause_of(observed, NORMAL, mix_share=0.25) == "other_mix"
    assert cause_of(observed, NORMAL, mix_share=0.11) == "worse_news"
