import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.signature import LANES, comparable, signatures

texts = st.lists(st.text(max_size=60), max_size=8)


@given(texts)
def test_a_signature_does_not_depend_on_the_other_texts(several: list[str]) -> None:
    compared = [comparable(text) for text in several]
    together = signatures(compared)
    assert together.shape == (len(several), LANES)
    for text, lanes in zip(compared, together, strict=True):
        assert (signatures([text])[0] == lanes).all()


EXPECTED = [
    [139, 193, 201, 226, 45, 64, 110, 135],
    [149, 223, 61, 43, 214, 54, 247, 175],
    [124, 199, 7, 17, 48, 227, 118, 24],
]


def shingles(text: str, size: int = 5) -> set[str]:
    padded = f" {text} "
    return {padded[at : at + size] for at in range(len(padded) - size + 1)}


def test_agreeing_lanes_estimate_the_jaccard_similarity() -> None:
    base = "harbor bank halts withdrawals after depositors queue all night long outside its doors"
    words = base.split()
    errors = []
    for kept in range(4, len(words) + 1):
        other = " ".join(words[:kept])
        one, two = shingles(base), shingles(other)
        lanes = signatures([base, other])
        errors.append((lanes[0] == lanes[1]).mean() - len(one & two) / len(one | two))
    assert np.abs(errors).max() < 0.2
    assert abs(np.mean(errors)) < 0.08


def test_it_never_changes() -> None:
    """Signatures stand in topics and checkpoints: another function is another form of the tally."""
    lanes = signatures(["harbor bank halts withdrawals", "港湾银行暂停取款", ""])
    assert lanes[:, :8].tolist() == EXPECTED


def test_slugs_links_and_marks_of_retweets_are_left_out() -> None:
    assert comparable("UPDATE 2-Bank halts withdrawals") == "bank halts withdrawals"
    assert comparable("RT @tape: Bank halts withdrawals https://t.example/1") == "bank halts withdrawals"
    assert comparable("Correcting the record: a bank's story") == "correcting the record a bank s story"
