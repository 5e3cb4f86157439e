"""What the questions are answered with: plain values, safe to encode as JSON."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from alerts.events import AlertEvent
from pipeline.records import ScoredDocument, Window
from pipeline.store.actions import Acknowledgement, GivenVerdict
from pipeline.store.journal import JournalEntry


class RunInfo(Struct, frozen=True, kw_only=True):
    """One run that the store holds something of."""

    run: str
    """`live`, or the name of a replay."""
    first: datetime | None
    """Start of its first minute with documents, event time; None where there is none yet."""
    last: datetime | None
    """Start of its newest minute."""
    alerts: int
    firing: int
    """Alerts that fire now."""


class SeriesPoint(Struct, frozen=True, kw_only=True):
    """One step of a series: sums over the step, and the rolling window as it stood at its last minute."""

    time: datetime
    """Start of the step, UTC."""
    documents: int
    stories: int
    negative: int
    neutral: int
    positive: int
    negative_stories: int
    late: int
    mean: float | None
    """Mean score of the step's own documents, in [-1, 1]."""
    mean_se: float | None
    """Its standard error; None for fewer than two documents."""
    negative_share: float | None
    """Negative documents over the step's documents."""
    negative_share_se: float | None
    """Its standard error (Agresti-Coull)."""
    window: Window | None
    """Rolling sentiment at the last minute of the step that had documents."""


class Series(Struct, frozen=True, kw_only=True):
    """Sentiment of one key over time; steps without a document are left out."""

    run: str
    key: str
    window: str
    """`5m`, `1h` or `24h`: the length of `SeriesPoint.window`."""
    step_seconds: int
    """Length of a step, whole minutes; 60 is as it was stored."""
    since: datetime
    until: datetime
    points: tuple[SeriesPoint, ...]


class Pulse(Struct, frozen=True, kw_only=True):
    """Changes whenever something of a run has: compare two, and read the rest only if they differ."""

    minute: datetime | None
    """The newest minute."""
    amended: datetime | None
    """When a minute was last amended."""
    journal: datetime | None
    """When an alert last changed, or somebody did something about one; wall clock."""


class Share(Struct, frozen=True, kw_only=True):
    """How many documents have one value of a column."""

    value: str
    documents: int


class BoardLine(Struct, frozen=True, kw_only=True):
    """One key as a board shows it."""

    key: str
    """`overall`, a topic id, or `watch.` and the name of a watchlist."""
    five_minutes: Window
    hour: Window
    day: Window
    """Rolling sentiment of the last 5 minutes, hour and 24 hours before `BoardView.at`."""
    hour_before: Window
    """The same of the hour before the last."""
    change: float
    """Mean score of the last hour minus that of the 23 hours before; 0 where either has no documents."""
    volume: float
    """Documents of the last hour over those of an average hour of the 23 before; 0 where there were none."""
    spark: tuple[int, ...]
    """Distinct negative stories of each of the 24 hours, oldest first."""
    documents_by_hour: tuple[int, ...]
    first_minute: datetime | None
    """First minute that the key ever had documents."""
    surprise: float
    """The firing alert's surprise; else how improbable the last hour's negative stories are after the 23
    hours before, -log10, by a negative binomial: a figure to sort by, not the detector's."""
    firing: AlertEvent | None = None
    """The alert of this key that fires at that moment."""


class BoardView(Struct, frozen=True, kw_only=True):
    """All keys of a run at one moment."""

    run: str
    at: datetime | None
    """Event time: end of the last minute that counts; None where the run has no minutes."""
    lines: tuple[BoardLine, ...]
    """`overall` first, then by surprise, the highest first."""


class DocumentPage(Struct, frozen=True, kw_only=True):
    """Some documents, newest first."""

    documents: tuple[ScoredDocument, ...]
    next: str | None
    """Give it as `before` to go on; None at the end. A page may be empty and still have a next one."""


class Story(Struct, frozen=True, kw_only=True):
    """Documents that tell one story: the first told, and how it spread."""

    story: int
    first: ScoredDocument
    """The earliest document of the story within the span."""
    documents: int
    """Copies within the span, this one included."""
    sources: int
    """Distinct sources among them."""
    last: datetime
    """When the newest copy was published."""
    score: float
    """Lowest score among the copies."""


class StoryPage(Struct, frozen=True, kw_only=True):
    """Stories of a span."""

    stories: tuple[Story, ...]
    documents: int
    """Documents looked at."""
    complete: bool
    """False where the span holds more documents than are looked at: then these are of its newest."""


class AlertMoment(Struct, frozen=True, kw_only=True):
    """One event of an alert, and when it became known."""

    event: AlertEvent
    recorded_at: datetime
    """Wall clock at which the store first wrote it."""


class AlertDetail(Struct, frozen=True, kw_only=True):
    """One alert with all that is known of it."""

    alert: AlertEvent
    """As it stands: its newest event."""
    events: tuple[AlertMoment, ...]
    """In order of `seq`."""
    journal: tuple[JournalEntry, ...] = ()
    """What the alarm and people did, oldest first."""
    verdicts: tuple[GivenVerdict, ...] = ()
    """What people said of it afterwards, oldest first."""


class InboxLine(Struct, frozen=True, kw_only=True):
    """One alert and what people did about it."""

    alert: AlertEvent
    acknowledged: Acknowledgement | None
    """The newest acknowledgement."""
    muted_until: datetime | None
    """Until when, wall clock, its key is muted."""
    verdict: GivenVerdict | None
    """The newest verdict."""
