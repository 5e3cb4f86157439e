import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from models.data import Dropped, OwnSet, load_corpus, read_own
from models.errors import ModelError
from models.taxonomy import Topic
from models.text import text_key

Row = dict[str, object]

SAYS = {
    "negative": ["Losses deepen at the {} plant", "Shares of firm {} plunge", "Lender {} misses its target"],
    "neutral": ["Firm {} holds its meeting in May", "Company {} is based in Oslo"],
    "positive": ["Profit of firm {} doubles", "Orders grew {} per cent"],
}
RATES = (
    Topic("rates", "Rates", "Rates", "利率", "What money costs", "资金的价格"),
    Topic("ships", "Ships", "Ships", "航运", "Freight and ports", "运费与港口"),
)


def write(folder: Path, rows: Sequence[Mapping[str, object]], name: str = "mine.csv") -> Path:
    file = folder / name
    table = pd.DataFrame(rows)
    if name.endswith(".parquet"):
        table.to_parquet(file)
    elif ".jsonl" in name:
        text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        file.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    else:
        table.to_csv(file, index=False, sep="\t" if ".tsv" in name else ",")
    return file


def labelled(count: int = 30) -> list[Row]:
    texts = [(text, tone) for tone, texts in SAYS.items() for text in texts]
    return [
        {"text": texts[n % len(texts)][0].format(n), "tone": texts[n % len(texts)][1]} for n in range(count)
    ]


def dropped(own: OwnSet) -> dict[str, tuple[int, ...]]:
    (reading,) = read_own(own)
    return {drop.reason: drop.rows for drop in reading.dropped}


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.tsv", "a.jsonl", "a.jsonl.gz", "a.parquet"])
def test_every_format_says_the_same(tmp_path: Path, name: str) -> None:
    own = OwnSet(path=write(tmp_path, labelled(), name), tone="tone", name="mine")
    (reading,) = read_own(own)
    assert reading.rows == 30
    assert reading.dropped == ()
    assert [example.label for example, _ in reading.examples][:7] == [0, 0, 0, 1, 1, 2, 2]
    assert {example.language for example, _ in reading.examples} == {"en"}
    assert {example.classes for example, _ in reading.examples} == {()}


def test_columns_and_labels_have_the_users_names(tmp_path: Path) -> None:
    rows = [
        {"when": "x", "headline": "Losses deepen", "lead": "The plant closes.", "mood": 0, "key": "a"},
        {"when": "x", "headline": "Profit doubles", "lead": "", "mood": 1, "key": "b"},
    ]
    own = OwnSet(
        path=write(tmp_path, rows, "desk-2026.parquet"),
        text="headline",
        body="lead",
        tone="mood",
        id="key",
        tones={"0": "negative", "1": "positive"},
        language="en",
    )
    (reading,) = read_own(own)
    assert [(e.id, e.text, e.label, e.source) for e, _ in reading.examples] == [
        ("a", "Losses deepen. The plant closes.", 0, "desk_2026"),
        ("b", "Profit doubles", 2, "desk_2026"),
    ]
    assert {example.classes for example, _ in reading.examples} == {(0, 2)}, "nothing is said of neutral"


def test_whole_numbers_stay_whole_in_a_column_with_gaps(tmp_path: Path) -> None:
    rows: list[Row] = [
        {"text": "up", "tone": 1.0},
        {"text": "down", "tone": 0.0},
        {"text": "unsaid", "tone": None},
    ]
    own = OwnSet(
        path=write(tmp_path, rows, "a.parquet"), tone="tone", tones={"0": "negative", "1": "positive"}
    )
    assert dropped(own) == {"no tone": (3,)}


def test_tone_and_topic_of_one_file_are_two_sets(tmp_path: Path) -> None:
    rows = [
        {"text": "Central bank cuts", "tone": "positive", "topic": "rates"},
        {"text": "Freight collapses", "tone": "Negative", "topic": "Ships"},
        {"text": "A port opens", "tone": "", "topic": "ships"},
    ]
    own = OwnSet(path=write(tmp_path, rows), tone="tone", topic="topic")
    tone, topic = read_own(own, RATES)
    assert (tone.name, topic.name) == ("mine_tone", "mine_topic")
    assert [example.label for example, _ in tone.examples] == [2, 0]
    assert [example.label for example, _ in topic.examples] == [0, 1, 1]


def test_unknown_labels_are_named_with_rows_and_what_is_allowed(tmp_path: Path) -> None:
    rows: list[Row] = [
        *labelled(6),
        {"text": "Mixed news", "tone": "mixed"},
        {"text": "More of it", "tone": "mixed"},
    ]
    own = OwnSet(path=write(tmp_path, rows), tone="tone")
    with pytest.raises(
        ModelError, match=r"column tone: 'mixed' in rows 7, 8 is none of negative, neutral, positive"
    ):
        read_own(own)
    assert dropped(own.model_copy(update={"drop_unknown": True})) == {"unknown label 'mixed'": (7, 8)}


def test_a_label_not_in_the_taxonomy_is_named(tmp_path: Path) -> None:
    rows = [{"text": "Oil rose", "topic": "oil"}, {"text": "Cuts", "topic": "rates"}]
    with pytest.raises(ModelError, match="'oil' in row 1 is none of rates, ships"):
        read_own(OwnSet(path=write(tmp_path, rows), topic="topic"), RATES)
    with pytest.raises(ModelError, match="oil is none of rates, ships"):
        read_own(OwnSet(path=write(tmp_path, rows), topic="topic", topics={"oil": "oil"}), RATES)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"text": "a fall", "tone": "negative"}] * 3, "every row says negative; .* at least two classes"),
        ([{"text": "a fall", "tone": ""}], "no row has a label that can be used"),
        ([{"text": "...", "tone": "negative"}, {"text": "a gain", "tone": "positive"}], "every row says pos"),
    ],
)
def test_one_class_only_is_refused(tmp_path: Path, rows: list[dict[str, str]], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        read_own(OwnSet(path=write(tmp_path, rows), tone="tone"))


def test_missing_columns_are_named_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no column 'headline', 'mood'; it has text, tone"):
        read_own(OwnSet(path=write(tmp_path, labelled()), text="headline", tone="mood"))


def test_copies_and_clashes_are_reported_by_row(tmp_path: Path) -> None:
    rows: list[Row] = [
        *labelled(6),
        {"text": "Bank fails", "tone": "negative"},
        {"text": "BANK FAILS! https://t.co/1", "tone": "negative"},
        {"text": "bank: fails", "tone": "neutral"},
        {"text": "Even split", "tone": "neutral"},
        {"text": "even split", "tone": "positive"},
        {"text": "🚀🚀", "tone": "positive"},
    ]
    assert dropped(OwnSet(path=write(tmp_path, rows), tone="tone")) == {
        "no letters or digits in the text": (12,),
        "same text and label as an earlier row": (8,),
        "same text as another row, other label": (9, 10, 11),
    }


def test_test_rows_that_are_trained_on_are_reported_and_left_out(tmp_path: Path) -> None:
    rows = [row | {"split": "train"} for row in labelled(24)]
    rows += [row | {"split": "Test"} for row in labelled(40)[20:]]
    rows += [row | {"split": "valid"} for row in labelled(50)[40:]]
    own = OwnSet(path=write(tmp_path, rows), tone="tone", split="split")
    assert dropped(own) == {"test row whose text is also trained on": (25, 26, 27, 28)}
    corpus = load_corpus(None, (), own=(own,))
    assert len(corpus.tests["mine"]) == 16
    assert len(corpus.dev) == 10, "the rows that say so"
    assert len(corpus.train) == 24


def test_a_wrong_split_is_named(tmp_path: Path) -> None:
    rows = [row | {"split": "later"} for row in labelled()]
    with pytest.raises(ModelError, match="'later' in rows 1, 2, 3, 4, 5 and 25 more is none of train, dev"):
        read_own(OwnSet(path=write(tmp_path, rows), tone="tone", split="split"))


def test_without_a_split_a_seeded_share_is_held_out(tmp_path: Path) -> None:
    own = OwnSet(path=write(tmp_path, labelled(200)), tone="tone", test_share=0.2)
    corpus = load_corpus(None, (), own=(own,), dev_share=0.1)
    assert 36 <= len(corpus.tests["mine"]) <= 44
    assert corpus == load_corpus(None, (), own=(own,), dev_share=0.1)
    whole = load_corpus(None, (), own=(own.model_copy(update={"test_share": 0}),))
    assert whole.tests == {}


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Bank fails", "bank FAILS!", "Profit up", "涨停 了", "涨停了", "Oil", "Ruling"]),
            st.sampled_from(["negative", "neutral", "positive"]),
            st.sampled_from(["train", "dev", "test", ""]),
        ),
        min_size=2,
        max_size=40,
    ).filter(lambda rows: len({tone for _, tone, _ in rows}) > 1)
)
def test_whatever_a_file_says_no_test_or_dev_text_is_trained_on(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]]
) -> None:
    table = [{"text": text, "tone": tone, "split": part} for text, tone, part in rows]
    path = write(tmp_path_factory.mktemp("own"), table)
    corpus = load_corpus(None, (), own=(OwnSet(path=path, tone="tone", split="split"),))
    parts = [corpus.train, corpus.dev, *corpus.tests.values()]
    seen = [example.key for part in parts for example in part]
    assert len(seen) == len(set(seen))
    assert set(seen) <= {text_key(text) for text, _, _ in rows}


@pytest.mark.data
def test_own_rows_never_teach_a_public_test(data: Path, tmp_path: Path) -> None:
    tested = load_corpus(data, ()).tests["fpb"][:20]
    rows = labelled(40)
    rows += [{"text": example.text.upper() + " !", "tone": "neutral"} for example in tested]
    corpus = load_corpus(data, (), own=(OwnSet(path=write(tmp_path, rows), tone="tone"),))
    assert {example.source for example in corpus.train} == {"mine"}
    assert not {example.key for example in corpus.train} & {example.key for example in tested}
    assert set(corpus.tests) > {"fpb", "mine"}


@pytest.mark.data
def test_a_taxonomy_of_a_users_own_leaves_topic_sets_that_do_not_fit_aside(
    data: Path, tmp_path: Path
) -> None:
    rows = [{"text": f"{topic} story {n}", "topic": topic} for n in range(20) for topic in ("rates", "ships")]
    own = OwnSet(path=write(tmp_path, rows), topic="topic")
    corpus = load_corpus(data, ("fiqa",), own=(own,), topics=RATES)
    assert {"fpb", "mine"} < set(corpus.tests)
    assert "tfn_topic" not in corpus.tests
    with pytest.raises(ModelError, match="which the taxonomy lacks"):
        load_corpus(data, ("tfn_topic",), topics=RATES)


def test_names_of_public_sets_are_taken(tmp_path: Path) -> None:
    own = OwnSet(path=write(tmp_path, labelled(), "fpb.csv"), tone="tone")
    with pytest.raises(ModelError, match=r"two sets are called 'fpb': give .*fpb\.csv another name"):
        load_corpus(None, (), own=(own,))


def test_public_sets_need_the_folder() -> None:
    with pytest.raises(ModelError, match="the sets fpb need the folder"):
        load_corpus(None, ("fpb",))


def test_a_file_without_labels_is_no_set() -> None:
    with pytest.raises(ValidationError, match="tone, topic or both"):
        OwnSet(path=Path("x.csv"))
    with pytest.raises(ValidationError, match="good is none of negative, neutral, positive"):
        OwnSet(path=Path("x.csv"), tone="tone", tones={"pos": "good"})


def test_a_report_names_the_first_rows() -> None:
    assert str(Dropped("no tone", (3,))) == "no tone: row 3"
    assert str(Dropped("no tone", tuple(range(1, 2001)))) == "no tone: rows 1, 2, 3, 4, 5 and 1,995 more"
