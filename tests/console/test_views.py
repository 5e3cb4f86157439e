"""What the pages show of what was read: pure views, in both languages."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from alerts.events import AlertEvent
from dashboards.console.views.alerts import Ruled, figures, inbox_view, mute_of
from dashboards.console.views.board import board_view
from dashboards.console.views.say import Say, lasted
from dashboards.console.views.stories import evidence_view, topic_choices
from dashboards.query import BoardLine, BoardView
from pipeline.records import Window
from pipeline.store.actions import Acknowledgement, Mute
from tests.records import START, alert_event, evidence

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EN, ZH = Say("en"), Say("zh")


def window(documents: int = 10, mean: float = -0.2) -> Window:
    return Window(documents=documents, mean=mean, negative_share=0.5, negative_share_se=0.1)


def line(key: str, surprise: float = 0.0, firing: AlertEvent | None = None, **fields: object) -> BoardLine:
    told = {
        "key": key,
        "five_minutes": window(),
        "hour": window(),
        "day": window(100),
        "hour_before": window(),
        "change": -0.3,
        "volume": 1.0,
        "spark": (0,) * 23 + (4,),
        "documents_by_hour": (4,) * 24,
        "first_minute": START - timedelta(days=30),
        "surprise": surprise,
        "firing": firing,
    }
    return BoardLine(**(told | fields))  # type: ignore[arg-type]


def shown(*lines: BoardLine, say: Say = EN, warmup: float = 3.0, **muted: str) -> dict[str, object]:
    view = board_view(BoardView(run="live", at=START, lines=lines), say, warmup_days=warmup, muted=muted)
    json.dumps(view)
    return view


def rows(view: dict[str, object]) -> list[dict[str, object]]:
    return view["rows"]  # type: ignore[return-value]


def test_what_rings_is_on_top_the_gravest_first() -> None:
    view = shown(
        line("overall"),
        line("markets", 2.5),
        line("earnings", 9.0, alert_event(severity="watch", surprise=9.0)),
        line("financials", 5.0, alert_event(severity="critical", surprise=5.0)),
        line("ipo", 3.0),
    )
    # The alerts of these tests cover `markets`.
    assert [row["key"] for row in rows(view)] == ["financials", "earnings", "markets", "overall", "ipo"]
    assert [bool(row["covered"]) for row in rows(view)] == [False, False, True, False, False]
    assert view["lead"] == "2 alerts ring. 4 topics, 10 documents in the last hour."


def test_a_topic_says_calm_learning_or_muted() -> None:
    calm, loud = rows(shown(line("overall", 0.4), line("markets", 1.4), markets="muted until then"))
    assert calm["surprise"] is None and loud["surprise"] == 1.4
    assert (calm["muted"], loud["muted"]) == ("", "muted until then")
    young = rows(shown(line("overall", first_minute=START - timedelta(days=2))))[0]
    assert young["learning"] and not calm["learning"]


def test_an_empty_store_is_told_what_to_run() -> None:
    for say in (EN, ZH):
        empty = shown(say=say)["empty"]
        assert [hint["command"].split()[1] for hint in empty] == ["demo", "replay", "worker"]  # type: ignore[attr-defined]


def test_a_topic_without_documents_in_the_hour_has_no_change() -> None:
    row = rows(shown(line("markets", hour=window(0, 0.0), change=0.0)))[0]
    assert row["change"] is None


@pytest.mark.parametrize("say", [EN, ZH])
def test_the_inbox_counts_and_shows(say: Say) -> None:
    firing, over = alert_event(), alert_event(3, id="a2", state="resolved")
    seen = Acknowledgement(by="Mei", at=NOW, note="", severity="warning")
    ruled = [Ruled(alert=firing, acknowledged=seen), Ruled(alert=over, verdict="noise")]
    view = inbox_view(ruled, say, show="open", mutes=(), limit=10, complete=True)
    assert [each["count"] for each in view["shows"]] == ["1", "1", "2"]
    assert [alert["id"] for alert in view["alerts"]] == [firing.id]
    assert "Mei" in view["alerts"][0]["acknowledged"]
    assert view["alerts"][0]["first"] and not view["more"]
    everything = inbox_view(ruled, say, show="all", mutes=(), limit=1, complete=False)
    assert everything["more"] and everything["shows"][2]["count"] == "2+"


def test_figures_say_what_was_seen_and_what_is_normal() -> None:
    assert figures(alert_event(), EN) == (
        "42 bad stories in 61 documents in 60 minutes, 3.1 expected; 70% of all stories, 20% usual."
    )
    assert "61 documents" not in figures(alert_event(documents=0), EN)
    assert "fallen silent" in figures(alert_event(kind="feed_silence"), EN)


def test_an_alert_says_how_long_it_lasted() -> None:
    assert lasted(EN, START, None) == "since 2008-09-15 04:30 UTC"
    assert lasted(EN, START, START + timedelta(hours=1)) == "2008-09-15 04:30 to 05:30 UTC"
    assert lasted(EN, START, START + timedelta(days=1)) == "2008-09-15 04:30 to 2008-09-16 04:30 UTC"


def test_hostile_text_becomes_one_plain_line() -> None:
    hostile = "<script>x</script>\x1b[31m\u202egnihton\u202c\n\n" + "A" * 10_000
    view = evidence_view(evidence(title=hostile, source="\u2066wire\x00", author="a\r\nb"), EN)
    assert view["title"].startswith("<script>x</script> [31mgnihton A")
    assert len(view["title"]) == 300
    assert (view["source"], view["author"]) == ("wire", "a b")


def test_a_mute_covers_its_key_or_everything_while_it_lasts() -> None:
    def mute(key: str) -> Mute:
        return Mute(
            run="live",
            key=key,
            created_at=NOW,
            until=NOW + timedelta(hours=1),
            by="Mei",
            reason="",
            lifted_at=None,
            lifted_by="",
        )

    assert mute_of([mute("markets")], "markets", NOW) is not None
    assert mute_of([mute("markets")], "financials", NOW) is None
    assert mute_of([mute("*")], "financials", NOW) is not None
    assert mute_of([mute("*")], "financials", NOW + timedelta(hours=2)) is None


def test_topics_are_offered_by_name_in_the_readers_order() -> None:
    labels = [str(choice["label"]) for choice in topic_choices(EN, ("markets", "earnings", "ipo"))]
    assert labels == sorted(labels)
