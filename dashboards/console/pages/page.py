"""What every page is to the shell that shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from dashboards.console.explaining import Explainer
from dashboards.console.labelling import LabelsGo
from dashboards.console.views.say import Json, Say
from pipeline.settings import Settings
from pipeline.store import Store

Args = Mapping[str, Any]
"""What a browser sends with an action: anything at all, so each handler checks what it takes."""


@dataclass
class Asked:
    """Who looks at a page, and what all pages share."""

    store: Store
    settings: Settings
    say: Say
    run: str
    by: str
    now: datetime
    explainer: Explainer
    topics: tuple[str, ...]
    """Topic ids of the model that the settings name."""
    labels: LabelsGo = "auto"
    """Where corrections go."""


@dataclass
class Done:
    """What came of an action."""

    say: str = ""
    """Told aloud to whoever cannot see the page."""
    view: Json | None = field(default=None)
    """A view to show at once; None: read it again."""


class Page(Protocol):
    """One page that somebody has open. Both methods block, and are called from a thread, one at a time."""

    name: str
    """The component that shows it, see parts/index.js."""

    def view(self, asked: Asked) -> Json:
        """Read the page as it is now."""

    def act(self, name: str, args: Args, asked: Asked) -> Done | None:
        """Do what somebody asked for; None where the page knows no such action."""


@runtime_checkable
class Moving(Protocol):
    """A page that changes by itself, whatever the store does."""

    def pulse(self) -> object:
        """What changes whenever the page has."""

    def close(self) -> None:
        """Nobody looks any more."""


def text(args: Args, name: str, limit: int = 500) -> str:
    """A text that the browser sent, cut to `limit` characters; empty where it sent none."""
    value = args.get(name)
    return value[:limit] if isinstance(value, str) else ""


def moment(args: Args, name: str) -> datetime | None:
    """A moment that the browser sent in milliseconds; None where it sent none."""
    from datetime import UTC

    value = args.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value / 1000, UTC)
    except (OverflowError, OSError, ValueError):
        return None
