from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.serving.packing import Size, packs
from models.serving.tokens import TokenRows

TEXTS = st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=12), max_size=60)


@given(TEXTS, st.integers(1, 64))
def test_packs_hold_every_text_once_in_order_within_the_size(texts: list[list[int]], tokens: int) -> None:
    size = Size.of(tokens, longest=12)
    seen: list[list[int]] = []
    for pack in packs(TokenRows.of(texts), size):
        assert pack.first == len(seen)
        assert len(pack.ids) <= size.tokens
        assert len(pack.starts) - 1 <= size.texts
        assert pack.starts[0] == 0
        assert pack.starts[-1] == len(pack.ids) == len(pack.positions)
        for begin, end in zip(pack.starts, pack.starts[1:], strict=False):
            seen.append(pack.ids[begin:end].tolist())
            assert pack.positions[begin:end].tolist() == list(range(end - begin))
    assert seen == texts


@given(TEXTS)
def test_a_pack_ends_only_where_the_next_text_does_not_fit(texts: list[list[int]]) -> None:
    size = Size(tokens=24, texts=5)
    made = list(packs(TokenRows.of(texts), size))
    for pack, following in pairwise(made):
        full = len(pack.starts) - 1 == size.texts
        assert full or len(pack.ids) + int(np.diff(following.starts)[0]) > size.tokens


def test_a_text_that_fits_into_no_pack_is_refused() -> None:
    with pytest.raises(ValueError, match="a text of 9 tokens does not fit into packs of 8"):
        list(packs(TokenRows.of([[1] * 9]), Size(tokens=8, texts=1)))


def test_the_size_holds_the_longest_text() -> None:
    assert Size.of(16, longest=96).tokens == 96
    assert Size.of(1024, longest=96) == Size(1024, 64)
