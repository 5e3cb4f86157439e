from hypothesis import given
from hypothesis import strategies as st

from pipeline.story import hash63, story_key


def test_copies_differ_in_case_and_punctuation_only() -> None:
    assert story_key("Lender halts withdrawals!") == story_key("LENDER  halts “withdrawals”")
    assert story_key("Lender halts withdrawals") != story_key("Lender resumes withdrawals")


def test_without_a_title_the_body_decides() -> None:
    assert story_key("", "Deposits leave the bank") == story_key("  ", "deposits leave the bank")
    assert story_key("", "Deposits leave the bank") != story_key("", "Deposits stay")


def test_emoji_alone_are_stories_of_their_own() -> None:
    assert story_key("🔥🔥") != story_key("🚀")


@given(st.text())
def test_hash_fits_a_signed_64_bit_column(text: str) -> None:
    assert 0 <= hash63(text) < 1 << 63
