from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.continual.corrections import Correction, divide, to_examples
from models.errors import ModelError

TOPICS = ("macro", "markets")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def correction(minute: int = 0, **fields: object) -> Correction:
    told: dict[str, object] = {
        "id": "d1",
        "text": "Profit doubled",
        "tone": "positive",
        "topic": "",
        "by": "ann",
        "at": NOON + timedelta(minutes=minute),
    }
    return Correction(**(told | fields))  # type: ignore[arg-type]


CORRECTIONS = st.lists(
    st.builds(
        correction,
        minute=st.integers(0, 3),
        id=st.sampled_from(["d1", "d2", "d3"]),
        text=st.sampled_from(["Profit doubled", "profit  DOUBLED!", "Bank halts", "???"]),
        tone=st.sampled_from(["negative", "neutral", "positive", None]),
        topic=st.sampled_from(["", *TOPICS]),
        by=st.sampled_from(["ann", "bo"]),
    ),
    max_size=12,
)


def test_the_latest_of_a_document_counts_for_each_head_apart() -> None:
    examples = to_examples(
        [
            correction(2, tone=None, topic="markets"),
            correction(0, tone="negative", topic="macro"),
            correction(1, tone="neutral"),
        ],
        TOPICS,
    )
    assert [(each.task, each.label, each.source) for each in examples] == [
        ("tone", 1, "corrections_tone"),
        ("topic", 1, "corrections_topic"),
    ]


def test_the_latest_of_a_text_counts_whatever_its_document() -> None:
    examples = to_examples(
        [correction(1, id="d2", tone="negative"), correction(0), correction(0, id="d3", text="Bank halts")],
        TOPICS,
    )
    assert {each.key: each.label for each in examples} == {"profit doubled": 0, "bank halts": 2}


@given(CORRECTIONS, st.randoms())
def test_the_order_of_reading_does_not_matter(corrections: list[Correction], shuffle: random.Random) -> None:
    mixed = list(corrections)
    shuffle.shuffle(mixed)
    assert to_examples(corrections, TOPICS) == to_examples(mixed, TOPICS)


@given(CORRECTIONS)
def test_a_text_has_one_label_a_head_and_stands_in_one_part(corrections: list[Correction]) -> None:
    examples = to_examples(corrections, TOPICS)
    assert len({(each.task, each.key) for each in examples}) == len(examples)
    parts = divide(examples, hold_out=0.4, dev_share=0.3)
    keys = [{each.key for each in part} for part in (parts.train, parts.dev, parts.held_out)]
    assert sum(map(len, (parts.train, parts.dev, parts.held_out))) == len(examples)
    assert not keys[0] & keys[1] and not keys[0] & keys[2] and not keys[1] & keys[2]


def test_what_was_held_out_once_stays_held_out() -> None:
    texts = [f"headline number {n}" for n in range(400)]
    every = to_examples([correction(id=text, text=text) for text in texts], TOPICS)
    first = to_examples([correction(id=text, text=text) for text in texts[:100]], TOPICS)
    assert set(divide(first).held_out) <= set(divide(every).held_out)
    assert 50 < len(divide(every).held_out) < 115


def test_a_topic_that_the_model_does_not_know_is_refused() -> None:
    with pytest.raises(ModelError, match=r"'d1' by ann says topic 'weather'.*macro, markets"):
        to_examples([correction(topic="weather")], TOPICS)
