"""What a surge is made of: worse tone, more news, or stories in topics that are darker anyway."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from alerts.events import Parts

_MOST = 0.8
"""Part of the rise from which one cause is named alone."""


class Topic(NamedTuple):
    """One topic's part of an overall window."""

    stories: float
    """Stories it had."""
    share: float
    """Negative share that is normal for it."""


def decompose(
    negative: int,
    stories: int,
    expected_negative: float,
    expected_stories: float,
    topics: Sequence[Topic] = (),
) -> Parts:
    """Take `negative - expected_negative` apart; the parts add up to it, to a thousandth of a story.

    `more_news`: stories above normal, at the normal share. `mix`: what the share would have risen if each
    topic had kept its normal one. `worse_tone`: negative stories beyond that. The order is that of Laspeyres:
    volume at the old share, then mix at the old topics' shares, then tone at the new volume and mix.
    """
    share = expected_negative / expected_stories if expected_stories > 0 else 0.0
    total = sum(topic.stories for topic in topics)
    mixed = sum(topic.stories * topic.share for topic in topics) / total if total else share
    more_news = round((stories - expected_stories) * share, 3)
    mix = round(stories * (mixed - share), 3)
    rise = round(negative - expected_negative, 3)
    # Minus zero is zero: a database keeps no sign of it, and the same alert must read the same from there.
    return Parts(worse_tone=round(rise - more_news - mix, 3) + 0.0, more_news=more_news + 0.0, mix=mix + 0.0)


def cause(parts: Parts) -> str:
    """`more_news`, `worse_news`, `more_and_worse_news` or `other_mix`: the part that is most of the rise."""
    rise = max(parts.worse_tone, 0.0) + max(parts.more_news, 0.0) + max(parts.mix, 0.0)
    if parts.more_news >= _MOST * rise:
        return "more_news"
    if parts.mix >= 0.5 * rise:
        return "other_mix"
    if parts.worse_tone + max(parts.mix, 0.0) >= _MOST * rise:
        return "worse_news"
    return "more_and_worse_news"
