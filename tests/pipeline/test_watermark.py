from hypothesis import given
from hypothesis import strategies as st

from pipeline.watermark import FOREVER, Watermark


def test_waits_for_every_partition() -> None:
    watermark = Watermark(2, allowed_lateness=120)
    watermark.advance(0, 1_000)
    assert watermark.value is None
    watermark.advance(1, 600)
    assert watermark.value == 480


def test_an_ended_partition_holds_nothing_back() -> None:
    watermark = Watermark(2, allowed_lateness=120)
    watermark.advance(0, 1_000)
    watermark.end(1)
    assert watermark.value == 880
    watermark.end(0)
    assert watermark.value == FOREVER


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 10_000)), min_size=1))
def test_never_goes_back(moves: list[tuple[int, int]]) -> None:
    watermark = Watermark(3, allowed_lateness=60)
    before = None
    for partition, high in moves:
        watermark.advance(partition, high)
        if before is not None:
            assert watermark.value is not None and watermark.value >= before
        before = watermark.value
