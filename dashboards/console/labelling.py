"""A correction from the console: into the topic where there is a broker, else into the store."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from datetime import datetime
from typing import Literal, cast

from pipeline.errors import UsageError
from pipeline.labels.check import check_label
from pipeline.records import Label, ScoredDocument, Tone
from pipeline.settings import Settings
from pipeline.store import Store
from pipeline.validate import Invalid

LabelsGo = Literal["auto", "store"]
"""Where corrections go: `auto` is to the topic where a broker answers, else into the store."""

_PATIENCE = 1.0
"""Seconds that a broker has to accept a connection, else there is none."""


def correction(
    document: ScoredDocument,
    *,
    tone: str,
    topic: str,
    by: str,
    note: str,
    at: datetime,
    topics: Sequence[str],
) -> Label:
    """The label that corrects a document; raises UsageError where it says nothing new or nothing valid."""
    if tone not in ("", "negative", "neutral", "positive"):
        raise UsageError(f"tone {tone!r}: negative, neutral or positive")
    label = Label(
        run=document.run,
        id=document.id,
        title=document.title,
        body=document.body,
        model=document.model,
        said_tone=document.tone,
        said_topic=document.topic,
        tone=cast(Tone, tone) if tone else None,
        topic=topic,
        by=by,
        at=at,
        note=note,
    )
    try:
        return check_label(label, topics=topics, now=at, future_tolerance=0)
    except Invalid as error:
        raise UsageError(error.detail) from None


def keep_label(label: Label, settings: Settings, store: Store, go: LabelsGo = "auto") -> str:
    """Publish it to `tocsin.labels`, or write it to the store where no broker answers; says where it went."""
    if go == "auto" and broker_answers(settings.broker.servers):
        from pipeline.labels.log import publish_labels

        publish_labels(settings, [label])
        return "kafka"
    store.write_labels([label])
    return "store"


def broker_answers(servers: str) -> bool:
    """Whether any of `host:port,…` accepts a connection."""
    for server in servers.split(","):
        host, _, port = server.rpartition(":")
        try:
            with socket.create_connection((host, int(port)), timeout=_PATIENCE):
                return True
        except OSError:
            continue
    return False
