"""The replay desk as it is shown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

from alerts.events import AlertEvent
from dashboards.console.desk.knobs import knob_views
from dashboards.console.desk.messages import Line, Moment, Side
from dashboards.console.desk.player import SPEEDS
from dashboards.console.desk.runs import Feed
from dashboards.console.views.alerts import figures
from dashboards.console.views.board import alert_mark
from dashboards.console.views.say import Json, Say, iso, lasted, short
from dashboards.text import printable


def desk_view(
    moment: Moment,
    feeds: Sequence[Feed],
    form: Json,
    knobs: Sequence[Mapping[str, float]],
    say: Say,
) -> Json:
    """The desk: what can be played, how the knobs stand, and the replay as it is."""
    starts = [{(alert.key, alert.started_at) for alert in side.alerts} for side in moment.sides]
    return {
        "feeds": [_feed(feed, say) for feed in feeds],
        "knobs": knob_views(say),
        "speeds": [{"value": _speed(speed), "label": _speed_label(speed, say)} for speed in SPEEDS],
        "form": form,
        "run": {
            "state": moment.state,
            "at": iso(moment.at),
            "share": moment.done / moment.total if moment.total else 0.0,
            "speed": _speed(moment.speed or math.inf),
            "says": _says(moment, say),
            "problem": say.known(moment.problem, moment.problem) if moment.problem else "",
            "course": _course(moment, say) if moment.course else None,
            "sides": [
                _side(at, side, moment.lines, knobs, starts, say) for at, side in enumerate(moment.sides)
            ],
        },
    }


def _feed(feed: Feed, say: Say) -> Json:
    first, last = (day.isoformat() if day else "" for day in (feed.first, feed.last))
    if feed.id == "demo":
        label = say("feed_demo")
    elif feed.kind == "run":
        label = say("feed_run", run=feed.name, start=first, end=last)
    else:
        label = say("feed_file", name=printable(feed.id.removeprefix("file:"), 120))
    return {"id": feed.id, "label": label, "first": first, "last": ""}


def _side(
    at: int,
    side: Side,
    lines: Sequence[Line],
    knobs: Sequence[Mapping[str, float]],
    starts: Sequence[set[tuple[str, datetime]]],
    say: Say,
) -> Json:
    firing = {alert.key: alert for alert in reversed(side.alerts) if alert.state == "firing"}
    others = set().union(*(each for number, each in enumerate(starts) if number != at))
    turned = knobs[at] if at < len(knobs) and len(starts) > 1 else {}
    differing = {name: value for name, value in turned.items() if len({each[name] for each in knobs}) > 1}
    settings = " · ".join(f"{say(f'knob_{name}')} {value:g}" for name, value in differing.items())
    return {
        "name": "ab"[at],
        "title": say(f"side_{'ab'[at]}") if len(starts) > 1 else say("alerts"),
        "says": " · ".join(filter(None, (say("on_days", n=side.days), settings))),
        "total": side.total,
        "rows": [_row(line, firing.get(line.key), say) for line in lines],
        "alerts": [
            {**_alert(alert, say), "only": len(starts) > 1 and (alert.key, alert.started_at) not in others}
            for alert in side.alerts
        ],
    }


def _course(moment: Moment, say: Say) -> Json:
    """The timeline: bars as shares of the highest, alerts as shares of the span, a lane a side."""
    course = moment.course
    assert course is not None
    span = (course.end - course.begin).total_seconds()
    top = max(1, *course.stories)

    def share(at: datetime | None) -> float:
        passed = ((at or moment.at or course.begin) - course.begin).total_seconds()
        return round(min(max(passed / span, 0.0), 1.0), 5)

    return {
        "bars": [round(count / top, 4) for count in course.stories],
        "now": share(moment.at),
        "begin": iso(course.begin),
        "end": iso(course.end),
        "says": say("course_says", most=top, start=short(course.begin), end=short(course.end)),
        "lanes": [
            [
                {
                    "id": alert.id,
                    "from": share(alert.started_at),
                    "to": share(alert.resolved_at),
                    "severity": alert.severity,
                    "label": f"{say.topic(alert.key)}, {lasted(say, alert.started_at, alert.resolved_at)}",
                }
                for alert in side.alerts
            ]
            for side in moment.sides
        ],
    }


def _row(line: Line, alert: AlertEvent | None, say: Say) -> Json:
    label = say.topic(line.key)
    return {
        **say.named(line.key),
        "documents": line.documents,
        "mean": line.mean,
        "share": line.share,
        "spark": line.spark,
        "spark_label": say("spark_says", topic=label, most=max(line.spark, default=0), now=line.spark[-1]),
        "alert": alert_mark(alert),
    }


def _alert(alert: AlertEvent, say: Say) -> Json:
    story = alert.evidence[0] if alert.evidence else None
    return {
        "id": alert.id,
        **say.named(alert.key),
        "severity": alert.severity,
        "state": alert.state,
        "surprise": alert.surprise,
        "when": lasted(say, alert.started_at, alert.resolved_at),
        "says": figures(alert, say),
        "title": printable(story.title) if story else "",
    }


def _says(moment: Moment, say: Say) -> str:
    says = say("desk_says", done=f"{moment.done:,}", total=f"{moment.total:,}") if moment.total else ""
    return f"{says} {say('desk_lead_in', n=moment.lead)}" if moment.lead else says


def _speed(speed: float) -> str:
    return "max" if speed == math.inf else f"{speed:g}"


def _speed_label(speed: float, say: Say) -> str:
    return say("speed_max") if speed == math.inf else say("speed_times", n=f"{speed:,.0f}")
