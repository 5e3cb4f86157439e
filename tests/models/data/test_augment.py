import gzip
import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.data.augment import KEPT, Augmentation, Names, augment, load_names
from models.errors import ModelError

NAMES = Names(frozenset({"Harbour Bank", "Harbour Bank Holdings", "Nordwind", "Gap", "远山科技", "远山"}))
SHARES = st.floats(0, 1)
LINES = st.text(max_size=80).map(lambda text: " ".join(text.split()))


def spans(text: str) -> list[str]:
    return [text[start:end] for start, end in NAMES.find(text)]


def test_names_are_found_as_whole_words_the_longest_first() -> None:
    assert spans("Harbour Bank Holdings and Harbour Bank, not Harbour Banking") == [
        "Harbour Bank Holdings",
        "Harbour Bank",
    ]
    assert spans("Nordwind's chief leaves; nordwind is a wind") == []
    assert spans("Shares of Nordwind fall") == ["Nordwind"]
    assert spans("The Gap widens") == [], "short words are too ambiguous"
    assert spans("远山科技涨停，远山集团跟涨") == ["远山科技", "远山"]


def test_names_and_tickers_are_hidden_in_the_texts_language() -> None:
    every = Augmentation(entities=1, names=NAMES)
    assert augment("Nordwind buys $ABC", random.Random(1), every) == "the company buys the company"
    assert augment("远山科技跌停", random.Random(1), every) == "该公司跌停"


def test_numbers_are_hidden_whole() -> None:
    said = augment("Profit rose 1,250.5 to 3/4 in 2026, up 12%", random.Random(1), Augmentation(numbers=1))
    assert said == "Profit rose # to # in #, up #%"


def test_words_that_turn_the_tone_round_stay() -> None:
    text = "The bank didn't fail and was not closed"
    assert augment(text, random.Random(1), Augmentation(words=1)) == "didn't not"
    assert augment("沪指未跌", random.Random(1), Augmentation(words=1)) == "未"


@given(LINES, st.integers())
def test_without_shares_nothing_changes(text: str, seed: int) -> None:
    assert augment(text, random.Random(seed), Augmentation(names=NAMES)) == text


@given(LINES, st.integers(), SHARES, SHARES, SHARES)
def test_equal_seeds_give_equal_texts_that_stay_one_line(
    text: str, seed: int, numbers: float, entities: float, words: float
) -> None:
    settings = Augmentation(numbers, entities, words, NAMES)
    once = augment(text, random.Random(seed), settings)
    assert once == augment(text, random.Random(seed), settings)
    assert once == " ".join(once.split())


@given(
    st.lists(st.sampled_from(["Bank", "fails", "not", "3", "跌", "didn't", "up"]), min_size=1), st.integers()
)
def test_dropped_words_leave_the_others_in_order(words: list[str], seed: int) -> None:
    left = augment(" ".join(words), random.Random(seed), Augmentation(words=0.5)).split()
    rest = iter(words)
    assert all(word in rest for word in left), "a subsequence"
    assert [word for word in left if word in KEPT] == [word for word in words if word in KEPT]
    assert left


@given(LINES, st.integers())
def test_with_all_numbers_hidden_no_digit_is_left(text: str, seed: int) -> None:
    assert not re.search(r"\d", augment(text, random.Random(seed), Augmentation(numbers=1)))


def test_about_the_share_is_dropped() -> None:
    text = " ".join(["word"] * 5000)
    left = augment(text, random.Random(3), Augmentation(words=0.2)).split()
    assert 3900 < len(left) < 4100


def test_names_come_from_a_table_or_a_list(tmp_path: Path) -> None:
    table = tmp_path / "names.csv.gz"
    table.write_bytes(gzip.compress("symbol,short_name\nNW,Nordwind\nYS,远山科技\n".encode()))
    (tmp_path / "names.txt").write_text("Nordwind\n\n远山科技\n", encoding="utf-8")
    for file in (table, tmp_path / "names.txt"):
        names = load_names(file)
        assert [*names.find("Nordwind 与远山科技")] == [(0, 8), (10, 14)]


def test_names_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_text("symbol\nNW\n")
    with pytest.raises(ModelError, match="neither a column short_name nor name"):
        load_names(tmp_path / "names.csv")
    with pytest.raises(ModelError, match="cannot read names from"):
        load_names(tmp_path / "none.txt")


@pytest.mark.data
def test_the_gazetteer_hides_companies(data: Path) -> None:
    names = load_names(data / "gazetteer" / "gazetteer.csv.gz")
    every = Augmentation(entities=1, names=names)
    said = augment("Abbott Laboratories raises its outlook", random.Random(1), every)
    assert said == "the company raises its outlook"
