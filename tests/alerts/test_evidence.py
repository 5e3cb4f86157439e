from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alerts.evidence import CITED, EvidenceWindow
from tests.alerts.streams import MONDAY, evidence

minutes = st.lists(st.lists(st.integers(-1000, -1), max_size=CITED), min_size=1, max_size=40)


@given(minutes, st.integers(1, 40))
def test_cites_the_worst_of_any_recent_window(scores: list[list[int]], length: int) -> None:
    window = EvidenceWindow()
    everything = []
    last = MONDAY + len(scores) - 1
    for offset, minute_scores in enumerate(scores):
        when = MONDAY + offset
        stories = [
            evidence("overall", when, number, score / 1000)
            for number, score in enumerate(sorted(minute_scores))
        ]
        window.add(when, stories)
        everything += [story for story in stories if when > last - length]
    everything.sort(key=lambda story: story.score)
    cited = window.moved_most(last, (length,), (5.0,), (4.5,))
    assert [story.score for story in cited] == [story.score for story in everything[:CITED]]
    assert all(story.contribution == 0.5 for story in cited)


def test_a_story_without_which_a_longer_window_still_rings_moved_it_less() -> None:
    window = EvidenceWindow()
    old, new = evidence("overall", MONDAY, 1, -0.9), evidence("overall", MONDAY + 50, 1, -0.2)
    window.add(MONDAY, [old])
    window.add(MONDAY + 50, [new])
    cited = window.moved_most(MONDAY + 59, (15, 60), (5.8, 6.0), (5.0, 5.7))
    assert [(story.story, story.contribution) for story in cited] == [(new.story, 0.3), (old.story, 0.2)]


def test_what_no_ringing_window_holds_is_not_cited() -> None:
    window = EvidenceWindow()
    window.add(MONDAY, [evidence("overall", MONDAY, 1)])
    assert window.moved_most(MONDAY + 59, (15, 60), (6.0, 0.0), (5.0, 0.0)) == ()


def test_a_copy_of_a_story_is_cited_once() -> None:
    window = EvidenceWindow()
    story = evidence("overall", MONDAY, 1)
    window.add(MONDAY, [story])
    window.add(MONDAY + 1, [story])
    assert len(window.state()) == 1


def test_memory_is_bounded_when_news_brightens_all_day() -> None:
    window = EvidenceWindow()
    for offset in range(500):
        window.add(MONDAY + offset, [evidence("overall", MONDAY + offset, 0, (offset - 1000) / 1000)])
    assert len(window.state()) <= 32


def test_forgets_what_no_window_reaches() -> None:
    window = EvidenceWindow()
    window.add(MONDAY, [evidence("overall", MONDAY, 1)])
    window.add(MONDAY + 9, [evidence("overall", MONDAY + 9, 1)])
    window.forget(MONDAY + 5)
    assert [when for when, *_ in window.state()] == [MONDAY + 9]
