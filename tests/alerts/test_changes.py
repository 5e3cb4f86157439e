from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from alerts.changes import what_changed
from tests.records import START, alert_event, evidence

BEFORE = alert_event(severity="watch", observed=12, expected=3.1, window_minutes=60)


@pytest.mark.parametrize(
    ("changes", "late", "sentence"),
    [
        (
            {"reason": "escalated", "severity": "critical", "observed": 23, "expected": 3.4},
            0,
            "From watch to critical; 12 negative stories became 23 against 3.4 expected.",
        ),
        (
            {"reason": "updated", "observed": 70, "expected": 20.0, "window_minutes": 720},
            0,
            "Now 70 against 20.0 expected in 12 h instead of 12 in 1 h.",
        ),
        (
            {"reason": "updated", "observed": 14, "evidence": (evidence(story=9),), "covers": ("macro",)},
            0,
            "12 negative stories became 14 against 3.1 expected; 1 of the cited stories is new; "
            "macro surged as well.",
        ),
        ({"reason": "confirmed"}, 0, "Confirmed: no late story changed it; 12 against 3.1 expected."),
        (
            {"reason": "confirmed", "observed": 13},
            1,
            "Confirmed: 1 late story came in; 13 against 3.1 expected.",
        ),
        (
            {"reason": "resolved", "resolved_at": START + timedelta(minutes=100)},
            0,
            "Over: back to normal after 90 min; at its peak 12 against 3.1 expected.",
        ),
        (
            {"reason": "resolved", "resolved_at": START + timedelta(minutes=310)},
            0,
            "Over: back to normal after 5 h; at its peak 12 against 3.1 expected.",
        ),
    ],
)
def test_says_what_is_new(changes: dict[str, object], late: int, sentence: str) -> None:
    before = msgspec.structs.replace(BEFORE, covers=())
    after = msgspec.structs.replace(before, **changes)  # type: ignore[arg-type]
    assert what_changed(before, after, late) == sentence
