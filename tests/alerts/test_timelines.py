"""The timelines of timelines.toml: stories pushed at some minutes, events wanted between others."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from alerts import AlertEvent, Count, DetectorSettings, Observation, SurgeMonitor
from tests.alerts.streams import evidence, minute, poisson

TIMELINES = tomllib.loads(Path(__file__).with_name("timelines.toml").read_text())["timeline"]
KEYS = ("overall", "markets", "macro")
SETTINGS = DetectorSettings(budget_per_week=0.5, min_surprise=3.0)
START = minute(4, "14:00")
UNTIL = 720


@cache
def calm() -> tuple[bytes, dict[int, Observation]]:
    """A monitor that knows what is normal, and the calm minutes that go on from there."""
    monitor = SurgeMonitor(SETTINGS, "test", KEYS)
    stream = list(poisson(6, 6, 24, keys=KEYS, seed=4))
    for observation in stream:
        if observation.minute < START:
            monitor.observe(observation)
    return monitor.snapshot(), {each.minute: each for each in stream}


def play(timeline: dict[str, Any]) -> list[AlertEvent]:
    snapshot, background = calm()
    monitor = SurgeMonitor(SETTINGS, "test", KEYS)
    monitor.restore(snapshot)
    first, last = timeline.get("gap", (0, -1))
    events = []
    for at in range(UNTIL):
        counts = {count.key: count for count in background[START + at].counts}
        for begin, end, key, negative, others in timeline["push"]:
            if begin <= at <= end:
                counts[key] = pushed(counts.get(key), START + at, key, negative, others)
        down = first <= at <= last
        seen = () if down else tuple(counts.values())
        events += monitor.observe(Observation(minute=START + at, counts=seen, gap=down))
    return events


def pushed(old: Count | None, when: int, key: str, negative: int, others: int) -> Count:
    held = old or Count(key=key, stories=0, negative=0)
    stories = tuple(evidence(key, when, 50 + number, -0.8) for number in range(negative))
    return Count(
        key=key,
        stories=held.stories + negative + others,
        negative=held.negative + negative,
        evidence=(stories + held.evidence)[:5],
    )


@pytest.mark.parametrize("timeline", TIMELINES, ids=lambda timeline: timeline["name"])
def test_what_is_wanted_comes_when_it_is_wanted(timeline: dict[str, Any]) -> None:
    events = play(timeline)
    told = [(event.reason, event.key, minute_of(event)) for event in events]
    for what, key, earliest, latest in timeline["want"]:
        at = next((at for reason, of, at in told if (reason, of) == (what, key)), None)
        assert at is not None, f"{what} {key} never came: {told}"
        assert earliest <= at <= latest, f"{what} {key} came at minute {at}: {told}"
    wanted = {(what, key) for what, key, _, _ in timeline["want"]}
    allowed = set(timeline.get("allow", ()))
    assert [each for each in told if each[:2] not in wanted and each[0] not in allowed] == []
    covers = {key for event in events for key in event.covers}
    assert covers >= set(timeline.get("covers", ()))


def minute_of(event: AlertEvent) -> int:
    assert event.at is not None
    return int(event.at.timestamp()) // 60 - START
