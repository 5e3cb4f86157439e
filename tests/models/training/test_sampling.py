from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from models.training.sampling import batches, epoch_rows, permuted, quotas


@given(st.dictionaries(st.sampled_from("abcd"), st.integers(1, 1000), min_size=1))
def test_without_weights_every_set_comes_up_once(sizes: dict[str, int]) -> None:
    assert quotas(sizes, {}) == sizes


def test_a_temperature_favours_small_sets() -> None:
    plain, warm = (quotas({"a": 900, "b": 100}, {}, t) for t in (1.0, 2.0))
    assert warm == {"a": 750, "b": 250}
    assert sum(warm.values()) == sum(plain.values())


@given(st.integers(1, 20), st.integers(0, 100), st.integers(0, 60))
def test_no_row_comes_up_twice_before_all_came_up(size: int, start: int, count: int) -> None:
    rows = list(permuted(size, start, count, "s"))
    assert len(rows) == count
    assert rows == list(permuted(size, 0, start + count, "s"))[start:], "one endless row"
    times = Counter(permuted(size, 0, start + count, "s"))
    assert max(times.values(), default=0) - min((times[row] for row in range(size)), default=0) <= 1


@given(st.integers(1, 50), st.integers(1, 50), st.integers(0, 3))
def test_an_epoch_is_seeded_and_holds_the_quotas(first: int, second: int, epoch: int) -> None:
    sources = ["a"] * first + ["b"] * second
    quota = {"a": 2 * first, "b": second // 2}
    rows = epoch_rows(sources, quota, epoch=epoch, seed=1)
    assert Counter(sources[row] for row in rows) == Counter(quota)
    assert rows == epoch_rows(sources, quota, epoch=epoch, seed=1)


@given(st.lists(st.integers(1, 90), min_size=1, max_size=200), st.integers(1, 8))
def test_batches_hold_every_row_once(lengths: list[int], size: int) -> None:
    made = batches(range(len(lengths)), lengths, size, epoch=0, seed=1)
    assert sorted(row for batch in made for row in batch) == list(range(len(lengths)))
    assert all(len(batch) <= size for batch in made)


def test_a_batch_has_like_lengths() -> None:
    lengths = list(range(1, 81)) * 4
    made = batches(range(len(lengths)), lengths, 8, epoch=0, seed=1)
    assert max(max(lengths[i] for i in b) - min(lengths[i] for i in b) for b in made) <= 2
