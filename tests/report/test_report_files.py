"""Reports as files: what they say in each form and language, and that no headline does anything."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from typer.testing import CliRunner

from dashboards.query import NotFound
from dashboards.report.gather import brief, incident
from dashboards.report.make import write
from dashboards.report.values import Language, Report
from dashboards.report.words import Words
from pipeline.cli.main import app
from pipeline.errors import UsageError
from pipeline.settings import Watchlist
from pipeline.store import Store, actions
from tests.records import START
from tests.report.conftest import BEGIN, DAY, STORIES

MADE = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Page(HTMLParser):
    """Gathers what a page holds."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def report(store: Store) -> Report:
    return brief(store, "lehman", "overall", START - HOUR, START + DAY, made_at=MADE, kind="daily")


def test_a_brief_says_what_happened_in_order(report: Report) -> None:
    assert [alert.id for alert in report.alerts] == ["a1"]
    assert [entry.at for entry in report.timeline] == sorted(entry.at for entry in report.timeline)
    assert report.stories[0].title == "Lehman files for bankruptcy"
    assert {story.versions for story in report.stories} == {1, 2}
    assert report.normal_days is not None
    assert report.hours[0].normal is not None
    assert [name.name for name in report.names.capitals] == ["Lehman"]


LISTS = {"banks": Watchlist(title="Banks we <hold>", title_zh="持仓银行", terms=("Lehman",))}


@pytest.mark.parametrize(("lang", "name"), [("en", "Banks we <hold>"), ("zh", "持仓银行")])
def test_a_brief_of_a_watchlist_goes_by_its_title(
    watched: Store, tmp_path: Path, lang: Language, name: str
) -> None:
    made = brief(watched, "lehman", "watch.banks", START - HOUR, START + DAY, made_at=MADE, kind="daily")
    assert [alert.id for alert in made.alerts] == ["w1"]
    assert [(story.title, story.versions) for story in made.stories] == [(f"{STORIES[0][0]} again", 2)]
    assert (made.topics, made.watchlists) == ((), ())
    words = Words(lang, LISTS)
    [file] = write(made, words, "html", tmp_path / "report.html")
    page = Page(file.read_text("utf-8"))
    assert page.text.count(name) > 3 and "watch.banks" not in page.text
    assert "hold" not in page.tags
    assert words.key("watch.of_before") == "of_before"


def test_watchlists_stand_apart_from_topics_which_add_up(watched: Store, tmp_path: Path) -> None:
    made = brief(watched, "lehman", "overall", START - HOUR, START + DAY, made_at=MADE, kind="daily")
    assert [topic.key for topic in made.topics] == ["financials"]
    assert sum(topic.negative_stories for topic in made.topics) == made.figures[0].seen
    assert [each.key for each in made.watchlists] == ["watch.banks", "watch.us"]
    assert [each.alerts for each in made.watchlists] == [1, 0]
    files = write(made, Words("en", LISTS), "md", tmp_path / "report.md")
    text = files[0].read_text("utf-8")
    assert "## Watchlists" in text and "Watchlists overlap" in text
    assert re.search(r"^\| Banks we \\<hold\\> \|", text, re.MULTILINE)
    assert not any("topics" in file.name for file in files), "one topic is no picture, with lists or without"


def test_an_incident_cites_its_evidence_first(store: Store) -> None:
    actions.acknowledge(store, "a1", by="ann", at=MADE, note="on it")
    made = incident(store, "a1", made_at=MADE)
    assert {story.evidence for story in made.stories[:2]} == {True}
    assert made.until == START + timedelta(minutes=90)
    assert [entry.by for entry in made.journal if entry.action == "acknowledged"] == ["ann"]
    with pytest.raises(NotFound):
        incident(store, "none", made_at=MADE)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_html_holds_no_more_than_its_own_tags(report: Report, tmp_path: Path, lang: Language) -> None:
    [file] = write(report, Words(lang), "html", tmp_path / "report.html")
    page = Page(file.read_text("utf-8"))
    assert not page.tags & {"script", "iframe", "object", "embed", "form", "input", "link", "base"}
    assert "<script>alert(1)</script>" in page.text, "the headline is shown as letters"
    assert "{{ 7*7 }}" in page.text
    assert not any(name.startswith("on") for name, _ in page.attributes)
    links = {value for name, value in page.attributes if name == "href" and not value.startswith("#")}
    assert links <= {"https://news.example/1", "https://news.example/2"}
    assert all(value.startswith("data:image/svg+xml") for name, value in page.attributes if name == "src")
    assert ("贵州茅台" in page.text) and ("\u202e" not in page.text) and ("x" * 400 not in page.text)
    assert ("主要报道" in page.text) == (lang == "zh")


def test_markdown_holds_no_link_of_a_headline(report: Report, tmp_path: Path) -> None:
    files = write(report, Words("en"), "md", tmp_path / "report.md")
    assert {file.suffix for file in files} == {".md", ".svg"}
    text = files[0].read_text("utf-8")
    shown = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    page = Page(shown)
    assert not page.tags & {"script", "td\n"}
    assert {value for name, value in page.attributes if name == "href"} <= {
        "https://news.example/1",
        "https://news.example/2",
    }
    assert {value for name, value in page.attributes if name == "src"} == {file.name for file in files[1:]}
    assert "<script>alert(1)</script>" in page.text
    assert "| a || b" in page.text


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_pdf_reads_as_the_page_does(report: Report, tmp_path: Path, lang: Language) -> None:
    [file] = write(report, Words(lang), "pdf", tmp_path / "report.pdf")
    told = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True)
    heading = {"en": "What happened, in time order", "zh": "事件经过"}[lang]
    assert heading in told.stdout
    assert "Lehman files for bankruptcy" in told.stdout
    assert "<script>alert(1)</script>" in re.sub(r"\s+", "", told.stdout)
    assert "贵州茅台" in told.stdout
    data = file.read_bytes()
    assert b"/JavaScript" not in data and b"/Launch" not in data and b"evil.example" not in data


def test_a_report_of_a_span_without_history_or_news_says_so(store: Store, tmp_path: Path) -> None:
    made = brief(store, "lehman", "financials", BEGIN, BEGIN + HOUR, made_at=MADE)
    [file] = write(made, Words("en"), "html", tmp_path / "early.html")
    text = Page(file.read_text("utf-8")).text
    for says in ("no earlier history", "No negative story", "did not ring", "Normal is not given"):
        assert says in text
    empty = brief(store, "lehman", "dividend", START, START + HOUR, made_at=MADE)
    write(empty, Words("zh"), "html", tmp_path / "empty.html")
    with pytest.raises(NotFound, match="nobody"):
        brief(store, "nobody", "overall", START, START + HOUR, made_at=MADE)
    with pytest.raises(UsageError, match="31 days"):
        brief(store, "lehman", "overall", START, START + 60 * DAY, made_at=MADE)


def test_the_command_writes_and_goes_on_where_it_ended(
    store: Store, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_STORE__URL", url)
    monkeypatch.setenv("TOCSIN_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke
    asked = ["report", "--run", "lehman", "--since", "last", "--out", "reports", "--json"]
    told = json.loads(run(app, asked, catch_exceptions=False).stdout)
    assert (told["until"], Path(told["files"][0]).suffix) == ("2008-09-15T06:00:00+00:00", ".html")
    with pytest.raises(UsageError, match="nothing to report yet"):
        run(app, asked, catch_exceptions=False)
    for options in (["--alert", "last", "--out", "a.md"], ["--daily", "2008-09-15", "--lang", "zh"]):
        done = run(app, ["report", "--run", "lehman", *options], catch_exceptions=False)
        assert done.exit_code == 0
        assert "wrote" in done.stdout
    for options in ([], ["--daily", "last", "--alert", "last"], ["--daily", "last", "--format", "doc"]):
        with pytest.raises(UsageError):
            run(app, ["report", "--run", "lehman", *options], catch_exceptions=False)
