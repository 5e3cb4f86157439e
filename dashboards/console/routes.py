"""Which address shows which page; importing this needs NiceGUI."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from fastapi import FastAPI
from nicegui import app as nicegui_app
from nicegui import ui
from starlette.requests import Request

from dashboards.console.access import Sessions, is_loopback
from dashboards.console.desk.page import DeskPage
from dashboards.console.desk.runs import Desks
from dashboards.console.guard import Guard
from dashboards.console.labelling import LabelsGo
from dashboards.console.pages.alerts import AlertDesk, InboxPage
from dashboards.console.pages.board import BoardPage
from dashboards.console.pages.health import HealthPage
from dashboards.console.pages.topic import TopicDesk
from dashboards.console.shell import serve_assets, show
from dashboards.console.state import Console
from pipeline.settings import Settings

_RECONNECT_SECONDS = 30.0
_ANSWER_SECONDS = 60.0
"""What a page may take to be read: longer than a query may, so that its own message is what is shown."""
_BELL = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'%3E"
    "%3Cpath fill='%23c2571a' d='M12 2a2 2 0 0 1 2 2v.3A7 7 0 0 1 19 11v5l2 3H3l2-3v-5a7 7 0 0 1 5-6.7V4a2 2"
    " 0 0 1 2-2Zm-3 18h6a3 3 0 0 1-6 0Z'/%3E%3C/svg%3E"
)


def build(
    settings: Settings, sessions: Sessions, *, host: str, feeds: Path | None, labels: LabelsGo
) -> Guard:
    """The whole console as an ASGI application; one a process, as NiceGUI keeps its routes globally."""
    console = Console(settings, login=sessions.needed, labels=labels)
    desks = Desks(settings, feeds)
    serve_assets(nicegui_app)

    @ui.page("/", response_timeout=_ANSWER_SECONDS)
    async def board(request: Request) -> None:
        await show(console, request, BoardPage(_moment(request)))

    @ui.page("/topics/{key:path}", response_timeout=_ANSWER_SECONDS)
    async def topic(request: Request, key: str) -> None:
        await show(console, request, TopicDesk(key, _moment(request)))

    @ui.page("/alerts", response_timeout=_ANSWER_SECONDS)
    async def inbox(request: Request) -> None:
        await show(console, request, InboxPage(request.query_params.get("show", "all")))

    @ui.page("/alerts/{id}", response_timeout=_ANSWER_SECONDS)
    async def alert(request: Request, id: str) -> None:
        await show(console, request, AlertDesk(id))

    @ui.page("/replay", response_timeout=_ANSWER_SECONDS)
    async def replay(request: Request) -> None:
        await show(console, request, DeskPage(desks))

    @ui.page("/health", response_timeout=_ANSWER_SECONDS)
    async def health(request: Request) -> None:
        await show(console, request, HealthPage())

    def shut() -> None:
        desks.close()
        console.close()

    nicegui_app.on_shutdown(shut)
    api = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    ui.run_with(
        api,
        title="Tocsin",
        favicon=_BELL,
        dark=None,
        tailwind=False,
        reconnect_timeout=_RECONNECT_SECONDS,
        show_welcome_message=False,
    )
    return Guard(api, sessions, bound_to_loopback=is_loopback(host))


def _moment(request: Request) -> datetime | None:
    """The moment in the address, if there is one that can be read."""
    try:
        at = datetime.fromisoformat(request.query_params.get("at", ""))
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
