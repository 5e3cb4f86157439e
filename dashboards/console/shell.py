"""The shell around a page: NiceGUI brings its view to a browser and its actions back, live."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
from nicegui import background_tasks, ui
from nicegui.element import Element
from nicegui.elements import echart  # noqa: F401 - registers ECharts, which parts/chart.js imports
from starlette.requests import Request

from dashboards import query
from dashboards.console.pages.page import Args, Done, Moving, Page
from dashboards.console.state import Console, Frame
from dashboards.console.views.say import Json, Say
from dashboards.console.words import TAGS, language, words
from dashboards.text import printable
from pipeline.errors import TocsinError
from pipeline.store.errors import StoreUnavailable

log = logging.getLogger(__name__)

_HEAD = """
<link rel="stylesheet" href="/assets/console.css">
<script>
  document.documentElement.lang = "{lang}";
  document.documentElement.dataset.theme =
    (document.cookie.match(/(?:^|; )tocsin_theme=(light|dark)/) || [])[1] || "";
</script>
"""
_AWAY, _LOST, _TROUBLE = "Away", "Lost", "Trouble"


class View(Element, component="view.js", esm={"tocsin-console": "parts"}):
    """The component that shows every page, see view.js."""

    def __init__(self, page: str, lang: str, frame: Json, view: Json) -> None:
        super().__init__()
        self._props["page"], self._props["lang"] = page, lang
        self._props["words"] = dict(words(lang))
        self._props["frame"], self._props["view"] = frame, view

    def take(self, part: Json) -> None:
        """Replace the parts of what is shown that `part` names."""
        self.run_method("take", part)


async def show(console: Console, request: Request, page: Page) -> None:
    """Build a page for a browser that asks for it, and keep it up to date for as long as it is open."""
    await Shown(console, request, page).open()


class Shown:
    """One page in one browser."""

    def __init__(self, console: Console, request: Request, page: Page) -> None:
        self._console, self._page = console, page
        cookies = request.cookies
        self._lang = language(cookies.get("tocsin_lang"), request.headers.get("accept-language"))
        self._say = Say(self._lang, console.settings.watchlists)
        self._by = printable(unquote(cookies.get("tocsin_by", "")), 64) or console.user
        self._run = request.query_params.get("run", "")
        self._turn, self._changed = asyncio.Lock(), asyncio.Event()
        self._sent: dict[str, bytes] = {}
        self._firing: frozenset[str] | None = None

    async def open(self) -> None:
        """Read the page, show it, and watch for changes."""
        client = ui.context.client
        ui.add_head_html(_HEAD.replace("{lang}", TAGS[self._lang]))
        ui.add_body_html('<div id="tocsin-frame"></div>')
        part = await asyncio.to_thread(self._read)
        self._note(part)
        client.title = f"{part['title']} · Tocsin"
        view = View(part["page"], self._lang, part["frame"], part["view"])
        view.on("act", lambda event: self._act(view, event.args))
        live, page = self._console.live, self._page
        following = background_tasks.create(self._follow(view), name="follow")
        client.on_connect(self._changed.set)
        ends: list[Callable[[], object]] = [
            following.cancel,
            live.watch(self._run, lambda: self._console.pulse(self._run), self._stale),
        ]
        if isinstance(page, Moving):
            ends.append(live.watch(f"page/{id(page)}", page.pulse, self._stale))
        client.on_delete(lambda: self._leave(ends))

    async def _stale(self) -> None:
        self._changed.set()

    async def _follow(self, view: View) -> None:
        """Read the page again when something changed, then rest as long: a replay changes all the time.

        A page that was left is kept for its browser to come back to, and read again only when it does.
        """
        clock = asyncio.get_running_loop().time
        while not view.is_deleted:
            await self._changed.wait()
            self._changed.clear()
            if not view.client.has_socket_connection:
                continue
            began = clock()
            try:
                await self._refresh(view)
            except Exception:
                log.exception("a page could not be brought up to date")
            await asyncio.sleep(clock() - began)

    def _leave(self, ends: Sequence[Callable[[], object]]) -> None:
        """Nobody looks any more."""
        for end in ends:
            end()
        if isinstance(self._page, Moving):
            # What moves may take a while to stop; nobody else shall wait for it.
            asyncio.get_running_loop().run_in_executor(None, self._page.close)

    def _read(self) -> dict[str, Any]:
        """Frame and view as they are now; blocks."""
        frame = Frame()
        try:
            frame = self._console.frame(self._run)
            self._run = frame.run
            asked = self._console.asked(self._run, self._say, self._by)
            name, view = self._page.name, self._page.view(asked)
        except query.NotFound as error:
            name, view = _LOST, {"says": printable(str(error))}
        except StoreUnavailable as error:
            frame = frame.away(str(error))
            name, view = _AWAY, {"says": printable(str(error))}
        except TocsinError as error:
            name, view = _TROUBLE, {"says": printable(str(error))}
        title = view.get("title") or view.get("label") or self._say(f"title_{name}")
        told = frame.told(self._by, login=self._console.login)
        return {"page": name, "frame": told, "view": view, "title": title, "firing": frame.firing_ids}

    def _note(self, part: dict[str, Any]) -> set[str]:
        """Remember what is shown; which of page, frame and view are new."""
        news = set()
        for name in ("page", "frame", "view"):
            encoded = msgspec.json.encode(part[name])
            if self._sent.get(name) != encoded:
                self._sent[name] = encoded
                news.add(name)
        return news

    async def _refresh(self, view: View, done: Done | None = None) -> None:
        async with self._turn:
            part = await asyncio.to_thread(self._read)
            news = self._note(part)
            said = [done.say] if done is not None and done.say else []
            firing = part["firing"]
            if self._firing is not None and firing - self._firing:
                said.append(self._say("new_alerts", n=len(firing - self._firing)))
            self._firing = firing
            push = {name: part[name] for name in news}
            if "page" in push:
                push["view"] = part["view"]
            if said:
                push["say"] = " ".join(said)
            if push and not view.is_deleted:
                view.take(push)

    async def _act(self, view: View, args: Any) -> None:
        """Do what the browser asks for, and show what came of it."""
        if not isinstance(args, dict) or not isinstance(args.get("name"), str):
            return
        try:
            done = await asyncio.to_thread(self._do, args["name"], args)
        except TocsinError as error:
            done = Done(printable(str(error)))
            view.take({"problem": printable(str(error))})
        if done is not None:
            await self._refresh(view, done)

    def _do(self, name: str, args: Args) -> Done | None:
        if name == "name":
            self._by = printable(str(args.get("by", "")), 64) or self._console.user
            return Done()
        return self._page.act(name, args, self._console.asked(self._run, self._say, self._by))


def serve_assets(app: Any) -> None:
    """Serve the style sheet."""
    app.add_static_files("/assets", str(Path(__file__).with_name("assets")), max_cache_age=0)


__all__ = ["View", "background_tasks", "serve_assets", "show"]
