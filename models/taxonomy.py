"""What the classifier can say: three tones and twenty topics."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

TONES: Final = ("negative", "neutral", "positive")
"""The tones in the order of the model's outputs."""

_FILE = Path(__file__).with_name("taxonomy.toml")


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic of the taxonomy."""

    id: str
    """What records, alerts and metrics carry: lower-case letters, digits and `_`."""
    label: str
    """Its spelling in the Twitter Financial News topic set."""
    name_en: str
    name_zh: str
    description: str


@cache
def load_topics() -> tuple[Topic, ...]:
    """Read the topics, in the order of the model's outputs."""
    rows = tomllib.loads(_FILE.read_text(encoding="utf-8"))["topic"]
    return tuple(Topic(**row) for row in rows)


def topic_ids() -> tuple[str, ...]:
    """Ids of the topics, in the order of the model's outputs."""
    return tuple(topic.id for topic in load_topics())
