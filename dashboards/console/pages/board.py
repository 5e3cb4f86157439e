"""The board's page."""

from __future__ import annotations

from datetime import datetime

from dashboards import query
from dashboards.console.pages.page import Args, Asked, Done
from dashboards.console.views.alerts import mutes_by_key
from dashboards.console.views.board import board_view
from dashboards.console.views.say import Json
from pipeline.store import actions


class BoardPage:
    """Every topic and watchlist of a run, now or at a moment of its past."""

    name = "Board"

    def __init__(self, at: datetime | None = None) -> None:
        self._at = at

    def view(self, asked: Asked) -> Json:
        """Read the page as it is now."""
        board = query.board(asked.store, asked.run, self._at)
        mutes = actions.active_mutes(asked.store, asked.run, asked.now)
        keys = [line.key for line in board.lines]
        return board_view(
            board,
            asked.say,
            warmup_days=asked.settings.detector.warmup_days,
            muted=mutes_by_key(mutes, keys, asked.now, asked.say),
            asked=self._at,
            followed=asked.settings.watchlists if self._expects(asked) else (),
        )

    def _expects(self, asked: Asked) -> bool:
        """Whether the settings' watchlists were followed in this run: of others nobody knows."""
        return self._at is None and asked.run == asked.settings.run

    def act(self, name: str, args: Args, asked: Asked) -> Done | None:
        """The board only shows."""
        return None
