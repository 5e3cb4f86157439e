"""What a surge is made of: more news, worse news, or another mix of topics."""

from __future__ import annotations

import math

from alerts.arrays import Float

_MOST = 0.8
"""Part of the rise from which one cause is named alone."""


def cause_of(observed: Float, expected: Float, mix_share: float | None = None) -> str:
    """`more_news`, `worse_news`, `more_and_worse_news` or `other_mix`.

    `observed` and `expected` are (negative stories, stories) of one window. Negative volume is volume times
    share, so the logarithm of its rise splits into both. `mix_share` is the share normal for the topics as
    they came; where it explains most of the risen share, the topics changed and not their tone.
    """
    volume = math.log(max(observed[1], 1.0) / max(expected[1], 1e-9))
    normal_share = expected[0] / max(expected[1], 1e-9)
    tone = math.log(max(observed[0], 1.0) / max(observed[1], 1.0) / max(normal_share, 1e-9))
    rise = volume + tone
    if tone <= (1.0 - _MOST) * rise:
        return "more_news"
    if mix_share is not None and math.log(max(mix_share, 1e-9) / max(normal_share, 1e-9)) >= 0.5 * tone:
        return "other_mix"
    if volume <= (1.0 - _MOST) * rise:
        return "worse_news"
    return "more_and_worse_news"
