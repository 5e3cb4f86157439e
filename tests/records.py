"""Records for tests: sensible defaults, any field to be named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.events import AlertEvent, Evidence, Parts
from pipeline.records import Label, Rejected, ScoredDocument, SentimentMinute, SentimentRow, Window

START = datetime(2008, 9, 15, 4, 30, tzinfo=UTC)


def evidence(**fields: Any) -> Evidence:
    told: dict[str, Any] = {
        "id": "e1",
        "title": "Bank files for bankruptcy",
        "source": "wire",
        "url": "https://news.example/1",
        "published_at": START,
        "topic": "financials",
        "score": -0.912,
        "story": 7,
    }
    return Evidence(**(told | fields))


def document(**fields: Any) -> ScoredDocument:
    told: dict[str, Any] = {
        "run": "live",
        "id": "d1",
        "kind": "news",
        "source": "wire",
        "published_at": START,
        "title": "Bank files for bankruptcy",
        "body": "It is the largest in history.",
        "url": "",
        "lang": "en",
        "author": "",
        "symbols": ("LEH",),
        "topic": "financials",
        "p_topic": 0.871,
        "tone": "negative",
        "p_negative": 0.95,
        "p_neutral": 0.038,
        "p_positive": 0.012,
        "score": -0.938,
        "model": "en-0000",
        "story": 2**62 + 1,
        "partition": 0,
        "offset": 0,
    }
    return ScoredDocument(**(told | fields))


def sentiment_row(**fields: Any) -> SentimentRow:
    window = Window(documents=9, mean=-0.25, negative_share=1 / 3, negative_share_se=0.142857)
    told: dict[str, Any] = {
        "key": "overall",
        "documents": 3,
        "stories": 2,
        "negative": 1,
        "neutral": 1,
        "positive": 1,
        "negative_stories": 1,
        "late": 0,
        "score_sum": -938,
        "score_sumsq": 879844,
        "windows": {"5m": window, "1h": window, "24h": window},
        "evidence": (evidence(),),
    }
    return SentimentRow(**(told | fields))


def sentiment_minute(
    minute: int = 0, revision: int = 0, *rows: SentimentRow, run: str = "live"
) -> SentimentMinute:
    return SentimentMinute(
        run=run,
        minute=START + timedelta(minutes=minute),
        revision=revision,
        rows=rows or (sentiment_row(),),
    )


def alert_event(seq: int = 0, **fields: Any) -> AlertEvent:
    told: dict[str, Any] = {
        "id": "a1",
        "seq": seq,
        "run": "live",
        "key": "financials",
        "kind": "negative_surge",
        "severity": "warning",
        "state": "firing",
        "reason": "fired",
        "started_at": START,
        "detected_at": START + timedelta(minutes=10),
        "resolved_at": None,
        "window_minutes": 60,
        "observed": 42,
        "expected": 3.125,
        "observed_share": 0.7,
        "expected_share": 0.2,
        "surprise": 12.5,
        "threshold": 5.0,
        "evidence": (evidence(),),
        "cause": "more_news",
        "expected_low": 0.0,
        "expected_high": 8.0,
        "documents": 61,
        "capped": 2,
        "provisional": True,
        "parts": Parts(worse_tone=14.5, more_news=24.375),
        "covers": ("markets",),
        "changed": "",
        "scales": (15, 60),
        "budget_per_week": 0.5,
        "realised_per_week": 0.25,
        "at": START + timedelta(minutes=10),
    }
    if fields.get("state") == "resolved":
        told |= {"reason": "resolved", "resolved_at": START + timedelta(minutes=90)}
    return AlertEvent(**(told | fields))


def rejected(**fields: Any) -> Rejected:
    told: dict[str, Any] = {
        "run": "live",
        "reason": "bad_json",
        "detail": "no value at byte 0",
        "raw": b"\x00\xff{",
        "topic": "tocsin.documents",
        "partition": 0,
        "offset": 0,
        "rejected_at": START,
    }
    return Rejected(**(told | fields))


def label(**fields: Any) -> Label:
    told: dict[str, Any] = {
        "id": "d1",
        "title": "Bank files for bankruptcy",
        "body": "It is the largest in history.",
        "model": "en-0000",
        "said_tone": "neutral",
        "said_topic": "markets",
        "tone": "negative",
        "topic": "financials",
        "by": "ann",
        "at": START,
        "note": "",
    }
    return Label(**(told | fields))
