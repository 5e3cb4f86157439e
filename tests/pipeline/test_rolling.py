from math import sqrt

from hypothesis import given
from hypothesis import strategies as st

from pipeline.rolling import WINDOWS, Rolling, Sums, Totals, window

documents = st.tuples(
    st.integers(0, 3000), st.sampled_from("ab"), st.integers(0, 2), st.integers(-1000, 1000)
)


def recount(history: list[tuple[int, str, int, int]], key: str, last: int, length: int) -> Totals:
    inside = [d for d in history if d[1] == key and last - length < d[0] <= last]
    return Totals(len(inside), sum(d[2] == 0 for d in inside), sum(d[3] for d in inside))


@given(st.lists(documents, max_size=40), st.lists(documents, max_size=10))
def test_windows_are_what_counting_again_gives(
    history: list[tuple[int, str, int, int]], late: list[tuple[int, str, int, int]]
) -> None:
    rolling = Rolling(horizon=2880)
    counted: list[tuple[int, str, int, int]] = []
    by_minute: dict[int, dict[str, Sums]] = {}
    for minute, key, tone, score in history:
        by_minute.setdefault(minute, {}).setdefault(key, Sums()).add(tone, score, new_story=True, late=False)
    for minute in sorted(by_minute):
        rolling.close(minute, by_minute[minute])
        counted += [d for d in history if d[0] == minute]
        for document in [d for d in late if d[0] <= minute]:
            if rolling.amend(document[0], [document[1]], document[2], document[3], new_story=False):
                counted.append(document)
            late = [d for d in late if d is not document]
        for key in "ab":
            shown = rolling.windows(key)
            for name, length in WINDOWS.items():
                assert shown[name] == window(recount(counted, key, minute, length))


def test_share_and_its_error() -> None:
    shown = window(Totals(documents=100, negative=30, score_sum=-20_000))
    assert (shown.mean, shown.negative_share) == (-0.2, 0.3)
    adjusted = 32 / 104
    assert shown.negative_share_se == round(sqrt(adjusted * (1 - adjusted) / 104), 6)


def test_none_of_three_is_not_certainty() -> None:
    assert window(Totals(documents=3)).negative_share_se > 0.1


def test_a_document_beyond_the_horizon_is_refused() -> None:
    rolling = Rolling(horizon=2880)
    rolling.close(10_000, {})
    assert not rolling.amend(10_000 - 2880, ["a"], 0, -900, new_story=True)
    assert rolling.amend(10_000 - 2879, ["a"], 0, -900, new_story=True)
