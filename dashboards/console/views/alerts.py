"""The inbox and one alert's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from alerts.events import AlertEvent
from dashboards.console.normal import Normal
from dashboards.console.views.say import Json, Say, duration, iso, lasted, short
from dashboards.console.views.stories import evidence_view, topic_choices
from dashboards.console.views.topic import chart_view
from dashboards.query import Series
from dashboards.text import printable
from pipeline.store.actions import Acknowledgement, Mute
from pipeline.store.journal import JournalEntry

_FIGURES = {"observed", "expected", "surprise", "threshold", "severity"}
SHOWS = ("firing", "open", "all")
"""What the inbox may show: what rings, what nobody has judged, everything."""


class Ruled(Struct, frozen=True, kw_only=True):
    """An alert and what people did about it."""

    alert: AlertEvent
    acknowledged: Acknowledgement | None = None
    verdict: str = ""
    """The latest, `useful` or `noise`."""
    mute: Mute | None = None
    """The one in force that covers its key."""


def inbox_view(
    ruled: Sequence[Ruled], say: Say, *, show: str, mutes: Sequence[Mute], limit: int, complete: bool
) -> Json:
    """The inbox; `ruled` are all alerts that were read, of which the newest `limit` that fit are shown."""
    groups = {
        "firing": [each for each in ruled if each.alert.state == "firing"],
        "open": [each for each in ruled if not each.verdict],
        "all": list(ruled),
    }
    chosen = groups[show]
    firing = len(groups["firing"])
    more = "" if complete else "+"
    return {
        "lead": say("firing_lead", n=firing) if firing else say("calm_lead"),
        "shows": [
            {"name": name, "label": say(f"show_{name}"), "count": f"{len(groups[name])}{more}"}
            for name in SHOWS
        ],
        "show": show,
        "none": say("no_alert") if ruled else say("no_alert_ever"),
        "mutes": [{"key": mute.key, "text": _muted(mute, say, named=True)} for mute in mutes],
        "alerts": [{**alert_line(each, say), "first": at == 0} for at, each in enumerate(chosen[:limit])],
        "more": len(chosen) > limit,
    }


def alert_line(ruled: Ruled, say: Say) -> Json:
    """An alert as a list shows it."""
    alert = ruled.alert
    story = alert.evidence[0] if alert.evidence else None
    acknowledged = ruled.acknowledged
    return {
        "id": alert.id,
        **say.named(alert.key),
        "severity": alert.severity,
        "state": alert.state,
        "surprise": alert.surprise,
        "when": lasted(say, alert.started_at, alert.resolved_at),
        "says": figures(alert, say),
        "title": printable(story.title) if story else "",
        "source": printable(story.source, 60) if story else "",
        "acknowledged": say("seen_by", by=printable(acknowledged.by, 64)) if acknowledged else "",
        "verdict": ruled.verdict,
        "muted": _muted(ruled.mute, say) if ruled.mute else "",
    }


def figures(alert: AlertEvent, say: Say) -> str:
    """What was seen against what is normal, in a sentence."""
    if alert.kind != "negative_surge":
        return say.known(f"kind_{alert.kind}", alert.kind)
    copies = say("in_documents", n=alert.documents) if alert.documents > alert.observed else ""
    return say(
        "figures",
        observed=f"{alert.observed:,}",
        window=duration(say, alert.window_minutes),
        expected=f"{alert.expected:.1f}",
        share=f"{alert.observed_share:.0%}",
        usual=f"{alert.expected_share:.0%}",
        copies=copies,
    )


class AlertPage(Struct, frozen=True, kw_only=True):
    """All that an alert's page is made of."""

    ruled: Ruled
    journal: Sequence[JournalEntry]
    series: Series | None
    """The key's course around the alert."""
    normal: Sequence[Normal | None]
    topics: tuple[str, ...]


def alert_view(page: AlertPage, say: Say) -> Json:
    """The page as it is shown."""
    alert = page.ruled.alert
    low, high = alert.expected_low, alert.expected_high
    line = alert_line(page.ruled, say)
    label = say.topic(alert.key)
    acknowledged = page.ruled.acknowledged
    seen_at = short(acknowledged.at) if acknowledged else ""
    return {
        **line,
        "first": True,
        "title": say("alert_title", topic=label, at=short(alert.started_at)),
        "ended": iso(alert.resolved_at),
        "provisional": alert.provisional,
        "observed": alert.observed,
        "expected": alert.expected,
        "low": low,
        "high": high,
        "gauge": say("gauge", observed=alert.observed, expected=f"{alert.expected:.1f}"),
        "acknowledged": f"{line['acknowledged']} · {seen_at} UTC" if acknowledged else "",
        "facts": _facts(alert, say),
        "parts": [
            {"name": name, "stories": round(getattr(alert.parts, name), 2)}
            for name in ("worse_tone", "more_news", "mix")
        ],
        "cause": say.known(f"cause_{alert.cause}", alert.cause) if alert.cause else "",
        "covers": say("covers", topics=", ".join(map(say.topic, alert.covers))) if alert.covers else "",
        "chart": chart_view(page.series, page.normal, [alert], say, label) if page.series else None,
        "stories": [evidence_view(story, say, alert.key) for story in alert.evidence],
        "topics": topic_choices(say, page.topics),
        "told": {},
        "journal": [_entry(entry, say) for entry in page.journal],
    }


def _facts(alert: AlertEvent, say: Say) -> list[tuple[str, str]]:
    surprise = f"{alert.surprise:.1f} ({say('threshold')} {alert.threshold:.1f})"
    facts = [
        (say("seen_n"), f"{alert.observed:,}"),
        (say("expected"), f"{alert.expected:.1f}"),
        (say("usual_range"), f"{alert.expected_low:.0f} – {alert.expected_high:.0f}"),
        (say("bad_share"), f"{alert.observed_share:.0%} ({say('usually')} {alert.expected_share:.0%})"),
        (say("window"), duration(say, alert.window_minutes)),
        (say("surprise"), surprise),
        (say("started"), f"{short(alert.started_at)} UTC"),
        (say("rang_at"), f"{short(alert.detected_at)} UTC"),
    ]
    if not alert.expected_high:
        del facts[2]
    if alert.resolved_at:
        facts.append((say("resolved_at"), f"{short(alert.resolved_at)} UTC"))
    if alert.documents:
        facts.append((say("copies_count"), f"{alert.documents:,}"))
    if alert.capped:
        facts.append((say("capped"), f"{alert.capped:,}"))
    if alert.scales:
        facts.append((say("scales"), ", ".join(duration(say, scale) for scale in alert.scales)))
    if alert.budget_per_week:
        had = "–" if alert.realised_per_week is None else f"{alert.realised_per_week:.2f}"
        facts.append((say("budget"), say("budget_says", budget=f"{alert.budget_per_week:g}", had=had)))
    return facts


def _entry(entry: JournalEntry, say: Say) -> Json:
    by = say.known(f"by_{entry.by}", entry.by)
    return {
        "at": iso(entry.event_time or entry.at),
        "what": say.known(f"action_{entry.action}", entry.action),
        "why": _why(entry, say),
        "by": by if entry.event_time is None else say("by_event_time", by=by),
    }


def _why(entry: JournalEntry, say: Say) -> str:
    """Why, in the reader's language where the entry's figures tell it; else as it was said."""
    detail = entry.detail
    if entry.action in ("fired", "escalated", "updated") and detail.keys() >= _FIGURES:
        figures = {name: detail[name] for name in _FIGURES if name != "severity"}
        told = {
            name: f"{value:.1f}" if isinstance(value, float) else value for name, value in figures.items()
        }
        return say("why_fired", **told, severity=say.known(str(detail["severity"]), str(detail["severity"])))
    if entry.action in ("pending", "confirmed", "resolved"):
        return say(f"why_{entry.action}")
    return printable(entry.reason, 400)


def _muted(mute: Mute, say: Say, *, named: bool = False) -> str:
    until = short(mute.until)
    if not named:
        return say("muted_until", until=until)
    topic = say("everything") if mute.key == "*" else say.topic(mute.key)
    return say("topic_muted_until", topic=topic, until=until, by=printable(mute.by, 64))


def mute_of(mutes: Sequence[Mute], key: str, now: datetime) -> Mute | None:
    """The mute in force that covers a key."""
    return next((mute for mute in mutes if mute.covers(key, now)), None)


def mutes_by_key(mutes: Sequence[Mute], keys: Sequence[str], now: datetime, say: Say) -> Mapping[str, str]:
    """What the board says of muted keys."""
    found = {key: mute_of(mutes, key, now) for key in keys}
    return {key: _muted(mute, say) for key, mute in found.items() if mute is not None}
