"""The pictures of a report: SVG with its letters drawn, so that any reader shows them alike."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from io import BytesIO
from typing import Any

from msgspec import Struct

from dashboards.report.values import Hour, Report
from dashboards.report.words import Words, moment
from pipeline.errors import UsageError

_SEEN, _NORMAL, _ALERT = "#0072b2", "#5f6b76", "#d55e00"
_WIDTH = 7.2
_HOUR = timedelta(hours=1)
CJK = ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Zen Hei", "SimHei", "PingFang SC")
"""Fonts with Chinese letters, the first that is installed is taken."""
_CJK_FILE = re.compile(r"(NotoSansCJK-Regular|NotoSansSC|SourceHanSans|wqy|simhei|PingFang)", re.IGNORECASE)


class Chart(Struct, frozen=True, kw_only=True):
    """One picture."""

    name: str
    title: str
    alt: str
    """What it shows, for who cannot see it."""
    svg: bytes


def draw(report: Report, words: Words) -> tuple[Chart, ...]:
    """The pictures of a report; UsageError where matplotlib is missing."""
    try:
        import matplotlib
    except ImportError as error:
        raise UsageError("pictures need matplotlib: pip install 'tocsin[report]'") from error
    if not any(hour.stories for hour in report.hours):
        return ()
    settings: Any = {
        "svg.fonttype": "path",
        "svg.hashsalt": "tocsin",
        "font.family": [*_fonts(words.lang), "DejaVu Sans"],
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.unicode_minus": False,
    }
    key = words.key(report.key)
    since, until = moment(report.hours[0].time), moment(report.hours[-1].time + _HOUR)
    step = 1 if len(report.hours) <= 80 else 3 if len(report.hours) <= 240 else 12
    if sum(hour.stories for hour in report.hours) < 10 * len(report.hours):
        # A share of a handful says nothing.
        step = max(step, 3)
    highest = max(report.hours, key=lambda hour: hour.negative_stories)
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        found = [
            Chart(
                name="negative",
                title=words.say("chart_negative"),
                alt=words.say(
                    "chart_negative_alt",
                    key=key,
                    since=since,
                    until=until,
                    most=highest.negative_stories,
                    at=moment(highest.time),
                ),
                svg=_negative(report, words),
            ),
            Chart(
                name="share",
                title=words.say("chart_share"),
                alt=words.say("chart_share_alt", key=key),
                svg=_share(report, words, step),
            ),
        ]
        if len(report.topics) > 1:
            found.append(
                Chart(
                    name="topics",
                    title=words.say("chart_topics"),
                    alt=words.say("chart_topics_alt"),
                    svg=_topics(report, words),
                )
            )
    return tuple(found)


def has_cjk_font() -> bool:
    """Whether a font with Chinese letters is installed."""
    return bool(_fonts("zh"))


@cache
def _fonts(lang: str) -> tuple[str, ...]:
    """The font for Chinese letters, if one is needed and installed."""
    if lang != "zh":
        return ()
    from matplotlib import font_manager

    # matplotlib remembers the fonts of its first start: one that was installed since has to be shown to it.
    known = {font.fname for font in font_manager.fontManager.ttflist}
    for file in font_manager.findSystemFonts():
        if file not in known and _CJK_FILE.search(file):
            font_manager.fontManager.addfont(file)
    installed = {font.name for font in font_manager.fontManager.ttflist}
    # Of a collection matplotlib takes the first face, which holds the letters of all.
    return tuple(name for name in (*CJK, "Noto Sans CJK JP") if name in installed)[:1]


def _negative(report: Report, words: Words) -> bytes:
    figure, axes = _axes(2.6)
    hours = report.hours
    times = [hour.time for hour in hours]
    _shade(axes, report, words)
    axes.bar(
        times,
        [hour.negative_stories for hour in hours],
        width=_HOUR * 0.9,
        align="edge",
        color=_SEEN,
        label=words.say("legend_seen"),
    )
    if any(hour.normal for hour in hours):
        edges = [*times, times[-1] + _HOUR]
        for name, style in (("negative_stories", "-"), ("high", ":")):
            values = [getattr(hour.normal, name) if hour.normal else float("nan") for hour in hours]
            label = words.say("legend_normal" if name == "negative_stories" else "legend_high")
            axes.step(
                edges, [*values, values[-1]], where="post", color=_NORMAL, lw=1.4, ls=style, label=label
            )
    axes.set_ylim(bottom=0)
    return _finished(figure, axes, report)


def _share(report: Report, words: Words, step: int) -> bytes:
    figure, axes = _axes(2.2)
    _shade(axes, report, words)
    groups = [report.hours[at : at + step] for at in range(0, len(report.hours), step)]
    times = [group[0].time + (step * _HOUR) / 2 for group in groups]
    axes.plot(
        times,
        [_over(group, "negative_stories") for group in groups],
        color=_SEEN,
        lw=1.4,
        label=words.say("legend_seen"),
    )
    normal = [_normal_over(group) for group in groups]
    axes.plot(times, normal, color=_NORMAL, lw=1.4, label=words.say("legend_normal"))
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    axes.set_ylim(bottom=0)
    return _finished(figure, axes, report)


def _topics(report: Report, words: Words) -> bytes:
    topics = [topic for topic in report.topics if topic.normal is not None][:12][::-1]
    if not topics:
        topics = list(report.topics[:12])[::-1]
    figure, axes = _axes(0.9 + 0.26 * len(topics))
    places = range(len(topics))
    normal = [topic.normal if topic.normal is not None else float("nan") for topic in topics]
    seen = [topic.negative_stories for topic in topics]
    axes.hlines(places, normal, seen, color=_NORMAL, lw=1)
    axes.plot(normal, places, "|", color=_NORMAL, ms=11, mew=2, label=words.say("normal"))
    axes.plot(seen, places, "o", color=_SEEN, ms=6, label=words.say("legend_seen"))
    axes.set_yticks(list(places), [words.key(topic.key) for topic in topics])
    axes.set_xlim(left=0)
    axes.grid(axis="x", color="#d9dde1", lw=0.6)
    axes.legend(loc="lower right", frameon=False)
    return _svg(figure)


def _axes(height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    return figure, figure.subplots()


def _shade(axes: Any, report: Report, words: Words) -> None:
    """The spans of the alerts; of many, one shade."""
    first, last = report.hours[0].time, report.hours[-1].time + _HOUR
    own = [report.alert] if report.alert is not None else report.alerts
    label: str | None = words.say("legend_alert")
    for alert in own:
        begin, end = max(alert.detected_at, first), min(alert.resolved_at or last, last)
        if begin < end:
            axes.axvspan(begin, end, color=_ALERT, alpha=0.14, lw=0, label=label, zorder=0)
            axes.axvline(begin, color=_ALERT, lw=1, zorder=1)
            label = None


def _finished(figure: Any, axes: Any, report: Report) -> bytes:
    from matplotlib import dates

    untyped: Any = dates
    locator = untyped.AutoDateLocator(minticks=4, maxticks=9)
    axes.xaxis.set_major_locator(locator)
    # Numbers only, so that no month is named in another language than the report's.
    formats = ["%Y", "%m-%d", "%m-%d", "%H:%M", "%H:%M", "%S"]
    offsets = ["", "%Y", "%Y", "%Y-%m-%d", "%Y-%m-%d", "%Y-%m-%d"]
    zeros = ["", "%Y", "%m-%d", "%m-%d", "%H:%M", "%H:%M"]
    formatter = untyped.ConciseDateFormatter(
        locator, formats=formats, zero_formats=zeros, offset_formats=offsets
    )
    axes.xaxis.set_major_formatter(formatter)
    axes.set_xlim(report.hours[0].time, report.hours[-1].time + _HOUR)
    axes.grid(axis="y", color="#d9dde1", lw=0.6)
    axes.set_axisbelow(True)
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside upper left", ncols=4, frameon=False)
    return _svg(figure)


def _svg(figure: Any) -> bytes:
    file = BytesIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()


def _over(hours: Sequence[Hour], name: str) -> float:
    stories = sum(hour.stories for hour in hours)
    return sum(getattr(hour, name) for hour in hours) / stories if stories else float("nan")


def _normal_over(hours: Sequence[Hour]) -> float:
    normal = [hour.normal for hour in hours if hour.normal is not None]
    stories = sum(each.stories for each in normal)
    if len(normal) < len(hours) or not stories:
        return float("nan")
    return sum(each.negative_stories for each in normal) / stories
