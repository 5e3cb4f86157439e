from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import seen
from pipeline.seen import Seen

HORIZON = 120
steps = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 90)), max_size=60)


def play(target: Seen, moves: list[tuple[int, int]], minute: int = 0) -> tuple[list[bool], int]:
    answers = []
    for key, pause in moves:
        minute += pause
        target.expire(minute)
        answers.append(target.add(key, minute))
    return answers, minute


@given(steps)
def test_knows_a_key_for_the_horizon_and_forgets_it_within_an_hour_after(
    moves: list[tuple[int, int]],
) -> None:
    target = Seen(HORIZON)
    added: dict[int, int] = {}
    minute = 0
    for key, pause in moves:
        minute += pause
        target.expire(minute)
        if key in target:
            assert (
                minute - added[key] <= HORIZON + 2 * 60 + 90
            )  # a segment's hour, and the pause to the next look
        elif key in added:
            assert minute - added[key] > HORIZON
        if target.add(key, minute):
            added[key] = minute


@given(steps, steps)
def test_restored_goes_on_the_same(before: list[tuple[int, int]], after: list[tuple[int, int]]) -> None:
    original = Seen(HORIZON)
    _, minute = play(original, before)
    restored = Seen(HORIZON)
    restored.restore(original.head(), original.sealed())
    assert play(restored, after, minute) == play(original, after, minute)
    assert restored.head() == original.head()


@settings(max_examples=20)
@given(st.integers(1, 200))
def test_sealed_segments_never_change(extra: int) -> None:
    target = Seen(10_000)
    for key in range(seen.SEGMENT_SIZE):
        target.add(key, 0)
    target.expire(0)
    before = target.sealed()
    for key in range(extra):
        target.add(seen.SEGMENT_SIZE + key, 1)
    target.expire(2)
    assert target.sealed() == before
    assert list(before) == [0]
