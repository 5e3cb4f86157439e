"""What the detector is shown of a closed minute."""

from __future__ import annotations

from alerts.events import Count, Observation
from pipeline.records import SentimentMinute


def observation(minute: SentimentMinute, *, gap: bool = False) -> Observation:
    """Turn a minute into counts of distinct stories, those that were capped left out.

    `gap` says that the feed was down in it, so that nothing is learnt from what is missing.
    """
    return Observation(
        minute=int(minute.minute.timestamp()) // 60,
        gap=gap,
        counts=tuple(
            Count(
                key=row.key,
                stories=row.stories - row.capped,
                negative=row.negative_stories - row.capped,
                documents=row.negative - row.capped,
                capped=row.capped,
                evidence=row.evidence,
            )
            for row in minute.rows
        ),
    )


def is_observed(minute: SentimentMinute) -> bool:
    """Tell whether detection sees this record: a minute's first closing, and nothing after it."""
    return minute.revision == 0 and not minute.final


def is_amended(minute: SentimentMinute) -> bool:
    """Tell whether late documents changed a minute that was observed; alerts count them until confirmed."""
    return minute.revision > 0 and not minute.final
