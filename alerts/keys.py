"""What is counted and listened to: everything together, a topic, or a watchlist."""

from __future__ import annotations

OVERALL = "overall"
"""Key of all documents together."""
WATCH = "watch."
"""What a watchlist's key begins with; no topic id has a full stop."""


def watchlist_key(name: str) -> str:
    """Key under which a watchlist is counted: `banks` → `watch.banks`."""
    return WATCH + name


def watchlist_of(key: str) -> str | None:
    """Name of the watchlist that a key stands for; None for a topic and `overall`."""
    return key.removeprefix(WATCH) if key.startswith(WATCH) else None


def is_topic(key: str) -> bool:
    """Whether a key is a topic's: topics divide everything between them, watchlists overlap."""
    return key != OVERALL and not key.startswith(WATCH)
