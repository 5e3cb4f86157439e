"""A morning at the console, in a real Chromium: board, topic, alert, evidence, verdict, replay desk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from dashboards.console.words import TAGS, words
from pipeline.store import Store
from pipeline.store.actions import journal, verdicts
from tests.console.conftest import console_process
from tests.console.filled import RUN, WIDE
from tests.servers import new_database, start_postgres

PICTURES = os.environ.get("CONSOLE_PICTURES")
"""Folder for screenshots; without it none are taken."""
_PATIENCE = 180_000


class Visit:
    """One reader's browser: what its console says, and whether anything is fetched from elsewhere."""

    def __init__(self, chromium: Any, address: str, lang: str, theme: str) -> None:
        self.said = words(lang)
        self.address, self.lang, self.theme = address, lang, theme
        context = chromium.new_context(viewport={"width": 1280, "height": 860}, reduced_motion="reduce")
        cookies = {"tocsin_lang": lang, "tocsin_theme": theme, "tocsin_by": "Mei"}
        context.add_cookies([{"name": n, "value": v, "url": address} for n, v in cookies.items()])
        self.page = context.new_page()
        self.page.set_default_timeout(_PATIENCE)
        self.errors: list[str] = []
        self.foreign: list[str] = []
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self._asked(request.url))

    def _asked(self, url: str) -> None:
        if not url.startswith((self.address, "data:", "blob:")):
            self.foreign.append(url)

    def open(self, path: str) -> None:
        self.page.goto(self.address + path)
        self.ready()

    def ready(self) -> None:
        self.page.wait_for_selector("html[data-ready]")

    def button(self, name: str, **values: object) -> Any:
        return self.page.get_by_role("button", name=self.said[name].format(**values), exact=True)

    def sound(self, picture: str) -> None:
        """Nothing went wrong on this page, and everybody can use it."""
        found = Axe().run(self.page, options={"resultTypes": ["violations"]}).response["violations"]
        grave = [
            (each["id"], [node["html"][:160] for node in each["nodes"][:3]])
            for each in found
            if each["impact"] in ("serious", "critical")
        ]
        assert grave == []
        assert self.errors == [] and self.foreign == []
        # No headline's script ran, and none became an element.
        assert "owned" not in self.page.title()
        assert self.page.locator("#content :is(script, img, h1 h1)").count() == 0
        if PICTURES:
            self.page.screenshot(path=str(Path(PICTURES) / f"{picture}-{self.lang}-{self.theme}.png"))


@pytest.fixture(params=[("en", "light"), ("zh", "dark")], ids=["en-light", "zh-dark"])
def visit(request: pytest.FixtureRequest, chromium: Any, address: str) -> Iterator[Visit]:
    found = Visit(chromium, address, *request.param)
    yield found
    found.page.context.close()


@pytest.mark.timeout(900)
def test_a_morning(visit: Visit, filled: Store) -> None:
    page, said = visit.page, visit.said
    alert = filled.alerts(RUN)[0]

    visit.open("/")
    assert page.locator("html").get_attribute("data-theme") == visit.theme
    assert page.locator("html").get_attribute("lang") == TAGS[visit.lang]
    rows = page.locator(".t-board tbody tr")
    assert rows.first.locator(".t-badge").inner_text().startswith(said["critical"])
    assert rows.count() == 4
    visit.sound("board")

    rows.first.get_by_role("rowheader").get_by_role("link").click()
    visit.ready()
    page.wait_for_selector(".t-chart svg")
    page.wait_for_selector(".t-story")
    visit.sound("topic")
    page.locator("[data-search]").fill("constructor")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelectorAll('.t-story').length === 1")
    assert "{{ constructor" in page.locator(".t-title").inner_text()

    page.locator(".t-headline .t-badge").click()
    visit.ready()
    page.wait_for_selector(".t-chart svg")
    assert page.locator(".t-parts tr").count() == 3
    assert page.locator(".t-story").count() == len(alert.evidence)
    page.locator(".t-story").nth(2).get_by_role("button", name=said["why"]).click()
    page.wait_for_selector(".t-why")
    visit.sound("alert")

    visit.button("useful").click()
    page.wait_for_selector("button[aria-pressed=true]")
    page.locator(f".t-journal:has-text('{said['action_verdict']}')").wait_for()
    assert verdicts(filled, alert.id)[-1].verdict == "useful"
    assert journal(filled, alert.id)[-1].by == "Mei"
    page.keyboard.press("a")
    page.get_by_role("button", name=said["seen"], exact=True).wait_for()

    page.keyboard.press("g")
    page.keyboard.press("a")
    page.wait_for_selector(".t-inbox")
    visit.ready()
    assert said["seen_by"].format(by="Mei") in page.locator(".t-inbox").inner_text()
    visit.sound("inbox")

    page.keyboard.press("g")
    page.keyboard.press("r")
    page.wait_for_selector(".t-setup")
    visit.ready()
    page.locator(".t-setup select").select_option(f"run:{RUN}")
    page.locator(".t-check input").check()
    page.locator("fieldset").nth(1).locator("input").nth(1).fill("40")
    visit.button("open_feed").click()
    visit.button("jump").click()
    page.locator("[data-side=a] .t-rang li").first.wait_for()
    assert page.locator("[data-side=b] .t-rang li").count() == 0
    assert said["only_here"] in page.locator("[data-side=a] .t-rang").inner_text()
    visit.sound("desk")

    visit.open("/health?run=" + RUN)
    visit.sound("health")


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("lang", "theme", "banks"), [("en", "light", "Banks <we> hold"), ("zh", "dark", "持仓银行")]
)
def test_watchlists_beside_topics(
    chromium: Any, watched_address: str, lang: str, theme: str, banks: str
) -> None:
    visit = Visit(chromium, watched_address, lang, theme)
    page, said = visit.page, visit.said
    rows = page.locator(".t-board tbody tr")
    visit.open(f"/?run={RUN}")
    assert rows.count() == 6
    assert page.locator(".t-choice button").all_inner_texts()[2].split() == [
        "★",
        said["board_watchlists"],
        "2",
    ]
    assert "Nobody's" in page.locator(".t-quiet-lists").inner_text()
    visit.sound("board-all")

    page.keyboard.press("w")
    page.wait_for_function("document.querySelectorAll('.t-board tbody tr').length === 2")
    assert page.url.endswith("show=watchlists") and f"run={RUN}" in page.url
    page.reload()
    visit.ready()
    assert rows.count() == 2
    visit.sound("board-watchlists")
    page.keyboard.press("/")
    page.keyboard.type("WIRE")
    page.wait_for_function("document.querySelectorAll('.t-board tbody tr').length === 1")
    assert page.get_by_role("status").all_inner_texts()[0] == said["rows_n"].format(n=1, all=6)
    page.keyboard.press("Control+a")
    page.keyboard.type("financials")
    page.locator(".t-none", has_text=said["no_topic"]).wait_for()
    page.keyboard.press("Escape")
    page.wait_for_function("document.querySelectorAll('.t-board tbody tr').length === 2")

    page.get_by_role("link", name=f"{said['watchlist']} {banks}", exact=True).click()
    page.wait_for_selector(".t-follows")
    visit.ready()
    name = f"{said['watchlist']} {banks}"
    assert page.get_by_role("heading", level=1, name=name, exact=True).count() == 1
    page.locator(".t-follows summary").click()
    assert "bank fails" in page.locator(".t-follows dl").inner_text()
    page.wait_for_selector(".t-chart svg")
    visit.sound("watchlist")
    page.go_back()
    visit.ready()
    page.wait_for_function("document.querySelectorAll('.t-board tbody tr').length === 2")
    topics = page.locator(".t-choice button").nth(1)
    topics.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelectorAll('.t-board tbody tr').length === 4")
    assert page.url.endswith("show=topics")
    page.locator(".t-choice button").first.press("Space")
    page.wait_for_function("document.querySelectorAll('.t-board tbody tr').length === 6")
    assert "show=" not in page.url

    visit.open(f"/topics/financials?run={RUN}")
    page.locator(".t-story").get_by_role("link", name=banks).first.click()
    page.wait_for_selector(".t-follows")
    assert "/topics/watch.banks?" in page.url
    assert page.locator("we").count() == 0
    page.set_viewport_size({"width": 375, "height": 740})
    for path in ("/", "/topics/watch.banks"):
        visit.open(f"{path}?run={RUN}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 375, path
    page.context.close()


def test_a_board_of_two_hundred_topics_is_found_through(chromium: Any, watched_address: str) -> None:
    visit = Visit(chromium, watched_address, "en", "light")
    page = visit.page
    rows = page.locator(".t-board tbody tr")
    visit.open(f"/?run={WIDE}")
    assert rows.count() == 241
    assert rows.nth(1).get_by_role("rowheader").inner_text().split()[-1] == "list-39", "the most surprising"
    page.keyboard.press("/")
    before = page.evaluate("performance.now()")
    page.keyboard.type("topic 19")
    page.wait_for_function("document.querySelectorAll('.t-board tbody tr').length === 10")
    assert page.evaluate("performance.now()") - before < 5000
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Topic", exact=True).click()
    assert rows.first.get_by_role("rowheader").inner_text() == "topic 190"
    page.locator("[data-search]").fill("")
    page.keyboard.press("Tab")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("w")
    page.wait_for_function("document.querySelectorAll('.t-board tbody tr').length === 40")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.href").endswith(f"/topics/watch.list-00?run={WIDE}")
    visit.sound("board-wide")
    page.context.close()


def test_a_correction_reaches_the_store(chromium: Any, address: str, filled: Store) -> None:
    visit = Visit(chromium, address, "en", "dark")
    page = visit.page
    visit.open(f"/topics/energy_oil?run={RUN}")
    story = page.locator(".t-story").first
    story.get_by_role("button", name="Correct").click()
    story.get_by_label("Right tone").select_option("positive")
    story.get_by_label("Right topic").select_option("markets")
    story.get_by_label("Note").fill("<i>better than it reads</i>")
    story.get_by_role("button", name="Save correction").click()
    page.get_by_text("Correction kept in the store").wait_for(state="attached")
    label = filled.labels(RUN)[-1]
    assert (label.tone, label.topic, label.by) == ("positive", "markets", "Mei")
    assert (label.said_topic, label.note) == ("energy_oil", "<i>better than it reads</i>")
    page.context.close()


def test_on_a_phone_everything_fits(chromium: Any, address: str, filled: Store) -> None:
    visit = Visit(chromium, address, "en", "light")
    page = visit.page
    page.set_viewport_size({"width": 375, "height": 740})
    for path in (
        "/",
        "/topics/overall",
        "/alerts",
        f"/alerts/{filled.alerts(RUN)[0].id}",
        "/replay",
        "/health",
    ):
        visit.open(f"{path}?run={RUN}")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 375, f"{path} is {wide} px wide"
    visit.open(f"/?run={RUN}")
    visit.sound("phone")
    page.context.close()


def test_what_comes_into_the_store_comes_onto_the_page(chromium: Any, address: str, filled: Store) -> None:
    """Without a reload; the verdict of somebody else stands for anything that is written."""
    from datetime import UTC, datetime

    from pipeline.store.actions import give_verdict

    visit = Visit(chromium, address, "en", "light")
    visit.open(f"/alerts/{filled.alerts(RUN)[0].id}?run={RUN}")
    give_verdict(filled, filled.alerts(RUN)[0].id, verdict="noise", by="Olu", at=datetime.now(UTC))
    visit.page.locator(".t-journal:has-text('Olu')").wait_for()
    visit.page.context.close()


def test_a_store_that_goes_away_is_said_and_comes_back_by_itself(chromium: Any, tmp_path: Path) -> None:
    with start_postgres() as server:
        url = new_database(server)
        Store.open(url).close()
        with console_process(tmp_path, url) as address:
            visit = Visit(chromium, address, "en", "light")
            visit.open("/")
            visit.page.locator(".t-empty").get_by_text("tocsin demo").wait_for()
            server.stop()
            visit.page.locator(".t-away-note").wait_for()
            visit.page.reload()
            visit.page.get_by_role("heading", name="The store is away").wait_for()
            assert "tocsin@" not in visit.page.title()
            server.start()
            visit.page.locator(".t-empty").wait_for()
            visit.page.locator(".t-away-note").wait_for(state="detached")
            visit.page.context.close()
