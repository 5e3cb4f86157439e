"""Syndication must not ring: every story told fifty times raises no alarm that single copies would not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
from rich.console import Console

from benchmarks.alert_bars.bar import Bar
from benchmarks.alert_streams import read_stream, ring
from pipeline.records import Document
from pipeline.settings import Settings

_COPIES = 50
_STREAM = "reuters_2010_flash_crash"
_DAYS = 5
_EVERY = 8
"""Every eighth document, so that fifty copies of each are still few enough."""


def measure(data: Path, settings: Settings, trials: int, progress: Console) -> list[Bar]:
    """Alarms of a few days of news, with every story once and fifty times."""
    detector = settings.detector.model_copy(update={"budget_per_week": 2.0, "warmup_days": 1.0})
    path = data / "streams" / f"{_STREAM}.csv.gz"
    single = read_stream(path, settings, _some)
    many = read_stream(path, settings, lambda documents: _copied(_some(documents)))
    once = {(event.key, event.started_at) for event in ring(single, detector) if event.reason == "fired"}
    often = {(event.key, event.started_at) for event in ring(many, detector) if event.reason == "fired"}
    return [
        Bar(
            f"alarms by copies alone, each story {_COPIES}x",
            str(len(often - once)),
            "0",
            not often - once,
            f"{single.documents:,} and {many.documents:,} documents: {len(once)} and {len(often)} alarms",
        )
    ]


def _some(documents: Sequence[Document]) -> list[Document]:
    until = documents[0].published_at + timedelta(days=_DAYS)
    return [document for document in documents[::_EVERY] if document.published_at < until]


def _copied(documents: Sequence[Document]) -> list[Document]:
    """Each document fifty times within an hour, as other outlets' copies: another id, source and stamp."""
    copies = [
        msgspec.structs.replace(
            document,
            id=f"{document.id}/{copy}" if copy else document.id,
            source=f"{document.source} {copy}" if copy else document.source,
            published_at=document.published_at + timedelta(minutes=copy * 59 // (_COPIES - 1)),
        )
        for document in documents
        for copy in range(_COPIES)
    ]
    return sorted(copies, key=lambda document: (document.published_at, document.id))
