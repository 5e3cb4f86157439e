"""What goes into the alarm and what comes out: plain values, shared by every shell."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

UtcDatetime = Annotated[datetime, Meta(tz=True)]
Severity = Literal["watch", "warning", "critical"]
State = Literal["firing", "resolved"]


class Evidence(Struct, frozen=True, kw_only=True):
    """One story that moved a count, kept so that an alert can show why it rang."""

    id: str
    """Id of the document that first told the story."""
    title: str
    """Headline as published, cut to 300 characters; hostile input, escape it where it is shown."""
    source: str
    """Who published it."""
    url: str
    """Where it can be read; hostile input like the title."""
    published_at: UtcDatetime
    """When it was published, in UTC."""
    topic: str
    """Topic id the classifier gave."""
    score: float
    """p_positive - p_negative, in [-1, 1], a multiple of 0.001."""
    story: int
    """Story key: documents with equal keys are copies of one story."""


class Count(Struct, frozen=True, kw_only=True):
    """Distinct stories of one key in one event minute."""

    key: str
    """`overall` or a topic id."""
    stories: int
    """Distinct stories of any tone."""
    negative: int
    """Distinct stories whose tone is negative."""
    evidence: tuple[Evidence, ...] = ()
    """The most negative distinct stories of the minute, most negative first; at most five."""


class Observation(Struct, frozen=True, kw_only=True):
    """One closed event minute, as the detector sees it: keys that are absent had no story."""

    minute: int
    """Minutes since 1970-01-01T00:00Z; the bucket is [minute, minute + 1)."""
    counts: tuple[Count, ...] = ()


class AlertEvent(Struct, frozen=True, kw_only=True):
    """One change of one alert; the newest `seq` of an `id` is the alert as it stands."""

    v: int = 1
    """Version of this record's form."""
    id: str
    """Same for every event of one alert; follows from run, key and start, never random."""
    seq: int
    """0 for the first event of the alert, then 1, 2, …"""
    run: str
    """`live`, or the name of the replay that raised it."""
    key: str
    """`overall` or a topic id."""
    kind: str
    """What was detected; `negative_surge`."""
    severity: Severity
    """`watch`, `warning` or `critical`, by how far the surprise exceeds the threshold."""
    state: State
    """`firing` until the surge is over, then `resolved`."""
    reason: str
    """Why this event was sent: `fired`, `escalated`, `updated`, `resolved`."""
    started_at: UtcDatetime
    """Start of the surge in event time: the first minute of the window that rang."""
    detected_at: UtcDatetime
    """End of the minute bucket at which it first rang, in event time."""
    resolved_at: UtcDatetime | None
    """End of the minute at which it resolved, in event time; null while it fires."""
    window_minutes: int
    """Length of the window in which `observed` and `expected` are counted."""
    observed: int
    """Negative stories seen in the window."""
    expected: float
    """Negative stories that are normal for this key at this hour, for a window of that length."""
    observed_share: float
    """Negative stories over all stories in the window, in [0, 1]."""
    expected_share: float
    """The share that is normal for this key at this hour."""
    surprise: float
    """-log10 of the probability of seeing this much by chance, under the key's own baseline."""
    threshold: float
    """Surprise from which this key rings."""
    evidence: tuple[Evidence, ...]
    """Up to five distinct stories that moved it most, most negative first."""
    cause: str = ""
    """What changed: `more_news`, `worse_news`, `more_and_worse_news`, or `other_mix` (of topics)."""
