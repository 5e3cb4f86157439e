from hypothesis import given
from hypothesis import strategies as st

from models.serving.batching import bucket_batches

LENGTHS = st.lists(st.integers(1, 600), max_size=200)


@given(LENGTHS, st.integers(1, 5000))
def test_every_text_runs_once_beside_texts_of_its_own_length_within_the_budget(
    lengths: list[int], budget: int
) -> None:
    batches = bucket_batches(lengths, budget)
    assert sorted(row for batch in batches for row in batch.rows) == list(range(len(lengths)))
    for batch in batches:
        assert {lengths[row] for row in batch.rows} == {batch.length}
        assert batch.length * len(batch.rows) <= budget or len(batch.rows) == 1


def test_batches_are_as_full_as_the_budget_allows() -> None:
    assert [len(batch.rows) for batch in bucket_batches([32] * 300, 4096)] == [128, 128, 44]
