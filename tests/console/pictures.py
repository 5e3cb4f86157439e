"""Pictures of the console for the documentation, over the store that `tocsin demo` leaves.

tocsin demo --exit-when-done
python -m tests.console.pictures sqlite:///$PWD/.tocsin/demo/tocsin.db docs/images
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from pipeline.store import Store
from tests.console.conftest import _CHROMIUM, console_process

SURGE = "2023-03-13T14:20:00Z"
_COLOURS = 96
_PATIENCE = 120_000


def main() -> None:
    """Take them all."""
    url, folder = sys.argv[1], Path(sys.argv[2])
    with Store.open(url) as store:
        alerts = store.alerts("demo")
    gravest = max(alerts, key=lambda alert: alert.surprise)
    with ExitStack() as stack:
        state = stack.enter_context(tempfile.TemporaryDirectory())
        address = stack.enter_context(console_process(Path(state), url))
        driver = stack.enter_context(sync_playwright())
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=list(_CHROMIUM))
        for name, theme, lang, path in (
            ("board", "light", "en", f"/?run=demo&at={SURGE}"),
            ("topic", "dark", "en", "/topics/overall?run=demo"),
            ("alert", "light", "en", f"/alerts/{gravest.id}?run=demo"),
            ("board-zh", "dark", "zh", f"/?run=demo&at={SURGE}"),
            ("desk", "dark", "en", "/replay?run=demo"),
            ("phone", "light", "en", f"/?run=demo&at={SURGE}"),
        ):
            page = visit(browser, address, theme, lang, 390 if name == "phone" else 1280)
            page.goto(address + path)
            page.wait_for_selector("html[data-ready]")
            if name == "desk":
                play(page)
            elif name in ("topic", "alert"):
                page.wait_for_selector(".t-chart svg")
            page.wait_for_timeout(1500)
            file = folder / f"console-{name}.png"
            page.screenshot(path=str(file))
            shrink(file)
            page.context.close()
        browser.close()


def visit(browser: Any, address: str, theme: str, lang: str, width: int) -> Page:
    """A browser of somebody who chose language and light."""
    context = browser.new_context(viewport={"width": width, "height": 800 if width > 500 else 780})
    for name, value in (("tocsin_theme", theme), ("tocsin_lang", lang), ("tocsin_by", "Mei")):
        context.add_cookies([{"name": name, "value": value, "url": address}])
    page: Page = context.new_page()
    page.set_default_timeout(_PATIENCE)
    return page


def play(page: Page) -> None:
    """The bank run under two settings, to its end."""
    page.locator(".t-check input").check()
    page.locator("fieldset").nth(1).locator("input").nth(1).fill("5")
    page.get_by_role("button", name="Load", exact=True).click()
    page.locator(".t-player .t-main:not([disabled])").wait_for()
    page.locator(".t-player select").select_option("max")
    page.locator(".t-player .t-main").click()
    page.get_by_text("at its end", exact=True).wait_for(timeout=600_000)
    page.locator(".t-player").evaluate("it => window.scrollTo(0, it.offsetTop - 72)")


def shrink(file: Path) -> None:
    """Few colours: interfaces have no more, and the file is a third."""
    picture = Image.open(file).convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    picture.save(file, optimize=True)


if __name__ == "__main__":
    main()
