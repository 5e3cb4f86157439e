"""What reports are made of: normal, clusters, main stories, names, letters, spans."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from dashboards.query import SeriesPoint, Story
from dashboards.report.cluster import clusters, headline_words
from dashboards.report.markdown import letters
from dashboards.report.names import load_gazetteer, names_in
from dashboards.report.normal import figures_of, hours_of, normal_hours
from dashboards.report.salience import main_stories
from dashboards.report.spans import LastReports, between, day, week
from dashboards.report.telling import plain_url
from dashboards.report.words import Words, change, number, odds, percent
from pipeline.errors import UsageError
from tests.records import START, document

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONDAY = datetime(2008, 9, 15, tzinfo=UTC)


def point(at: datetime, negative: int, stories: int = 10) -> SeriesPoint:
    return SeriesPoint(
        time=at,
        documents=stories,
        stories=stories,
        negative=negative,
        neutral=stories - negative,
        positive=0,
        negative_stories=negative,
        late=0,
        mean=-0.1,
        mean_se=None,
        negative_share=negative / stories,
        negative_share_se=None,
        window=None,
    )


def story(title: str, number: int, *, at: datetime = START, documents: int = 1) -> Story:
    return Story(
        story=number,
        first=document(title=title, published_at=at, story=number, id=f"d{number}"),
        documents=documents,
        sources=1,
        last=at,
        score=-0.9,
    )


def test_normal_is_the_mean_of_the_same_hour_of_like_days() -> None:
    begin = MONDAY - 14 * DAY
    points = [point(begin + n * HOUR, 1 if (begin + n * HOUR).weekday() >= 5 else 4) for n in range(14 * 24)]
    normal = normal_hours(points, begin, MONDAY)
    [first, *_] = hours = hours_of([point(MONDAY, 9)], normal, MONDAY, MONDAY + DAY)
    assert first.normal is not None
    assert (first.normal.days, first.normal.negative_stories, first.normal.high) == (10, 4.0, 4.0)
    figures = {figure.name: figure for figure in figures_of(hours)}
    assert (figures["negative_stories"].seen, figures["negative_stories"].normal) == (9, 96.0)
    saturday = hours_of([], normal, MONDAY - 2 * DAY, MONDAY - DAY)
    assert saturday[0].normal is not None
    assert saturday[0].normal.negative_stories == 1.0


def test_silent_days_count_and_a_run_without_history_has_no_normal() -> None:
    begin = MONDAY - 14 * DAY
    normal = normal_hours([point(MONDAY - 7 * DAY, 10)], begin, MONDAY)
    assert normal[(False, 0)].negative_stories == 1.0
    assert normal_hours([point(MONDAY - HOUR, 3)], MONDAY - HOUR, MONDAY) == {}
    assert normal_hours([], None, MONDAY) == {}
    assert figures_of(hours_of([], {}, MONDAY, MONDAY + DAY))[0].normal is None


def test_versions_of_a_headline_are_one_thing() -> None:
    found = clusters(
        [
            story("Lehman files for bankruptcy", 1),
            story("UPDATE 2-Lehman files for bankruptcy protection", 2),
            story("Oil falls below $100 a barrel", 3, documents=2),
            story("央行下调存款准备金率0.5个百分点", 4),
            story("央行下调存款准备金率0.5个百分点,股市上涨", 5),
        ]
    )
    assert sorted(sorted(each.story for each in cluster.stories) for cluster in found) == [
        [1, 2],
        [3],
        [4, 5],
    ]
    assert headline_words("WRAPUP 3-The bank’s loss") == headline_words("Bank loss")


@given(st.lists(st.text(max_size=40), max_size=12))
def test_clusters_lose_and_invent_nothing(titles: list[str]) -> None:
    stories = [story(title, number) for number, title in enumerate(titles)]
    found = [each.story for cluster in clusters(stories) for each in cluster.stories]
    assert sorted(found) == list(range(len(titles)))


def test_main_stories_are_what_came_up_each_theme_once() -> None:
    spread = [story(f"Lehman trouble number{n} hits banks", n, at=MONDAY + n * HOUR) for n in range(12)]
    storm = [story(f"Ike storm shuts refinery{n}", 20 + n, at=MONDAY + n * HOUR) for n in range(8)]
    burst = [story(f"Survey shows state{n} people sleep badly", 40 + n, at=MONDAY) for n in range(30)]
    usual = [story(f"Shares fall in town{n}", 80 + n, at=MONDAY + n * HOUR) for n in range(20)]
    before = [story(f"Shares fall in place{n}", 200 + n, at=MONDAY - n * HOUR) for n in range(60)]
    found = clusters([*spread, *storm, *burst, *usual])
    chosen = main_stories(found, before, span=DAY, past=3 * DAY, most=2)
    themes = [each.stories[0].first.title.split()[0] for each in chosen]
    assert themes == ["Lehman", "Ike"]
    assert main_stories([], before, span=DAY, past=DAY, most=3) == []


def test_companies_are_told_from_ordinary_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gazetteer").mkdir()
    rows = "symbol,name,short_name,list,sector,industry,in_sp500\n" + "".join(
        f"{line}\n"
        for line in (
            "AAPL,Apple Inc.,Apple,SP500,,,1",
            "TGT,Target Corporation,Target,SP500,,,1",
            "AIG,American International Group,American International Group,SP500,,,1",
            "600519.SH,贵州茅台,贵州茅台,CSI300,,,0",
        )
    )
    with gzip.open(tmp_path / "gazetteer" / "gazetteer.csv.gz", "wt", encoding="utf-8") as file:
        file.write(rows)
    monkeypatch.setenv("TOCSIN_DATA", str(tmp_path))
    titles = (
        "Apple shares fall on weak demand",
        "AIG asks the Fed for help",
        "Goldman lowers its target for the index",
        "Target for gold is cut, and the target for oil",
        "US STOCKS-Wall Street sinks as Lehman fails",
        "Regulators met Lehman on Sunday",
        "Fears about Lehman grow ($AIG)",
        "贵州茅台股价大跌",
    )
    documents = [document(id=str(n), title=title, symbols=()) for n, title in enumerate(titles)]
    names = names_in(documents, load_gazetteer())
    assert {(name.name, name.symbol, name.negative) for name in names.companies} == {
        ("American International Group", "AIG", 2),
        ("Apple", "AAPL", 1),
        ("贵州茅台", "600519.SH", 1),
    }
    assert [name.name for name in names.capitals] == ["Lehman"]
    alone = names_in([document(title="Bank fails", symbols=("LEH",))], None)
    assert ([name.symbol for name in alone.companies], alone.gazetteer) == (["LEH"], False)


@given(st.text(max_size=80))
def test_markdown_shows_letters_and_nothing_else(text: str) -> None:
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(f"- {letters(text)}")
    kinds = {token.type for token in tokens}
    assert kinds <= {
        *("bullet_list_open", "list_item_open", "paragraph_open", "inline"),
        *("paragraph_close", "list_item_close", "bullet_list_close"),
    }
    inside = {child.type for token in tokens for child in token.children or ()}
    assert inside <= {"text", "text_special"}


@pytest.mark.parametrize(
    "url",
    [
        *("javascript:alert(1)", "data:text/html,x", "//news.example/", "https://user:x@news.example/"),
        *(
            "https://news.example/<b>",
            "https://news.example/a b",
            "https://[bad",
            "http://",
            "https://ｎews.example",
        ),
    ],
)
def test_an_address_that_is_not_plain_is_no_link(url: str) -> None:
    assert plain_url(url) == ""
    assert plain_url("https://news.example/a?b=1&c=%20#d") == "https://news.example/a?b=1&c=%20#d"


def test_both_languages_say_the_same_things() -> None:
    english, chinese = Words("en"), Words("zh")
    assert set(english._texts) == set(chinese._texts)
    for name, text in english._texts.items():
        fields = {part.split("}")[0] for part in text.split("{")[1:]}
        assert fields == {part.split("}")[0] for part in chinese._texts[name].split("{")[1:]}, name


def test_numbers_are_written_for_people() -> None:
    assert [number(value) for value in (3, 1234, 0.25, 12.6)] == ["3", "1,234", "0.2", "13"]
    assert [percent(value) for value in (0.087, 0.5, 0)] == ["8.7 %", "50 %", "0 %"]
    assert [change(9, 3), change(12, 10), change(1, 2), change(1, 0)] == ["×3.0", "+20 %", "−50 %", "–"]
    assert [odds(value) for value in (1.0, 3.5, 8.2)] == ["10", "3,000", "10^8"]


def test_spans_of_briefs(tmp_path: Path) -> None:
    newest = datetime(2008, 9, 17, 13, 25, tzinfo=UTC)
    assert day("last", newest) == (datetime(2008, 9, 16, tzinfo=UTC), datetime(2008, 9, 17, tzinfo=UTC))
    assert day("2008-09-15", newest)[0] == MONDAY
    assert week("last", newest) == (MONDAY - 7 * DAY, MONDAY)
    assert week("2008-09-12", newest)[1] == datetime(2008, 9, 19, tzinfo=UTC)
    end = newest.replace(minute=0)
    assert between("last", None, newest, None) == (end - DAY, end)
    last = LastReports(tmp_path / "state" / "reports.json")
    assert last.get("live/overall/en") is None
    last.put("live/overall/en", end)
    last.put("live/macro/en", end - DAY)
    assert last.get("live/overall/en") == end
    with pytest.raises(UsageError, match="nothing to report yet"):
        between("last", None, newest, last.get("live/overall/en"))
    with pytest.raises(UsageError, match="--daily"):
        day("someday", newest)
