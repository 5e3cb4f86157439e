from __future__ import annotations

from datetime import timedelta

import msgspec

from alerts import AlertEvent
from alerts.compare import compare
from dashboards.compare import compare_page, compare_table, summary
from tests.records import START, alert_event, evidence


def alarm(
    id: str,
    key: str = "markets",
    at: int = 0,
    lasting: int = 60,
    severity: str = "watch",
    title: str = "Bank falls",
) -> list[AlertEvent]:
    """Events of one alert that rings `at` minutes after the start."""
    first = alert_event(
        id=id,
        key=key,
        severity=severity,
        started_at=START + timedelta(minutes=at - 30),
        detected_at=START + timedelta(minutes=at),
        evidence=(evidence(title=title),),
    )
    ended = msgspec.structs.replace(
        first, seq=1, state="resolved", reason="resolved", resolved_at=START + timedelta(minutes=at + lasting)
    )
    return [first, ended]


def test_alerts_are_gained_lost_moved_or_the_same() -> None:
    before = [*alarm("a"), *alarm("b", key="macro"), *alarm("c", at=600), *alarm("d", at=900)]
    after = [
        *alarm("e"),
        *alarm("f", at=607),
        *alarm("g", key="ipo"),
        *alarm("h", at=900, severity="critical"),
    ]
    found = compare(before, after)
    assert [each.first.id for each in found.gained] == ["g"]
    assert [each.first.id for each in found.lost] == ["b"]
    assert [(each.before.first.id, each.moved_minutes) for each in found.moved] == [("c", 7), ("d", 0)]
    assert [each.after.first.id for each in found.same] == ["e"]
    assert summary(found) == "1 gained, 1 lost, 2 moved, 1 the same"


def test_one_long_alert_matches_the_nearer_of_two() -> None:
    found = compare(alarm("long", at=0, lasting=500), [*alarm("far", at=300), *alarm("near", at=20)])
    assert [(each.after.first.id, each.moved_minutes) for each in found.moved] == [("near", 20)]
    assert [each.first.id for each in found.gained] == ["far"]


def test_the_same_settings_differ_in_nothing() -> None:
    found = compare(alarm("a"), alarm("a"))
    assert not (found.gained or found.lost or found.moved)
    assert "No alert differs" in compare_page(found, "A.toml", "B.toml", "feed")


def test_a_hostile_headline_stays_text() -> None:
    hostile = '<script>alert(1)</script><img src=x onerror="x">[red]\x1b[31m'
    found = compare([], alarm("a", title=hostile))
    page = compare_page(found, "<A>", "B", "<feed>")
    assert "<script>" not in page and "<img" not in page and "\x1b" not in page
    assert "&lt;script&gt;" in page and "&lt;A&gt;" in page and "&lt;feed&gt;" in page
    assert "default-src 'none'" in page
    [cell] = list(compare_table(found, "A", "B").columns[-1].cells)
    assert "[red]" in str(cell)
