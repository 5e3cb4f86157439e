"""Read the public sets, with no test row in training.

The tests are seeded 10 % hold-outs of the sets that come without a split, and the published validation
splits of the others without the rows whose text also stands in their own training split
(`models.data.splits.TESTS`). Training gets every other row whose text stands in no test, of whichever set
and task. Texts are compared by `models.text.text_key`.
"""

from __future__ import annotations

import csv
import gzip
import os
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from models.data.catalogue import SETS, LabelledSet
from models.data.examples import Corpus, Example
from models.data.splits import TESTS, split
from models.errors import ModelError
from models.taxonomy import TONES, topic_ids
from models.text import model_input, text_key

TONE_LABELS: Mapping[str, int] = MappingProxyType({tone: i for i, tone in enumerate(TONES)})
"""Tone → its place in the model's outputs."""


def data_folder() -> Path:
    """Folder of the data sets: `TOCSIN_DATA`, else `../shared/data`; ModelError when it is not there."""
    folder = Path(os.environ.get("TOCSIN_DATA", "../shared/data"))
    if not folder.is_dir():
        raise ModelError(
            f"no data sets at {folder}: set TOCSIN_DATA to the folder that holds sentiment/, topics/ and zh/"
        )
    return folder


def find_set(name: str) -> LabelledSet:
    """Look a set up by name; ModelError names those that are known."""
    if name not in SETS:
        raise ModelError(f"no data set is called {name!r}; known: {', '.join(SETS)}")
    return SETS[name]


@lru_cache(maxsize=32)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def label_of(one: LabelledSet, raw: str, text: str) -> str | None:
    """Id of the tone or topic that a row's label means; None when the row is to be left out.

    A row with several labels counts when exactly one of ours results. Raises KeyError with the label that is
    not known.
    """
    found = set()
    for part in raw.split(one.separator) if one.separator else [raw]:
        if part in one.labels:
            pattern = one.unless.get(part)
            if pattern and _compiled(pattern).search(text):
                return None
            found.add(one.labels[part])
        elif part in one.unclear or (one.separator and not part):
            return None
        elif part not in one.aside:
            raise KeyError(part)
    return found.pop() if len(found) == 1 else None


def read_set(folder: Path, name: str, topics: Sequence[str] | None = None) -> list[tuple[Example, str]]:
    """Read one set: its examples, each with the split the file names (empty where it names none).

    `topics` are the ids of the head's topics in order, by default the taxonomy's own. Rows that the file
    marks as leaking from its training split are passed over: they stand there already.
    """
    one = find_set(name)
    classes = TONES if one.task == "tone" else tuple(topics or topic_ids())
    missing = [label for label in one.labels.values() if label not in classes]
    if missing:
        raise ModelError(
            f"the set {name} is labelled with {', '.join(missing)}, which the taxonomy lacks: "
            "leave the set out of the recipe or add the topics to the taxonomy"
        )
    index = {label: i for i, label in enumerate(classes)}
    partial = tuple(sorted(index[label] for label in one.labels.values())) if one.partial else ()
    rows = []
    for number, row in enumerate(_raw_rows(folder, one), start=1):
        if row.get("leaks_train") == "1":
            continue
        try:
            label = label_of(one, row[one.column], row["text"])
        except KeyError as error:
            raise ModelError(
                f"{one.path}, row {number}: {one.column} {error.args[0]!r} is none of {', '.join(one.labels)}"
            ) from None
        if label is None:
            continue
        example = Example(
            id=row["id"],
            source=name,
            task=one.task,
            text=model_input(row["text"]),
            key=text_key(row["text"]),
            label=index[label],
            agreement=int(row.get("agreement") or 0),
            language=one.language,
            classes=partial,
        )
        rows.append((example, row.get("split", "")))
    return rows


def _raw_rows(folder: Path, one: LabelledSet) -> list[dict[str, str]]:
    try:
        with gzip.open(folder / one.path, "rt", encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))
    except FileNotFoundError:
        raise ModelError(
            f"the data set {one.name} is not at {folder / one.path}: TOCSIN_DATA must name the folder that "
            "holds all of them, since every test text is kept out of training"
        ) from None


def load_corpus(
    folder: Path,
    names: Sequence[str],
    *,
    dev_share: float = 0.05,
    seed: str = "dev-1",
    topics: Sequence[str] | None = None,
) -> Corpus:
    """Read the named sets and split them; the tests are always the same, whichever sets are trained on."""
    sets = {name: read_set(folder, name, topics) for name in dict.fromkeys((*TESTS, *names))}
    corpus = split(sets, dev_share=dev_share, seed=seed)
    wanted = set(names)
    return Corpus(
        train=tuple(e for e in corpus.train if e.source in wanted),
        dev=tuple(e for e in corpus.dev if e.source in wanted),
        tests=corpus.tests,
    )
