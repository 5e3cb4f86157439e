from __future__ import annotations

import json
import random
from datetime import date
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.continual.drift import Answers, DriftMonitor, answers_from_dict, answers_to_dict, confidence_bin
from models.errors import ModelError

TOPICS = ("macro", "markets", "other")
DAY = 86_400


class Said(NamedTuple):
    at: int
    tone: int
    p_tone: int
    topic: int
    p_topic: int


ANSWERS = st.lists(
    st.builds(
        Said,
        at=st.integers(-3 * DAY, 12 * DAY),
        tone=st.integers(0, 2),
        p_tone=st.integers(334, 1000),
        topic=st.integers(0, 2),
        p_topic=st.integers(0, 1000),
    ),
    max_size=60,
)


def learn(monitor: DriftMonitor, answers: list[Said], times: int = 1) -> DriftMonitor:
    for said in answers * times:
        monitor.learn_one(said.at, tone=said.tone, p_tone=said.p_tone, topic=said.topic, p_topic=said.p_topic)
    return monitor


def calm(day: int, tone: int = 1, documents: int = 300, seed: int = 0) -> list[Said]:
    rng = random.Random(seed + day)
    return [
        Said(day * DAY + n, tone if n % 3 else rng.randrange(3), 900, rng.randrange(3), 800)
        for n in range(documents)
    ]


@given(ANSWERS, st.randoms(), st.integers(1, 3), st.integers(0, 3), st.integers(1, 3))
def test_the_order_of_documents_does_not_matter(
    answers: list[Said], shuffle: random.Random, reference: int, spare: int, keep: int
) -> None:
    mixed = list(answers)
    shuffle.shuffle(mixed)
    monitors = [
        learn(DriftMonitor(TOPICS, reference_days=reference, spare_days=spare, keep_days=keep), each, 10)
        for each in (answers, mixed)
    ]
    assert monitors[0].to_dict() == monitors[1].to_dict()
    assert monitors[0].reports() == monitors[1].reports()


@given(ANSWERS)
def test_what_is_kept_is_what_all_would_have_said(answers: list[Said]) -> None:
    kept, every = (
        learn(DriftMonitor(TOPICS, reference_days=1, spare_days=1, keep_days=keep), answers, 30).reports()
        for keep in (2, None)
    )
    assert len(kept) <= 4
    assert kept == [report for report in every if report.day in {each.day for each in kept}]


def test_stray_stamps_of_long_ago_are_no_reference() -> None:
    strays = [Said(-n * 30 * DAY, 0, 400, 0, 300) for n in range(1, 20)]
    plain, strayed = DriftMonitor(TOPICS, reference_days=2), DriftMonitor(TOPICS, reference_days=2)
    feed = [*calm(0), *calm(1), *calm(2, tone=0)]
    learn(plain, feed)
    learn(strayed, [*strays, *feed])
    assert plain.reference() == strayed.reference()
    assert plain.latest() == strayed.latest()


@given(ANSWERS, st.integers(0, 60))
def test_it_goes_on_from_its_saved_state(answers: list[Said], at: int) -> None:
    straight = learn(DriftMonitor(TOPICS), answers)
    first = learn(DriftMonitor(TOPICS), answers[:at])
    resumed = DriftMonitor(TOPICS)
    resumed.load(json.loads(json.dumps(first.to_dict())))
    assert learn(resumed, answers[at:]).to_dict() == straight.to_dict()


def test_days_are_utc_days_of_event_time() -> None:
    monitor = learn(
        DriftMonitor(TOPICS),
        [Said(DAY - 1, 1, 900, 0, 500), Said(DAY, 2, 600, 0, 700), Said(DAY, 2, 800, 0, 700)],
    )
    first, second = monitor.reports()
    assert (first.day, first.documents) == (date(1970, 1, 1), 1)
    assert (second.day, second.documents) == (date(1970, 1, 2), 2)
    assert second.confidence_tone == pytest.approx(0.7)
    assert second.confidence_topic == pytest.approx(0.7)


def test_the_first_days_are_the_reference_and_are_not_judged() -> None:
    monitor = DriftMonitor(TOPICS, reference_days=2)
    learn(monitor, [*calm(0), *calm(1)])
    assert monitor.reference() is None
    assert all(not report.stability for report in monitor.reports())
    learn(monitor, [*calm(2), *calm(3, tone=0)])
    assert monitor.latest() == monitor.reports()[-1]
    verdicts = [
        {what: stability.verdict for what, stability in report.stability.items()}
        for report in monitor.reports()
    ]
    stable = dict.fromkeys(("tone", "topic", "tone_confidence", "topic_confidence"), "stable")
    assert verdicts == [{}, {}, stable, {**stable, "tone": "drift"}]


def test_a_given_reference_judges_every_day() -> None:
    reference = Answers.none(len(TOPICS))
    for said in calm(0, documents=2000):
        reference.learn_one(said.tone, said.p_tone, said.topic, said.p_topic)
    monitor = learn(DriftMonitor(TOPICS, reference=reference), calm(0, tone=2))
    latest = monitor.latest()
    assert latest is not None and latest.stability["tone"].verdict == "drift"


def test_a_handful_of_documents_is_no_drift() -> None:
    monitor = learn(
        DriftMonitor(TOPICS, reference_days=1),
        [*calm(0), Said(DAY, 0, 400, 1, 300), Said(DAY, 0, 400, 1, 300)],
    )
    latest = monitor.latest()
    assert latest is not None
    assert latest.stability["tone"].index > 0.1
    assert {each.verdict for each in latest.stability.values()} == {"stable"}


def test_no_documents_have_no_latest_day() -> None:
    assert DriftMonitor(TOPICS).latest() is None
    assert DriftMonitor(TOPICS).reports() == []


def test_a_state_of_other_topics_is_refused() -> None:
    with pytest.raises(ModelError, match="other topics"):
        DriftMonitor(TOPICS).load(DriftMonitor(("a", "b")).to_dict())


@given(st.integers(0, 1000))
def test_every_confidence_has_a_bin_and_bins_are_in_order(thousandths: int) -> None:
    assert 0 <= confidence_bin(thousandths) <= confidence_bin(1000) == 8


def test_counts_add_up_and_come_back() -> None:
    one, other = Answers.none(3), Answers.none(3)
    one.learn_one(0, 500, 2, 400)
    other.learn_one(2, 700, 2, 600)
    both = one + other
    assert both.documents == 2
    assert both.counts["topic"] == [0, 0, 2]
    assert both.mean_confidence("tone") == pytest.approx(0.6)
    assert answers_from_dict(json.loads(json.dumps(answers_to_dict(both)))) == both
