"""A store filled from a small replay, with everything a panel can ask for, hostile text included."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import insert

from alerts.events import Parts
from alerts.settings import DetectorSettings
from pipeline.classify import Incoming, classify_batch
from pipeline.records import Document
from pipeline.replay import History, replay_offline
from pipeline.settings import Settings, Watchlist
from pipeline.store import Store, actions, schema
from pipeline.watchlists import Watchlists
from tests.headlines import distinct
from tests.keyword_classifier import KeywordClassifier
from tests.records import alert_event, evidence, label, rejected

RUN = "autumn-2008"
START = datetime(2008, 9, 8, tzinfo=UTC)
DAYS = 8
SURGE = START + timedelta(days=7, hours=4)
END = START + timedelta(days=DAYS)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOSTILE = (
    '=HYPERLINK("http://x")<script>alert(1)</script> [bank](javascript:alert(1)) '
    "\u202eevil\u202c\u200b bank fails\x07 " + "W" * 10_000
)


LISTS = {"banks": Watchlist(title="Banks", terms=("bank",)), "wires": Watchlist(sources=("wire",))}


def documents(seed: int = 1) -> list[Document]:
    """Eight days of some sixty stories each, a bank run on the last, one headline that means harm."""
    chance = random.Random(seed)
    made = []
    for number in range(DAYS * 60):
        at = START + timedelta(seconds=chance.randrange((DAYS - 1) * 86_400))
        word = ("fails", "meets", "gains", "meets", "meets")[number % 5]
        made.append(
            Document(
                id=f"d{number}",
                source=("wire", "blog", "forum")[number % 3],
                published_at=at,
                title=f"{distinct(number)} {word} to discuss {('shares', 'oil')[number % 2]}",
                lang=("en", "zh")[number % 7 == 0],
                kind=("news", "comment")[number % 4 == 0],
            )
        )
    for number in range(40):
        title = f"{distinct(1000 + number // 2)} bank fails"
        at = SURGE + timedelta(minutes=number)
        made.append(Document(id=f"s{number}", source="wire", published_at=at, title=title, lang="en"))
    harm = {"url": "javascript:alert(1)", "source": "<b>wire</b>", "author": "@evil"}
    made.append(Document(id="harm", published_at=SURGE, title=HOSTILE, lang="en", **harm))
    return sorted(made, key=lambda document: (document.published_at, document.id))


def fill(store: Store) -> None:
    """Write the replay, and of whatever else a store holds at least one."""
    news = documents()
    history = History(
        feed="news.jsonl",
        documents=tuple(news),
        rows=tuple(range(1, len(news) + 1)),
        rejected=(),
        outside=0,
    )
    settings = Settings(detector=DetectorSettings(warmup_days=2), watchlists=LISTS)
    result = replay_offline(history, KeywordClassifier(), settings, run=RUN, now=NOW)
    scored = classify_batch(
        [Incoming(0, at, msgspec.json.encode(document)) for at, document in enumerate(news)],
        KeywordClassifier(),
        run=RUN,
        topic="news.jsonl",
        now=NOW,
        future_tolerance=300,
        live=False,
        watchlists=Watchlists(settings.watchlists),
        detect_language=False,
    ).scored
    store.write_documents(scored)
    stories = {document.id: document.story for document in scored}
    with store.writing() as connection:
        merged = {"run": RUN, "story": stories["s2"], "joined": stories["s0"], "minute": SURGE}
        connection.execute(insert(schema.story_merge), merged)
    store.write_sentiment(result.minutes)
    store.write_alerts(result.events)
    _alerts(store)
    store.write_rejected([rejected(run=RUN, rejected_at=START + timedelta(days=1), detail="<img src=x>")])
    store.write_labels([label(run=RUN, at=START + timedelta(days=2))])


def _alerts(store: Store) -> None:
    """Two alerts of our own, so that no panel depends on what the detector makes of this feed."""
    story = evidence(title=HOSTILE, url="javascript:alert(1)", source="=wire", contribution=1.25, copies=3)
    fields = {
        "id": "surge",
        "run": RUN,
        "key": "financials",
        "started_at": SURGE,
        "detected_at": SURGE + timedelta(minutes=20),
        "expected_low": 0.5,
        "expected_high": 8.0,
        "documents": 80,
        "parts": Parts(worse_tone=20.0, more_news=15.875, mix=3.0),
        "covers": ("markets",),
        "changed": "Twice as many stories as before.",
        "evidence": (story, evidence(id="e2", title="Bank shuts")),
    }
    grown = {"severity": "critical", "reason": "escalated", "observed": 60, "surprise": 20.0}
    store.write_alerts([alert_event(**fields), alert_event(1, **(fields | grown))])
    over = fields | {"id": "over", "key": "markets", "started_at": START + timedelta(days=3)}
    over |= {
        "detected_at": START + timedelta(days=3, hours=1),
        "resolved_at": START + timedelta(days=3, hours=4),
    }
    store.write_alerts([alert_event(2, **(over | {"state": "resolved", "reason": "resolved"}))])
    actions.acknowledge(store, "surge", by="ann <b>", at=NOW, note="=cmd()")
    actions.mute(store, run=RUN, key="financials", until=NOW + timedelta(hours=1), by="ann", at=NOW)
    actions.give_verdict(store, "surge", verdict="useful", by="ann", at=NOW, note="<i>well</i>")
