from hashlib import sha256
from pathlib import Path

import pytest

from models.data import SETS, TESTS, Corpus, Example, load_corpus, settle, split, stratified_share
from models.taxonomy import load_topics
from models.text import text_key


def row(
    text: str, label: int = 0, source: str = "tfn_sentiment", id: str = "x", agreement: int = 0
) -> Example:
    return Example(id, source, "tone", text, text_key(text), label, agreement)


def keys(rows: tuple[Example, ...]) -> set[str]:
    return {example.key for example in rows}


def assert_no_test_row_is_trained_on(corpus: Corpus) -> None:
    tested = set().union(*(keys(rows) for rows in corpus.tests.values()))
    assert not tested & keys(corpus.train)
    assert not tested & keys(corpus.dev)
    assert not keys(corpus.dev) & keys(corpus.train)


def test_copies_become_one_row_with_the_commonest_label() -> None:
    copies = [
        row("Gain 1", 2),
        row("gain: 1", 0),
        row("GAIN 1 https://t.co/q", 2),
        row("Clash", 0),
        row("clash!", 2),
    ]
    assert [(example.text, example.label) for example in settle(copies)] == [("Gain 1", 2)]


def test_a_share_is_taken_of_every_stratum_and_stays_when_rows_come_and_go() -> None:
    rows = [row(f"text {n}", label=n % 2, agreement=50 + n % 3) for n in range(600)]
    chosen = stratified_share(rows, 0.1, "seed")
    assert len(chosen) == 60
    assert [sum(e.label == label for e in chosen) for label in (0, 1)] == [30, 30]
    assert chosen == stratified_share(rows[::-1], 0.1, "seed") or set(chosen) == set(
        stratified_share(rows[::-1], 0.1, "seed")
    )
    assert set(chosen) != set(stratified_share(rows, 0.1, "another seed"))


def test_own_rows_do_not_leak() -> None:
    tweets = [(row(f"tweet {n}", n % 3), "train") for n in range(100)]
    tweets += [(row(f"tweet {n}", n % 3), "valid") for n in range(90, 130)]
    phrases = [(row(f"Phrase {n}", n % 3, "fpb"), "") for n in range(200)]
    # The same text in another set: it must leave training once it is in a test.
    phrases += [(row("Tweet 120!", 0, "fpb"), ""), (row("phrase 5", 2, "fpb"), "")]
    corpus = split({"tfn_sentiment": tweets, "fpb": phrases}, dev_share=0.1, seed="s")
    assert_no_test_row_is_trained_on(corpus)
    assert keys(corpus.tests["tfn_sentiment"]) == {f"tweet {n}" for n in range(100, 130)}
    assert len(corpus.tests["fpb"]) == 21, "seven of each of three labels"
    assert "tweet 95" in keys(corpus.train) | keys(corpus.dev)


def test_rows_of_a_published_test_split_are_not_trained_on() -> None:
    rows = [(row(f"t {n}", source="fiqa"), "test" if n < 5 else "train") for n in range(50)]
    corpus = split({"fiqa": rows}, dev_share=0.1, seed="s")
    assert not (keys(corpus.train) | keys(corpus.dev)) & {f"t {n}" for n in range(5)}


@pytest.fixture(scope="module")
def everything(data: Path) -> Corpus:
    """Every set there is."""
    return load_corpus(data, tuple(SETS))


@pytest.mark.data
def test_no_real_test_or_dev_text_is_trained_on_in_whichever_set(everything: Corpus) -> None:
    assert {example.source for example in everything.train} == set(SETS)
    assert tuple(everything.tests) == tuple(TESTS)
    assert_no_test_row_is_trained_on(everything)


@pytest.mark.data
@pytest.mark.parametrize(
    "names", [(), ("fpb", "tfn_sentiment", "tfn_topic"), ("stock_tweets", "finnl_topic")]
)
def test_tests_do_not_depend_on_what_is_trained_on(
    data: Path, everything: Corpus, names: tuple[str, ...]
) -> None:
    corpus = load_corpus(data, names)
    assert corpus.tests == everything.tests
    assert {example.source for example in corpus.train} == set(names)
    assert_no_test_row_is_trained_on(corpus)


@pytest.mark.data
def test_the_tests_have_the_rows_that_figures_were_published_for(everything: Corpus) -> None:
    sizes = {name: len(rows) for name, rows in everything.tests.items()}
    assert sizes == {
        "fpb": 388,
        "tfn_sentiment": 1_150,
        "tfn_topic": 1_723,
        "finfe": 832,
        "zh_news": 792,
        "guba": 920,
    }
    phrases = "\n".join(sorted(f"{example.id} {example.label}" for example in everything.tests["fpb"]))
    assert (
        sha256(phrases.encode()).hexdigest()
        == "952333f09403555063bda318b2ce29910dbf729d1b7f92d705c123709898e9af"
    )


@pytest.mark.data
def test_sets_without_a_neutral_say_so(everything: Corpus) -> None:
    classes = {example.source: example.classes for example in everything.train}
    assert {name for name, known in classes.items() if known == (0, 2)} == {"stock_tweets", "zh_news", "guba"}
    assert set(classes.values()) == {(), (0, 2)}
    assert all(example.label in example.classes for example in everything.train if example.classes)
    languages = {example.source: example.language for example in everything.train}
    assert {name for name, language in languages.items() if language == "zh"} == {
        "finfe",
        "zh_news",
        "guba",
        "finnl_topic",
    }


@pytest.mark.data
def test_all_twenty_topics_occur_in_training_and_test(data: Path) -> None:
    corpus = load_corpus(data, ("tfn_topic",))
    every = set(range(len(load_topics())))
    assert {example.label for example in corpus.train} == every
    assert {example.label for example in corpus.tests["tfn_topic"]} == every
