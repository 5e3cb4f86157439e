import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.scores import no_scores, softmax, to_scores

ROWS = st.lists(st.tuples(*[st.floats(-20, 20, width=32)] * 3), min_size=1, max_size=20)


@given(ROWS, st.floats(0.3, 3))
def test_probabilities_are_whole_thousandths_that_add_up(
    rows: list[tuple[float, float, float]], t: float
) -> None:
    tone = np.array(rows, np.float32)
    scores = to_scores(tone, tone, temperature_tone=t, temperature_topic=t)
    assert scores.tones.dtype == scores.p_topic.dtype == np.int64
    assert np.all(np.abs(scores.tones.sum(axis=1) - 1000) <= 1)
    assert np.array_equal(scores.score, scores.tones[:, 2] - scores.tones[:, 0])
    assert np.array_equal(scores.p_topic, scores.tones.max(axis=1))
    assert np.array_equal(scores.tone, scores.topic)


def test_of_equal_tones_the_first_wins() -> None:
    even = np.zeros((1, 3), np.float32)
    scores = to_scores(even, even, temperature_tone=1, temperature_topic=1)
    assert scores.tones.tolist() == [[333, 333, 333]]
    assert scores.tone.tolist() == [0]
    assert scores.score.tolist() == [0]


def test_a_higher_temperature_is_less_sure() -> None:
    values = np.array([[2.0, 0.0, 0.0]], np.float32)
    assert softmax(values, 2.0)[0, 0] < softmax(values, 1.0)[0, 0]


def test_huge_logits_do_not_overflow() -> None:
    assert softmax(np.array([[3e38, 0.0]], np.float32), 0.3).tolist() == [[1.0, 0.0]]


def test_no_texts_have_no_scores() -> None:
    none = no_scores()
    assert len(none) == 0
    assert none.tone.shape == none.score.shape == (0,)
