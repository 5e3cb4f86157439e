"""Stories: what was said, where it stood, and what the model made of it."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.events import Evidence
from alerts.keys import watchlist_key
from dashboards.console.views.say import Json, Say, iso
from dashboards.query import Story
from dashboards.text import printable

TITLE = 300
_SOURCE = 60
_NEUTRAL = 0.15


def story_view(story: Story, say: Say, of: str = "") -> Json:
    """A story of the page of the key `of`."""
    first = story.first
    spread = say("spread_over", n=story.sources) if story.sources > 1 else ""
    return {
        "id": first.id,
        "title": printable(first.title or first.body, TITLE),
        "source": printable(first.source, _SOURCE),
        "author": printable(first.author, _SOURCE),
        "lang": printable(first.lang, 16),
        "topic_name": say.topic(first.topic),
        "topic": first.topic,
        "watchlists": _lists(first.watchlists, say, of),
        "at": iso(first.published_at),
        "tone": first.tone,
        "score": story.score,
        "copies": story.documents,
        "sources": spread,
    }


def evidence_view(evidence: Evidence, say: Say, of: str = "") -> Json:
    """A story that moved an alert of the key `of`."""
    return {
        "id": evidence.id,
        "title": printable(evidence.title, TITLE),
        "source": printable(evidence.source, _SOURCE),
        "author": printable(evidence.author, _SOURCE),
        "lang": "",
        "topic_name": say.topic(evidence.topic),
        "topic": evidence.topic,
        "watchlists": _lists(evidence.watchlists, say, of),
        "at": iso(evidence.published_at),
        "tone": evidence.tone or _tone(evidence.score),
        "score": evidence.score,
        "copies": evidence.copies,
        "contribution": round(evidence.contribution, 2),
        "sources": "",
    }


def topic_choices(say: Say, ids: tuple[str, ...]) -> list[Json]:
    """Topics that a story may be moved to."""
    choices: list[Json] = [{"key": key, "label": say.topic(key)} for key in ids]
    return sorted(choices, key=lambda choice: str(choice["label"]))


def _lists(names: Sequence[str], say: Say, of: str) -> list[Json]:
    """The watchlists that a story belongs to, but for the one whose page it stands on."""
    return [say.named(key) for key in map(watchlist_key, names) if key != of]


def _tone(score: float) -> str:
    return "negative" if score < -_NEUTRAL else "positive" if score > _NEUTRAL else "neutral"
