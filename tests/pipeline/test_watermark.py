import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.watermark import FOREVER, Progress, Watermark

JUMP = 900


def watermark(partitions: int = 1, lateness: int = 0) -> Watermark:
    return Watermark(partitions, lateness, JUMP)


def hear(target: Watermark, *stamps: int, source: int = 1, partition: int = 0) -> list[int]:
    return target.hear(partition, np.array(stamps, np.int64), np.full(len(stamps), source)).tolist()


def test_waits_for_every_partition() -> None:
    target = watermark(2, 120)
    hear(target, 1_000)
    assert target.value is None
    hear(target, 600, partition=1)
    assert target.value == 480


def test_an_ended_partition_holds_nothing_back() -> None:
    target = watermark(2, 120)
    hear(target, 1_000)
    target.end(1)
    assert target.value == 880
    target.end(0)
    assert target.value == FOREVER


def test_tells_what_was_believed_before_each_document() -> None:
    assert hear(watermark(), 100, 50, 200, 150) == [100, 100, 100, 200]


def test_one_wrong_stamp_moves_nothing() -> None:
    target = watermark()
    hear(target, 1_000, 10**9, 1_060, 1_120)
    assert target.value == 1_120


def test_a_source_with_a_wrong_clock_among_others_moves_nothing() -> None:
    target = watermark()
    for second in range(1_000, 3_000, 60):
        hear(target, second, source=1)
        hear(target, *(second + 18_000 + n for n in range(9)), source=2)
    assert target.value == 2_980


def test_a_night_is_passed_once_three_documents_of_two_sources_say_so() -> None:
    target = watermark()
    hear(target, 1_000)
    hear(target, 30_000, 30_060, source=1)
    assert target.value == 1_000
    hear(target, 30_090, source=2)
    assert target.value == 30_090


def test_a_single_source_passes_a_night_with_ten_documents() -> None:
    target = watermark()
    hear(target, 1_000)
    hear(target, *range(30_000, 30_009))
    assert target.value == 1_000
    hear(target, 30_009)
    assert target.value == 30_009


def test_the_clock_passes_a_night_at_once() -> None:
    target = watermark()
    hear(target, 1_000, 30_000)
    target.advance(0, 29_900)
    assert target.value == 29_900
    hear(target, 30_010)
    assert target.value == 30_010


stamps = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 2)), max_size=40)


@given(stamps, st.integers(1, 10))
def test_batches_change_nothing(told: list[tuple[int, int]], batch: int) -> None:
    one, other = watermark(), watermark()
    whole = one.hear(0, np.array([s for s, _ in told], np.int64), np.array([s for _, s in told], np.int64))
    parts: list[int] = []
    for start in range(0, len(told), batch):
        part = told[start : start + batch]
        heard = other.hear(0, np.array([s for s, _ in part], np.int64), np.array([s for _, s in part]))
        parts += heard.tolist()
    assert parts == whole.tolist()
    assert one.progress == other.progress


@given(stamps)
def test_never_goes_back_or_beyond_what_was_heard(told: list[tuple[int, int]]) -> None:
    target = watermark()
    before = 0
    for count, (stamp, source) in enumerate(told, start=1):
        hear(target, stamp, source=source)
        assert target.value is not None
        assert (before if count > 1 else 0) <= target.value <= max(s for s, _ in told[:count])
        before = target.value


@given(stamps)
def test_what_waits_for_witnesses_stays_small(told: list[tuple[int, int]]) -> None:
    target = Watermark(1, 0, 0, [Progress()])
    for stamp, source in told:
        hear(target, stamp, source=source)
        assert len(target.progress[0].ahead) <= 10
