import io
import re
from html.parser import HTMLParser

import pytest
from rich.console import Console

from models.data import Example
from models.evaluation.evaluate import compare_models, evaluate
from models.evaluation.page import comparison_page, report_page
from models.evaluation.report import Report
from models.evaluation.rows import Rows
from models.evaluation.tables import show_comparison, show_report
from models.taxonomy import topic_ids
from tests.models.evaluation.conftest import MakeModel, row

HOSTILE = "<script>alert('1')</script><img src=x onerror=alert(2)>\u202e [bold]good[/bold] & \"x\""


class Tags(HTMLParser):
    """Every element of a page with its attributes, and whether all were closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def report(word_model: MakeModel, tone_rows: tuple[Example, ...]) -> Report:
    hostile = row(99, HOSTILE, "negative")
    rows = Rows({"<i>own</i>": (*tone_rows, hostile)}, topic_ids(), ("<b>notice</b>",))
    return evaluate(word_model(name="<u>m</u>"), rows, mistakes=9)


def test_hostile_texts_stay_texts(report: Report) -> None:
    page = report_page(report)
    tags = Tags(page)
    assert not tags.open
    names = {tag for tag, _ in tags.found}
    assert names.isdisjoint({"script", "img", "i", "b", "u", "link", "iframe", "object"})
    assert not any(name.startswith("on") for _, attributes in tags.found for name in attributes)
    assert "&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt;" in page
    assert "&lt;b&gt;notice&lt;/b&gt;" in page
    # A text that turns the writing direction must not turn the page's.
    assert re.search(r"<bdi>[^<]*\u202e[^<]*</bdi>", page)


def test_the_page_is_whole_in_itself_and_the_same_every_time(report: Report) -> None:
    page = report_page(report)
    assert page == report_page(report)
    for tag, attributes in Tags(page).found:
        for name in ("src", "href", "xlink:href"):
            assert (attributes.get(name) or "#").startswith("#"), (tag, attributes)
    assert "@import" not in page
    assert "default-src 'none'" in page
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert "prefers-color-scheme: dark" in page
    assert 'name="viewport"' in page


def test_no_text_of_a_set_is_shown_unless_asked(
    word_model: MakeModel, tone_rows: tuple[Example, ...]
) -> None:
    page = report_page(evaluate(word_model(), Rows({"own": tone_rows}, topic_ids())))
    assert not any(example.text in page for example in tone_rows)
    assert "Surest mistakes" not in page
    assert "Calibration" in page


def test_a_comparison_says_its_verdict_first(word_model: MakeModel, tone_rows: tuple[Example, ...]) -> None:
    a, b = word_model(), word_model(name="words-2", good="orders")
    found = compare_models(a, b, Rows({"one": tone_rows, "two": tone_rows}, topic_ids()))
    page = comparison_page(a.model, b.model, found, ())
    assert not Tags(page).open
    assert '<p class="verdict">Overall: B is better: +6.7 points [' in page.replace("\n", "")
    assert "(Holm)" in page


def test_the_terminal_shows_markup_of_texts_as_it_is(
    report: Report, word_model: MakeModel, tone_rows: tuple[Example, ...]
) -> None:
    out = io.StringIO()
    console = Console(file=out, width=200)
    show_report(report, console)
    assert "[bold]good[/bold]" in out.getvalue()
    assert ".918 [" in out.getvalue()
    a, b = word_model(), word_model(name="words-2", good="orders")
    found = compare_models(a, b, Rows({"[red]own": tone_rows}, topic_ids()))
    show_comparison(a.model, b.model, found, ("[x]",), console)
    assert "[red]own: no difference that this many rows can show" in out.getvalue()
    assert "[x]" in out.getvalue()
