import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.keytable import KeyTable

# A multiple of the table's multiplier's inverse makes keys collide; small ranges repeat them.
keys = st.lists(st.integers(0, 30) | st.integers(2**62, 2**62 + 30) | st.integers(0, 2**63 - 1), unique=True)


@given(st.lists(keys, max_size=8), st.integers(0, 2**33))
def test_finds_the_newest_number_of_a_key_and_nothing_else(batches: list[list[int]], first: int) -> None:
    table, model, end = KeyTable(), dict[int, int](), first
    for batch in batches:
        numbers = np.arange(end, end + len(batch))
        end += len(batch)
        table.put(np.array(batch, np.int64), numbers, first, end)
        model |= dict(zip(batch, numbers.tolist(), strict=True))
    asked = sorted({key for batch in batches for key in batch} | {5, 2**62 + 5})
    found = table.find(np.array(asked, np.int64), first, end).tolist()
    assert found == [model.get(key, -1) for key in asked]


@given(st.integers(0, 2000))
def test_what_the_log_has_forgotten_is_not_found_and_leaves(forgotten: int) -> None:
    table = KeyTable()
    for start in range(0, 50_000, 1000):
        first = max(0, start - 1000)
        table.put(np.arange(start, start + 1000) * 7919, np.arange(start, start + 1000), first, start + 1000)
    found = table.find(np.arange(50_000) * 7919, 50_000 - forgotten, 50_000)
    assert (found[50_000 - forgotten :] == np.arange(50_000 - forgotten, 50_000)).all()
    assert (found[: 50_000 - forgotten] == -1).all()
    assert table.slots <= 16_384
