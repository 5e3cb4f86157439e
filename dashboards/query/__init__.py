"""The read side of the store, for everything that people look at: typed, bounded, never a write.

Every function takes a `pipeline.store.Store` first, asks with bound parameters only, and gives up with
`QueryTimeout` or `QueryTooLarge` rather than keep a database busy. `as_of` asks what was known at a moment:
see docs/decisions/0011-point-in-time.md.
"""

from __future__ import annotations

from alerts.events import AlertEvent
from dashboards.query.alerts import alert, alerts, inbox
from dashboards.query.board import board
from dashboards.query.documents import document, documents, shares, stories
from dashboards.query.errors import NotFound, QueryTimeout, QueryTooLarge
from dashboards.query.reading import reading
from dashboards.query.runs import first_minute, keys, pulse, runs
from dashboards.query.sentiment import STEPS, check_span, sentiment, sentiment_columns, sentiment_rows
from dashboards.query.values import (
    AlertDetail,
    AlertMoment,
    BoardLine,
    BoardView,
    DocumentPage,
    InboxLine,
    Pulse,
    RunInfo,
    Series,
    SeriesPoint,
    Share,
    Story,
    StoryPage,
)
from pipeline.records import ScoredDocument

__all__ = [
    "STEPS",
    "AlertDetail",
    "AlertEvent",
    "AlertMoment",
    "BoardLine",
    "BoardView",
    "DocumentPage",
    "InboxLine",
    "NotFound",
    "Pulse",
    "QueryTimeout",
    "QueryTooLarge",
    "RunInfo",
    "ScoredDocument",
    "Series",
    "SeriesPoint",
    "Share",
    "Story",
    "StoryPage",
    "alert",
    "alerts",
    "board",
    "check_span",
    "document",
    "documents",
    "first_minute",
    "inbox",
    "keys",
    "pulse",
    "reading",
    "runs",
    "sentiment",
    "sentiment_columns",
    "sentiment_rows",
    "shares",
    "stories",
]
