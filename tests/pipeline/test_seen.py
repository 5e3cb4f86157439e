import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import rowlog
from pipeline.seen import Seen

HORIZON = 3
batches = st.lists(st.tuples(st.integers(0, 3), st.lists(st.integers(0, 40), max_size=20)), max_size=12)


def play(target: Seen, moves: list[tuple[int, list[int]]], hour: int = 0) -> tuple[list[bool], int]:
    answers: list[bool] = []
    for pause, keys in moves:
        hour += pause
        target.forget(hour)
        answers += target.add(np.array(keys, np.int64), hour).tolist()
    return answers, hour


@given(batches)
def test_knows_a_key_for_the_horizon_and_not_after(moves: list[tuple[int, list[int]]]) -> None:
    target = Seen(HORIZON, 1000)
    added: dict[int, int] = {}
    hour = 0
    for pause, keys in moves:
        hour += pause
        target.forget(hour)
        fresh = target.add(np.array(keys, np.int64), hour).tolist()
        for key, new in zip(keys, fresh, strict=True):
            assert new == (key not in added or hour - added[key] > HORIZON)
            if new:
                added[key] = hour


@given(batches, st.data())
def test_how_keys_are_cut_into_batches_changes_nothing(
    moves: list[tuple[int, list[int]]], data: st.DataObject
) -> None:
    cut = []
    for pause, keys in moves:
        at = data.draw(st.integers(0, len(keys)))
        cut += [(pause, keys[:at]), (0, keys[at:])]
    one, other = Seen(HORIZON, 1000), Seen(HORIZON, 1000)
    assert play(one, moves) == play(other, cut)
    assert one.head() == other.head()


@given(batches, batches)
def test_restored_goes_on_the_same(
    before: list[tuple[int, list[int]]], after: list[tuple[int, list[int]]]
) -> None:
    original = Seen(HORIZON, 1000)
    _, hour = play(original, before)
    restored = Seen(HORIZON, 1000)
    sealed = {number: original.log.segment(number) for number in original.log.sealed()}
    restored.restore(original.head(), sealed)
    assert play(restored, after, hour) == play(original, after, hour)
    assert restored.head() == original.head()


@settings(max_examples=10)
@given(st.integers(1, 4), st.integers(0, 2**40))
def test_keeps_no_more_than_allowed_and_forgets_the_oldest(times: int, start: int) -> None:
    most = 2 * rowlog.SEGMENT_ROWS
    target = Seen(HORIZON, most)
    keys = np.arange(start, start + (times + 2) * rowlog.SEGMENT_ROWS + 7)
    assert target.add(keys, 0).all()
    target.forget(0)
    assert most - rowlog.SEGMENT_ROWS <= len(target) <= most
    assert not target.add(keys[-5:], 0).any()
    assert target.add(keys[:5], 0).all()


def test_sealed_segments_never_change() -> None:
    target = Seen(HORIZON, 10**6)
    target.add(np.arange(rowlog.SEGMENT_ROWS + 1), 0)
    assert target.log.sealed() == [0]
    before = target.log.segment(0)
    target.add(np.arange(10**6, 10**6 + 50), 1)
    assert target.log.sealed() == [0, 1]
    assert target.log.segment(0) == before
