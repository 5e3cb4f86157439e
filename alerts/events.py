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
    contribution: float = 0.0
    """In an alert: how far its surprise falls when this story is left out; 0 elsewhere."""
    copies: int = 1
    """Documents that told the story in its minute, this one among them."""
    tone: str = ""
    """Tone the classifier gave: `negative`, `neutral` or `positive`; empty in records of before."""
    author: str = ""
    """Who wrote it, as the source gives it; hostile input like the title."""
    watchlists: tuple[str, ...] = ()
    """Names of the watchlists that the document belongs to."""


class Count(Struct, frozen=True, kw_only=True):
    """Distinct stories of one key in one event minute."""

    key: str
    """`overall`, a topic id, or `watch.` and the name of a watchlist."""
    stories: int
    """Distinct stories of any tone."""
    negative: int
    """Distinct stories whose tone is negative, those that were capped left out."""
    documents: int = 0
    """Documents whose tone is negative, copies included: what `negative` stories came in."""
    capped: int = 0
    """Negative stories left out of `stories` and `negative`: their author or source exceeded its cap."""
    evidence: tuple[Evidence, ...] = ()
    """The most negative distinct stories of the minute, most negative first; at most five."""


class Observation(Struct, frozen=True, kw_only=True):
    """One closed event minute, as the detector sees it: keys that are absent had no story."""

    minute: int
    """Minutes since 1970-01-01T00:00Z; the bucket is [minute, minute + 1)."""
    counts: tuple[Count, ...] = ()
    gap: bool = False
    """The feed was down: this minute's counts are not what happened, so nothing is learnt from them."""


class Parts(Struct, frozen=True, kw_only=True):
    """What `observed - expected` is made of, in stories; the three add up to it."""

    worse_tone: float = 0.0
    """Because a larger share of each topic's stories was negative than is normal for it."""
    more_news: float = 0.0
    """Because there were more stories than is normal, at the normal share."""
    mix: float = 0.0
    """Because the stories lay more in topics that are darker anyway; 0 for a single topic."""


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
    """`overall`, a topic id, or `watch.` and the name of a watchlist."""
    kind: str
    """What was detected: `negative_surge`, `feed_silence` or `dead_man`."""
    severity: Severity
    """`watch`, `warning` or `critical`, by how far the surprise exceeds the threshold."""
    state: State
    """`firing` until the surge is over, then `resolved`."""
    reason: str
    """Why this event was sent: `fired`, `escalated`, `updated`, `confirmed`, `resolved`."""
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
    """Up to five distinct stories that moved it most, the greatest `contribution` first."""
    cause: str = ""
    """What changed: `more_news`, `worse_news`, `more_and_worse_news`, or `other_mix` (of topics)."""
    expected_low: float = 0.0
    """Lower end of the interval that holds the window's negative stories in 95 of 100 normal weeks."""
    expected_high: float = 0.0
    """Upper end of that interval."""
    documents: int = 0
    """Documents behind `observed`, copies included; 0 where that was not counted."""
    capped: int = 0
    """Negative stories left out because one source or author exceeded its cap."""
    provisional: bool = False
    """Its last minute may still be amended; an event with reason `confirmed` follows."""
    parts: Parts = Parts()
    """`observed - expected`, taken apart."""
    covers: tuple[str, ...] = ()
    """Keys that surge with it and raise no alert of their own while it fires."""
    changed: str = ""
    """One sentence in English on what changed since the event before; empty in the first."""
    scales: tuple[int, ...] = ()
    """Lengths in minutes of all windows that were above the threshold at once, shortest first."""
    budget_per_week: float = 0.0
    """False alarms a week that this key may raise."""
    realised_per_week: float | None = None
    """Alarms a week that this key raised in its history, fading like the threshold; null while it learns."""
    at: UtcDatetime | None = None
    """End of the minute, in event time, at which this event came about; null in records of before."""
