import dataclasses
import re

import pytest

from models.taxonomy import TONES, load_topics, topic_ids


def test_twenty_topics_with_ids_fit_for_metrics_and_topics() -> None:
    topics = load_topics()
    assert len(topics) == len({t.id for t in topics}) == len({t.label for t in topics}) == 20
    assert all(re.fullmatch(r"[a-z][a-z_]*", topic.id) for topic in topics)
    assert all(topic.name_en and topic.name_zh and topic.description for topic in topics)
    assert topic_ids()[:2] == ("analyst_update", "fed_central_banks")
    assert TONES == ("negative", "neutral", "positive")


def test_topics_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        load_topics()[0].id = "other"  # type: ignore[misc]
