from hypothesis import given
from hypothesis import strategies as st

from models.serving.batching import STEP, bucket_batches, padded_length

LENGTHS = st.lists(st.integers(1, 600), max_size=200)


@given(LENGTHS, st.integers(1, 5000))
def test_every_text_runs_once_in_a_batch_of_its_own_length_within_the_budget(
    lengths: list[int], budget: int
) -> None:
    batches = bucket_batches(lengths, budget)
    assert sorted(row for batch in batches for row in batch.rows) == list(range(len(lengths)))
    for batch in batches:
        assert {padded_length(lengths[row]) for row in batch.rows} == {batch.length}
        assert batch.length * len(batch.rows) <= budget or len(batch.rows) == 1


@given(st.integers(1, 600))
def test_padding_is_less_than_one_step(tokens: int) -> None:
    assert tokens <= padded_length(tokens) < tokens + STEP or tokens < STEP == padded_length(tokens)


def test_batches_are_as_full_as_the_budget_allows() -> None:
    assert [len(batch.rows) for batch in bucket_batches([30] * 300, 4096)] == [128, 128, 44]
