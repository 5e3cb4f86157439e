from __future__ import annotations

from html.parser import HTMLParser

from models.explain import Explanation
from models.explain.page import explanation_page

VOID = {"meta"}


class Read(HTMLParser):
    """What a browser makes of a page: elements, text, and what a screen reader is told."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.hidden = 0
        self.text = ""
        self.spoken = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
            self.hidden += bool(self.hidden or dict(attrs).get("aria-hidden"))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.hidden = max(0, self.hidden - 1)

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data
            self.spoken += "" if self.hidden else data


def test_the_page_is_well_formed_and_fetches_nothing(explanation: Explanation) -> None:
    page = Read(explanation_page(explanation))
    assert page.open == []
    names = {name for name, _ in page.elements}
    assert not names & {"script", "link", "img", "iframe", "b"}
    assert not [attributes for _, attributes in page.elements if {"src", "href"} & set(attributes)]
    assert ("html", {"lang": "en"}) in page.elements


def test_the_text_stands_there_with_signs_and_what_was_not_read(explanation: Explanation) -> None:
    page = Read(explanation_page(explanation))
    assert "+profit" in page.text
    assert "−not" in page.text
    assert "said <b>Ann</b>" in page.text
    assert "(not read:  & co, at length)" in page.text
    assert "completeness error 0.010 (0.2%), 64 steps" in page.text


def test_a_screen_reader_hears_what_colours_show(explanation: Explanation) -> None:
    spoken = Read(explanation_page(explanation)).spoken
    assert "profit (speaks for it) did not (speaks against it) double (speaks for it)" in spoken


def test_light_and_dark(explanation: Explanation) -> None:
    page = explanation_page(explanation)
    assert "color-scheme: light dark" in page
    assert page.count("prefers-color-scheme: dark") == 2  # of all pages, and of this one's own colours


def test_hostile_text_stays_text(hostile: Explanation) -> None:
    page = Read(explanation_page(hostile))
    assert page.open == []
    assert not {name for name, _ in page.elements} & {"script", "img", "i"}
    for text in ("<script>alert(1)</script>", '"><img src=x>', "<i>model</i>", "</style>"):
        assert text in page.text
