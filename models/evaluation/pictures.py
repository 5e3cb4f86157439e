"""Confusion matrices and reliability diagrams as SVG; needs matplotlib (the extra `report`).

Ink is `currentColor` and the ground is left open, so a picture inside a page takes on its light or dark. The
two colours are of the palette of Okabe & Ito (2008), and what they tell apart also differs in shape. The same
figures give the same bytes.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from models.errors import ModelError
from models.evaluation.calibration import BINS, Calibration
from models.evaluation.comparison import Comparison

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, VERMILION = "#0072b2", "#d55e00"
_INK = "#123457"
"""Stands for `currentColor` until the SVG is written."""
_STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 11,
    "text.color": _INK,
    "text.parse_math": False,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "axes.facecolor": "none",
    "axes.linewidth": 0.8,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "figure.facecolor": "none",
    "svg.fonttype": "none",
}
_STRONGEST = 0.75
"""Opacity of a cell that holds its whole row: ink stays readable on it, in light and in dark."""


def check_pictures() -> None:
    """Raise ModelError that says what to install when pictures cannot be drawn."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise ModelError("a report has pictures, which need matplotlib: pip install -e '.[report]'") from None


def confusion_picture(matrix: npt.NDArray[np.int64], names: Sequence[str], salt: str) -> str:
    """Draw rows of every (label, guess), shaded by their share of the label; classes without rows left out.

    `salt` makes ids of the SVG differ from those of other pictures in one page.
    """
    used = np.flatnonzero(matrix.sum(0) + matrix.sum(1))
    matrix, names = matrix[np.ix_(used, used)], [names[int(index)] for index in used]
    shares = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    size = len(names)
    side = 2.0 + 0.62 * size if size <= 6 else 2.6 + 0.36 * size

    def draw(figure: Figure) -> None:
        from matplotlib.patches import Rectangle

        axes = figure.add_subplot()
        edges = np.arange(size + 1) - 0.5
        axes.hlines(edges, edges[0], edges[-1], color=_INK, linewidth=0.3)
        axes.vlines(edges, edges[0], edges[-1], color=_INK, linewidth=0.3)
        for label, guess in np.argwhere(matrix):
            alpha = _STRONGEST * shares[label, guess]
            axes.add_patch(Rectangle((guess - 0.5, label - 0.5), 1, 1, color=BLUE, alpha=alpha, linewidth=0))
            axes.text(guess, label, f"{matrix[label, guess]:,}", ha="center", va="center", fontsize=9)
        axes.set(xlim=(edges[0], edges[-1]), ylim=(edges[-1], edges[0]))
        axes.set_xticks(range(size), names, rotation=0 if size <= 4 else 90)
        axes.set_yticks(range(size), names)
        axes.set(xlabel="said", ylabel="is", aspect="equal")
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)

    return _svg(draw, (side + 0.6, side), salt)


def reliability_picture(before: Calibration, after: Calibration, salt: str) -> str:
    """Draw accuracy against confidence before and after temperature scaling, over the rows of each bin.

    The grey bars hold what a perfectly calibrated model shows 95 times in 100 (consistency bars).
    """

    def draw(figure: Figure) -> None:
        upper: Axes
        lower: Axes
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
        upper.plot((0, 1), (0, 1), color=_INK, linewidth=0.8, linestyle=(0, (4, 3)))
        centres = [one.confidence for one in after.bins]
        upper.vlines(
            centres,
            [one.chance[0] for one in after.bins],
            [one.chance[1] for one in after.bins],
            color=_INK,
            alpha=0.25,
            linewidth=7,
            label="chance, if calibrated",
        )
        _points(upper, before, "temperature 1", marker="s", color=VERMILION, fill="none")
        _points(upper, after, "as served", marker="o", color=BLUE, fill=BLUE)
        upper.set(ylabel="share that is right", ylim=(-0.03, 1.03), yticks=np.linspace(0, 1, 6))
        figure.legend(frameon=False, loc="outside upper center", ncols=3, fontsize=8, handletextpad=0.4)
        lower.bar(
            [one.low for one in after.bins],
            [one.rows for one in after.bins],
            width=1 / BINS,
            align="edge",
            color=BLUE,
            alpha=0.6,
        )
        lower.set(xlabel="confidence", ylabel="rows", xlim=(-0.02, 1.02))
        for axes in (upper, lower):
            axes.spines[["top", "right"]].set_visible(False)

    return _svg(draw, (4.6, 5.0), salt)


def difference_picture(comparisons: Sequence[Comparison], salt: str) -> str:
    """Draw how much better B is on every set, in points of accuracy and of macro-F1, with their intervals."""

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        axes.axvline(0, color=_INK, linewidth=0.8)
        for shift, marker, color, title in (
            (-0.14, "o", BLUE, "accuracy"),
            (0.14, "s", VERMILION, "macro-F1"),
        ):
            both = [one.accuracy if title == "accuracy" else one.macro_f1 for one in comparisons]
            places = [place + shift for place in range(len(both))]
            lows = [100 * one.interval.low for one in both]
            axes.hlines(places, lows, [100 * one.interval.high for one in both], color=color, linewidth=1.5)
            axes.plot([100 * one.value for one in both], places, marker, color=color, label=title)
        axes.set_yticks(range(len(comparisons)), [one.name for one in comparisons])
        axes.set(xlabel="points that B is better", ylim=(len(comparisons) - 0.5, -0.5))
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
        figure.legend(frameon=False, loc="outside upper right", ncols=2, fontsize=9)

    return _svg(draw, (5.4, 1.3 + 0.45 * len(comparisons)), salt)


def _points(axes: Axes, one: Calibration, label: str, *, marker: str, color: str, fill: str) -> None:
    axes.plot(
        [part.confidence for part in one.bins],
        [part.accuracy for part in one.bins],
        marker=marker,
        color=color,
        markerfacecolor=fill,
        linestyle="none",
        markersize=6,
        label=label,
    )


def _svg(draw: Callable[[Figure], None], size: tuple[float, float], salt: str) -> str:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    output = StringIO()
    with rc_context(_STYLE | {"svg.hashsalt": salt}), warnings.catch_warnings():
        # Its own font has no Chinese; the browser's, which draws the text, has.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        figure.savefig(output, format="svg", metadata={"Date": None, "Creator": None})
    svg = output.getvalue()
    svg = svg[svg.index("<svg") :].replace(_INK, "currentColor")
    svg = re.sub(r"font-family: [^;\"]*", "font-family: inherit", svg)
    # One page holds many pictures, and ids must be single in it.
    prefix = re.sub(r"\W", "-", salt)
    return re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{prefix}-", svg)
