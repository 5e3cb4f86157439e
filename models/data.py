"""Labelled texts for training and measuring, with no test row in training.

The tests are: a seeded 10 % of Financial PhraseBank (stratified by label and agreement), and the published
validation splits of both Twitter Financial News sets without the rows whose text also stands in that set's
own training split. Training gets every other row whose text stands in no test, of whichever set. Texts are
compared by `models.text.text_key`.
"""

from __future__ import annotations

import csv
import gzip
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from models.errors import ModelError
from models.taxonomy import TONES, load_topics
from models.text import model_input, text_key

Task = Literal["tone", "topic"]

TONE_LABELS: Mapping[str, int] = MappingProxyType({tone: i for i, tone in enumerate(TONES)})
TOPIC_LABELS: Mapping[str, int] = MappingProxyType({t.label: i for i, t in enumerate(load_topics())})

FILES: Mapping[str, tuple[Task, str]] = MappingProxyType(
    {
        "fpb": ("tone", "sentiment/fpb.csv.gz"),
        "tfn_sentiment": ("tone", "sentiment/tfn_sentiment.csv.gz"),
        "fiqa": ("tone", "sentiment/fiqa.csv.gz"),
        "semeval_headlines": ("tone", "sentiment/semeval_headlines.csv.gz"),
        "semeval_microblogs": ("tone", "sentiment/semeval_microblogs.csv.gz"),
        "tfn_topic": ("topic", "topics/tfn_topic.csv.gz"),
    }
)
"""Set name → the head it trains and its file under the data folder."""

FPB_TEST_SHARE = 0.10
FPB_TEST_SEED = "fpb-holdout-1"
TESTS = ("fpb", "tfn_sentiment", "tfn_topic")


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled text."""

    id: str
    source: str
    """Name of its set."""
    task: Task
    text: str
    """As `model_input` makes it."""
    key: str
    """Texts with one key are the same text."""
    label: int
    """Index into the tones or the topics."""
    agreement: int = 0
    """Financial PhraseBank: per cent of the annotators who agreed, at least; else 0."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Rows to train on, rows to choose the best epoch by, and rows to report on."""

    train: tuple[Example, ...]
    dev: tuple[Example, ...]
    tests: Mapping[str, tuple[Example, ...]]


def data_folder() -> Path:
    """Folder of the data sets: `TOCSIN_DATA`, else `../shared/data`; ModelError when it is not there."""
    folder = Path(os.environ.get("TOCSIN_DATA", "../shared/data"))
    if not folder.is_dir():
        raise ModelError(
            f"no data sets at {folder}: set TOCSIN_DATA to the folder that holds sentiment/ and topics/"
        )
    return folder


def read_set(folder: Path, name: str) -> list[tuple[Example, str]]:
    """Read one set: its examples, each with the split the file names (empty where it names none).

    Rows that the file marks as leaking from its training split are passed over: they stand there already.
    """
    task, path = FILES[name]
    labels, column = (TONE_LABELS, "label") if task == "tone" else (TOPIC_LABELS, "topic")
    rows = []
    with gzip.open(folder / path, "rt", encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines), start=1):
            if row.get("leaks_train") == "1":
                continue
            label = labels.get(row[column])
            if label is None:
                raise ModelError(
                    f"{path}, row {number}: {column} {row[column]!r} is none of {', '.join(labels)}"
                )
            example = Example(
                id=row["id"],
                source=name,
                task=task,
                text=model_input(row["text"]),
                key=text_key(row["text"]),
                label=label,
                agreement=int(row.get("agreement") or 0),
            )
            rows.append((example, row.get("split", "")))
    return rows


def settle(examples: Iterable[Example]) -> list[Example]:
    """One example a text and task, with the label most copies carry; texts whose labels tie are dropped."""
    copies: dict[tuple[Task, str], list[Example]] = defaultdict(list)
    for example in examples:
        if example.key:
            copies[example.task, example.key].append(example)
    settled = []
    for same in copies.values():
        votes = Counter(example.label for example in same).most_common()
        if len(votes) == 1 or votes[0][1] > votes[1][1]:
            settled.append(next(example for example in same if example.label == votes[0][0]))
    return settled


def stratified_share(examples: Sequence[Example], share: float, seed: str) -> list[Example]:
    """Take `share` of every (set, label, agreement) stratum, chosen by a hash of seed and text.

    A hash, not a shuffle: adding or removing other rows leaves the choice among the rest as it was.
    """
    strata: dict[tuple[str, int, int], list[Example]] = defaultdict(list)
    for example in examples:
        strata[example.source, example.label, example.agreement].append(example)
    chosen = []
    for stratum in strata.values():
        stratum.sort(key=lambda example: sha256(f"{seed}\0{example.key}".encode()).digest())
        chosen += stratum[: round(share * len(stratum))]
    return chosen


def split(sets: Mapping[str, Sequence[tuple[Example, str]]], *, dev_share: float, seed: str) -> Corpus:
    """Divide the sets' rows into training, development and tests, so that no test or dev text is trained on.

    A row whose split is published as something else than `train` is never trained on, be it in a test here or
    not.
    """
    tests: dict[str, tuple[Example, ...]] = {}
    for name in TESTS:
        rows = sets.get(name, ())
        if name == "fpb":
            tests[name] = tuple(stratified_share(settle(e for e, _ in rows), FPB_TEST_SHARE, FPB_TEST_SEED))
        else:
            own_train = {example.key for example, part in rows if part == "train"}
            valid = settle(example for example, part in rows if part != "train")
            tests[name] = tuple(example for example in valid if example.key not in own_train)
    tested = {example.key for rows in tests.values() for example in rows}
    rest = settle(
        example
        for rows in sets.values()
        for example, part in rows
        if part in ("", "train") and example.key not in tested
    )
    dev_keys = {example.key for example in stratified_share(rest, dev_share, seed)}
    return Corpus(
        train=tuple(example for example in rest if example.key not in dev_keys),
        dev=tuple(example for example in rest if example.key in dev_keys),
        tests=MappingProxyType(tests),
    )


def load_corpus(
    folder: Path, names: Sequence[str], *, dev_share: float = 0.05, seed: str = "dev-1"
) -> Corpus:
    """Read the named sets and split them; the tests are always the same, whichever sets are trained on."""
    sets = {name: read_set(folder, name) for name in dict.fromkeys((*TESTS, *names))}
    corpus = split(sets, dev_share=dev_share, seed=seed)
    wanted = set(names)
    return Corpus(
        train=tuple(e for e in corpus.train if e.source in wanted),
        dev=tuple(e for e in corpus.dev if e.source in wanted),
        tests=corpus.tests,
    )
