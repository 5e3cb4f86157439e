"""The terminal view at the widths people have, and under headlines that mean harm."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs
from rich.console import Console

from alerts.events import AlertEvent, Evidence
from dashboards.board import TopicLine, View
from dashboards.terminal import Spark, alert, figures, lasted, progress_line, render
from pipeline.records import Window

AT = datetime(2023, 3, 10, 16, 45, tzinfo=UTC)


def window(documents: int, mean: float = 0.0, share: float = 0.0) -> Window:
    return Window(documents=documents, mean=mean, negative_share=share, negative_share_se=0.0)


def evidence(title: str, score: float = -0.91, source: str = "Harbor Wire") -> Evidence:
    return Evidence(
        id="1",
        title=title,
        source=source,
        url="",
        published_at=AT,
        topic="financials",
        score=score,
        story=1,
    )


def firing(*titles: str, key: str = "financials") -> AlertEvent:
    return AlertEvent(
        id="a",
        seq=0,
        run="demo",
        key=key,
        kind="negative_surge",
        severity="critical",
        state="firing",
        reason="fired",
        started_at=AT - timedelta(hours=1),
        detected_at=AT,
        resolved_at=None,
        window_minutes=60,
        observed=14,
        expected=1.2,
        observed_share=0.78,
        expected_share=0.31,
        surprise=9.4,
        threshold=5.0,
        evidence=tuple(evidence(title) for title in titles),
    )


def view(*titles: str, label: str = "Company financials") -> View:
    event = firing(*(titles or ("A bank fails",)))
    lines = (
        TopicLine("overall", "overall", window(41, -0.42, 0.61), window(1234, -0.2, 0.4), tuple(range(24))),
        TopicLine("financials", label, window(17, -0.8, 0.9), window(44, -0.5, 0.7), (0,) * 23 + (9,), event),
        TopicLine("dividend", "Dividends", window(0), window(3, 0.4), (0,) * 24),
    )
    return View(
        run="demo", at=AT, documents=512, total=729, rejected=2, rate=310.4, topics=lines, alerts=(event,)
    )


def shown(picture: object, width: int = 80, encoding: str = "utf-8", colour: bool = False) -> str:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="replace", newline="")
    console = Console(
        file=stream, width=width, force_terminal=colour, color_system="standard" if colour else None
    )
    console.print(picture)
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode(encoding)


@pytest.mark.parametrize("width", [80, 120])
def test_picture_fits_and_tells_everything(width: int) -> None:
    text = shown(render(view("Regulator shuts a bank after a run on its deposits")), width)
    assert all(len(line) <= width for line in text.splitlines())
    for fact in (
        "run demo  2023-03-10 16:45 UTC  512/729 docs  310/s  lag 215  2 rejected",
        "Company financials",
        "-0.42",
        "61%",
        "1,234",
        "▁▁▂▂▂▃▃▃▄▄▄▅▅▅▆▆▆▇▇▇███ ",
        "surprise",
        "9.4",
        "CRITICAL financials  firing  since 2023-03-10 15:45 UTC",
        "14 bad stories in 60 min, 1.2 expected; 78% of all, 31% usual",
        "03-10 16:45 -0.91 Regulator shuts a bank",
    ):
        assert fact in text


def test_quiet_topics_show_no_figures_they_do_not_have() -> None:
    row = next(line for line in shown(render(view())).splitlines() if line.startswith("Dividends"))
    assert row.split() == ["Dividends", "-", "-", "0", "3"]


def test_a_view_before_the_first_minute_says_so() -> None:
    text = shown(render(View(run="demo")))
    assert "waiting for the first minute" in text
    assert "none so far" in text
    assert progress_line(View(run="demo")) == "demo: no minute closed yet, 0 docs; alerts 0, firing 0"


HOSTILE = [
    "\x1b[2J\x1b]0;owned\x07 Bank fails",
    "[bold red on white]Bank[/] fails [/nonsense] [link=http://evil.example]x[/link]",
    "Bank fails :warning: [@click=app.quit()]",
    "\u202eselif knab\u202c \u2066hidden\u2069\u200b",
    "Bank\nfails\r\n\tTWICE\u2028x\x85y",
    "\N{CJK UNIFIED IDEOGRAPH-9280}" * 200,
    "\ud83d half an emoji \ue000",
    "x" * 5000,
    "%s %d {0} {title} \\[/]",
]


@pytest.mark.parametrize("title", HOSTILE)
@pytest.mark.parametrize("width", [40, 80, 120])
def test_hostile_headlines_stay_text_on_their_line(title: str, width: int) -> None:
    calm = shown(render(view("Bank fails")), width)
    text = shown(render(view(title)), width)
    assert len(text.splitlines()) == len(calm.splitlines())
    assert not any(ord(character) < 32 for character in text.replace("\n", ""))
    assert not set("\u202e\u202c\u2066\u2069\u200b\u2028\x85\x9b") & set(text)


def test_markup_in_a_headline_is_shown_and_not_obeyed() -> None:
    title = "[red]Bank[/red] fails :bank: [link=http://evil.example]x[/link]"
    assert title in shown(alert(firing(title)), 200)
    assert "evil.example\x1b" not in shown(alert(firing(title)), 200, colour=True)
    assert "\x1b]8;" not in shown(alert(firing(title)), 200, colour=True)


def test_hostile_sources_and_labels_are_cleaned_as_well() -> None:
    event = firing()
    spoiled = evidence("Bank fails", source="\x1b[31mwire\n")
    dirty = AlertEvent(
        **{name: getattr(event, name) for name in event.__struct_fields__} | {"evidence": (spoiled,)}
    )
    assert "[31mwire" in shown(alert(dirty))
    assert "\x1b" not in shown(alert(dirty)) + shown(render(view(label="a\x1b[0mb")))


def test_an_ascii_terminal_gets_ascii_bars() -> None:
    text = shown(render(view()), encoding="ascii")
    assert "..:::---===+++***###@@@" in text


@pytest.mark.parametrize(
    ("values", "bars"), [((), ""), ((0, 0), "  "), ((1,), "█"), ((0, 1, 8), " ▁█"), ((1, 1000), "▁█")]
)
def test_bars_scale_to_the_highest_and_hide_nothing(values: tuple[int, ...], bars: str) -> None:
    assert Spark(values).bars() == bars


def test_progress_line_is_one_plain_line() -> None:
    assert progress_line(view()) == (
        "demo: 2023-03-10 16:45 UTC, 512/729 docs, 310/s, lag 215, 2 rejected, "
        "last 24 h 1,234 docs, 40% bad; alerts 1, firing 1"
    )


def test_figures_compare_seen_with_normal() -> None:
    assert figures(firing()).endswith("surprise 9.4")


def test_a_resolved_alert_names_its_day_once() -> None:
    event = structs.replace(firing(), state="resolved", resolved_at=AT + timedelta(hours=2))
    assert lasted(event) == "2023-03-10 15:45 to 18:45 UTC"
    event = structs.replace(event, resolved_at=AT + timedelta(days=1))
    assert lasted(event) == "2023-03-10 15:45 to 2023-03-11 16:45 UTC"


def test_an_alert_of_a_watchlist_goes_by_its_title() -> None:
    event = firing("Bank fails", key="watch.banks")
    assert "CRITICAL ★ banks " in shown(alert(event), 100)
    assert "CRITICAL ★ Banks we hold " in shown(alert(event, labels={"watch.banks": "Banks we hold"}), 100)
    assert "★ Banks we hold" in shown(
        render(View(run="demo", alerts=(event,), labels={"watch.banks": "Banks we hold"})), 100
    )
