"""Colours that people who see red and green alike can tell apart, each always beside a word or a number.

M. Okabe and K. Ito, "Color Universal Design" (2008).
"""

from __future__ import annotations

from typing import Final

ORANGE: Final = "#E69F00"
SKY: Final = "#56B4E9"
GREEN: Final = "#009E73"
YELLOW: Final = "#F0E442"
BLUE: Final = "#0072B2"
VERMILLION: Final = "#D55E00"
PURPLE: Final = "#CC79A7"
GREY: Final = "#999999"

SERIES: Final = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILLION, YELLOW, GREY)
"""Lines of one chart, in this order."""

TONE: Final = {"negative": VERMILLION, "neutral": GREY, "positive": BLUE}
SEVERITY: Final = {"watch": YELLOW, "warning": ORANGE, "critical": VERMILLION}

HEAT_STEPS: Final = (
    (None, "#D55E00"),
    (-0.4, "#E08B4C"),
    (-0.2, "#EAB999"),
    (-0.06, "#CCCCCC"),
    (0.06, "#99C7E0"),
    (0.2, "#4C9CC9"),
    (0.4, "#0072B2"),
)
"""Colour of a cell from each mean score on: vermillion, paler, grey, paler blue, blue."""

MEAN_STEPS: Final = ((None, VERMILLION), (-0.3, ORANGE), (-0.1, GREY), (0.1, SKY), (0.3, BLUE))
"""Colour of a mean score from each value on."""
SHARE_STEPS: Final = ((None, BLUE), (0.25, GREY), (0.4, ORANGE), (0.6, VERMILLION))
"""Colour of a negative share from each value on."""
ZERO_IS_GOOD: Final = ((None, BLUE), (1.0, VERMILLION))
"""Colour of a count that should be nought."""
