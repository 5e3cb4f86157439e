from hypothesis import given
from hypothesis import strategies as st

from models.text import MAX_CHARS, clean, model_input, text_key


def test_urls_entities_and_white_space_go() -> None:
    assert clean("Shares&nbsp;of AT&amp;T\n fall  https://t.co/abc123 — WWW.example.org/x now") == (
        "Shares of AT&T fall — now"
    )


def test_company_names_with_ampersands_stay() -> None:
    assert clean("S&P and R&D at M&A") == "S&P and R&D at M&A"


def test_headline_and_body_become_two_sentences() -> None:
    assert model_input("Bank fails", "Depositors queue.") == "Bank fails. Depositors queue."
    assert model_input("Will it fail?", "Yes.") == "Will it fail? Yes."
    assert model_input("", "Only a body") == "Only a body"
    assert model_input("Only a headline") == "Only a headline"


def test_a_body_that_repeats_the_headline_is_not_read_twice() -> None:
    assert model_input("Bank fails", "Bank fails - depositors queue") == "Bank fails. depositors queue"
    assert model_input("Bank fails", "Bank fails") == "Bank fails"


def test_unpaired_surrogates_do_not_reach_the_tokenizer() -> None:
    assert model_input("up \ud83d down") == "up \ufffd down"


@given(st.text(), st.text())
def test_result_is_one_clean_line_within_the_cap(title: str, body: str) -> None:
    made = model_input(title, body)
    assert len(made) <= MAX_CHARS
    assert made == " ".join(made.split())
    made.encode()


def test_only_the_start_of_a_megabyte_counts() -> None:
    assert model_input("x " * 500_000) == model_input("x " * 5_000)


def test_key_ignores_case_links_and_punctuation() -> None:
    assert text_key("Profit UP, 3%! https://t.co/1") == text_key("profit up 3 %")
    assert text_key("profit up 3") != text_key("profit up 4")


def test_key_of_chinese_ignores_width_and_gaps() -> None:
    assert text_key("沪指　跌３％，创新低！") == text_key("沪指跌3%创新低")
    assert text_key("ＡＢＣ公司 停牌") == text_key("abc公司停牌")
    assert text_key("沪指跌3点") != text_key("沪指跌4点")
    assert text_key("rates up") != text_key("ratesup"), "gaps between words of letters count"
