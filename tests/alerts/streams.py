"""Streams of observations for the detector's tests, all from a seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import numpy as np

from alerts import Count, Evidence, Observation

DAY = 1440
MONDAY = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp()) // 60
"""A Monday midnight, in minutes since 1970."""


def minute(day: int, clock: str = "00:00") -> int:
    """Minute of a clock time so many days after MONDAY."""
    hours, minutes = clock.split(":")
    return MONDAY + day * DAY + 60 * int(hours) + int(minutes)


def evidence(key: str, when: int, number: int, score: float = -0.5) -> Evidence:
    """A story of our own words."""
    return Evidence(
        id=f"{key}-{when}-{number}",
        title=f"Story {number} of minute {when} on {key}",
        source="test",
        url="",
        published_at=datetime.fromtimestamp(when * 60, UTC),
        topic=key,
        score=score,
        story=when * 100 + number,
    )


def poisson(
    days: int,
    negative_per_hour: float,
    others_per_hour: float,
    *,
    keys: tuple[str, ...] = ("overall",),
    seed: int = 1,
    night: float = 1.0,
    extra: Mapping[int, int] | None = None,
    first: int = MONDAY,
    overall: bool = False,
) -> Iterator[Observation]:
    """Independent Poisson stories per key and minute; `night` scales 00:00-06:00, `extra` adds some.

    With `overall`, that key is added as the sum of the others.
    """
    random = np.random.default_rng(seed)
    for when in range(first, first + days * DAY):
        scale = night if when % DAY < 360 else 1.0
        counts = []
        for key in keys:
            negative = int(random.poisson(negative_per_hour / 60 * scale))
            total = negative + int(random.poisson(others_per_hour / 60 * scale))
            surge = (extra or {}).get(when, 0)
            if total + surge:
                stories = tuple(evidence(key, when, n) for n in range(min(negative + surge, 5)))
                counts.append(
                    Count(key=key, stories=total + surge, negative=negative + surge, evidence=stories)
                )
        if overall and counts:
            total, negative = sum(c.stories for c in counts), sum(c.negative for c in counts)
            worst = tuple(story for c in counts for story in c.evidence)[:5]
            counts.insert(0, Count(key="overall", stories=total, negative=negative, evidence=worst))
        yield Observation(minute=when, counts=tuple(counts))
