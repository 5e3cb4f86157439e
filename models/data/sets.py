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
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from models.data.examples import Corpus, Example, Task
from models.data.splits import TESTS, split
from models.errors import ModelError
from models.taxonomy import TONES, load_topics
from models.text import model_input, text_key

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
