"""A small chart that goes along with a notification: negative stories of a day against what is normal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO

from msgspec import Struct

_WIDTH, _HEIGHT = 640, 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 8, 10, 18
_SCALE = 2
"""Drawn twice as large and made smaller: Pillow's lines are not smoothed."""


class Series(Struct, frozen=True, kw_only=True):
    """Counts of negative stories in equal steps of time, and what is normal for a step."""

    counts: tuple[int, ...]
    start: datetime
    """Start of the first step."""
    step_minutes: int
    expected: float
    low: float = 0.0
    high: float = 0.0
    """95 % interval of normal counts; both 0 where it is not known."""
    began: int | None = None
    """Step in which the alert began."""


def picture(series: Series) -> bytes | None:
    """The chart as PNG; None where there is nothing to draw, or Pillow (extra `notify`) is not installed."""
    try:
        from PIL import Image, ImageDraw
    except ImportError:
        return None
    if not series.counts:
        return None
    image = Image.new("RGB", (_WIDTH * _SCALE, _HEIGHT * _SCALE), "white")
    _draw(ImageDraw.Draw(image), series)
    out = BytesIO()
    image.resize((_WIDTH, _HEIGHT), Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()


def _draw(pen: object, series: Series) -> None:
    from PIL import ImageDraw, ImageFont

    assert isinstance(pen, ImageDraw.ImageDraw)
    top = max(*series.counts, series.expected, series.high, 1.0) * 1.05
    width = (_WIDTH - _LEFT - _RIGHT) / len(series.counts)

    def x(step: float) -> float:
        return (_LEFT + step * width) * _SCALE

    def y(value: float) -> float:
        return (_TOP + (1 - value / top) * (_HEIGHT - _TOP - _BOTTOM)) * _SCALE

    last = len(series.counts)
    if series.high > 0:
        pen.rectangle((x(0), y(series.high), x(last), y(series.low)), fill="#dfe8f2")
    for step, count in enumerate(series.counts):
        unusual = series.began is not None and step >= series.began
        if count:
            pen.rectangle(
                (x(step + 0.1), y(count), x(step + 0.9), y(0)), fill="#c0392b" if unusual else "#7f8c8d"
            )
    pen.line((x(0), y(series.expected), x(last), y(series.expected)), fill="#2c5f8a", width=2 * _SCALE)
    pen.line((x(0), y(0), x(last), y(0)), fill="#444444", width=_SCALE)
    font = ImageFont.load_default(11 * _SCALE)
    pen.text((4 * _SCALE, y(top / 1.05) - 6 * _SCALE), f"{top / 1.05:.0f}", fill="#444444", font=font)
    pen.text((4 * _SCALE, y(0) - 6 * _SCALE), "0", fill="#444444", font=font)
    for label, anchor, place in _stamps(series):
        pen.text((x(place), (_HEIGHT - 2) * _SCALE), label, fill="#444444", font=font, anchor=anchor)


def _stamps(series: Series) -> Sequence[tuple[str, str, int]]:
    from datetime import timedelta

    end = series.start + timedelta(minutes=series.step_minutes * len(series.counts))
    return (
        (f"{series.start:%m-%d %H:%M}", "ls", 0),
        (f"{end:%m-%d %H:%M} UTC", "rs", len(series.counts)),
    )
