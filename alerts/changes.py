"""One sentence on what changed between two events of an alert, for people who saw the first."""

from __future__ import annotations

from alerts.events import AlertEvent


def what_changed(before: AlertEvent, after: AlertEvent, late: int = 0) -> str:
    """What the later event says that the earlier one did not, in English.

    `after.reason` decides what is told first: a rise in severity, growth, the end; or that it is confirmed,
    and how many negative stories came `late`.
    """
    if after.reason == "resolved":
        return f"Over: back to normal after {_span(before, after)}; at its peak {_figures(after)}."
    if after.reason == "confirmed":
        told = f"{late} late {_stories(late)} came in" if late else "no late story changed it"
        return f"Confirmed: {told}; {_figures(after)}."
    parts = []
    if after.severity != before.severity:
        parts.append(f"From {before.severity} to {after.severity}")
    if after.window_minutes == before.window_minutes:
        parts.append(f"{before.observed} negative stories became {_figures(after)}")
    else:
        parts.append(
            f"now {_figures(after)} in {_minutes(after.window_minutes)} instead of "
            f"{before.observed} in {_minutes(before.window_minutes)}"
        )
    known = {story.story for story in before.evidence}
    fresh = sum(story.story not in known for story in after.evidence)
    if fresh:
        parts.append(f"{fresh} of the cited stories {'is' if fresh == 1 else 'are'} new")
    if joined := [key for key in after.covers if key not in before.covers]:
        parts.append(f"{', '.join(joined)} surged as well")
    sentence = "; ".join(parts)
    return f"{sentence[:1].upper()}{sentence[1:]}."


def _figures(event: AlertEvent) -> str:
    return f"{event.observed} against {event.expected:.1f} expected"


def _stories(count: int) -> str:
    return "story" if count == 1 else "stories"


def _minutes(minutes: int) -> str:
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"


def _span(before: AlertEvent, after: AlertEvent) -> str:
    if after.resolved_at is None:
        return "a while"
    minutes = round((after.resolved_at - after.detected_at).total_seconds() / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.0f} h"
