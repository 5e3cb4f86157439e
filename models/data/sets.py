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
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from models.data.catalogue import SETS, LabelledSet
from models.data.examples import Corpus, Example
from models.data.own import OwnSet, read_own
from models.data.reading import Reading, dropped
from models.data.splits import TESTS, HoldOut, copies, split
from models.errors import ModelError
from models.taxonomy import TONES, Topic, load_topics
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


def fits(one: LabelledSet, topics: Sequence[Topic]) -> bool:
    """Whether a taxonomy has every topic that a set is labelled with."""
    return one.task == "tone" or set(one.labels.values()) <= {topic.id for topic in topics}


def read_set(folder: Path, name: str, topics: Sequence[Topic] | None = None) -> list[tuple[Example, str]]:
    """Read one public set: its examples, each with the split the file names (empty where it names none).

    `topics` is the taxonomy, by default Tocsin's own. Rows that the file marks as leaking from its training
    split are passed over: they stand there already.
    """
    return list(read_public(folder, name, topics).examples)


def read_public(folder: Path, name: str, topics: Sequence[Topic] | None = None) -> Reading:
    """Read one public set as `read_set` does, and tell what was left out."""
    return _read_public(folder, name, tuple(load_topics() if topics is None else topics))


@lru_cache(maxsize=32)
def _read_public(folder: Path, name: str, taxonomy: tuple[Topic, ...]) -> Reading:
    one = find_set(name)
    if not fits(one, taxonomy):
        missing = set(one.labels.values()) - {topic.id for topic in taxonomy}
        raise ModelError(
            f"the set {name} is labelled with {', '.join(sorted(missing))}, which the taxonomy lacks: "
            "leave the set out or add the topics to the taxonomy"
        )
    classes = TONES if one.task == "tone" else tuple(topic.id for topic in taxonomy)
    index = {label: i for i, label in enumerate(classes)}
    partial = tuple(sorted(index[label] for label in one.labels.values())) if one.partial else ()
    examples = []
    numbers: list[int] = []
    reasons: dict[str, list[int]] = defaultdict(list)
    rows = _raw_rows(folder, one)
    for number, row in enumerate(rows, start=1):
        if row.get("leaks_train") == "1":
            reasons["marked as leaking from training"].append(number)
            continue
        try:
            label = label_of(one, row[one.column], row["text"])
        except KeyError as error:
            raise ModelError(
                f"{one.path}, row {number}: {one.column} {error.args[0]!r} is none of {', '.join(one.labels)}"
            ) from None
        if label is None:
            reasons["its label says none of ours"].append(number)
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
        examples.append((example, row.get("split", "")))
        numbers.append(number)
    for reason, places in copies(examples).items():
        reasons[reason] += [numbers[place] for place in places]
    return Reading(
        name=name, task=one.task, examples=tuple(examples), dropped=dropped(reasons), rows=len(rows)
    )


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
    folder: Path | None,
    names: Sequence[str],
    *,
    own: Sequence[OwnSet] = (),
    topics: Sequence[Topic] | None = None,
    dev_share: float = 0.05,
    seed: str = "dev-1",
) -> Corpus:
    """Read the named public sets and a user's own files, and split them.

    The public tests are always the same, whichever sets are trained on, and no text of theirs is trained on;
    with a taxonomy of a user's own those that do not fit it fall away. Without a `folder` there are only the
    user's own files and their tests.
    """
    taxonomy = load_topics() if topics is None else topics
    tests: dict[str, HoldOut | None] = {}
    sets: dict[str, Sequence[tuple[Example, str]]] = {}
    if folder is not None:
        tests = {name: how for name, how in TESTS.items() if fits(SETS[name], taxonomy)}
        sets = {name: read_set(folder, name, taxonomy) for name in dict.fromkeys((*tests, *names))}
    elif names:
        raise ModelError(f"the sets {', '.join(names)} need the folder of the data sets (TOCSIN_DATA)")
    wanted = set(names)
    for file in own:
        for reading in read_own(file, taxonomy):
            if reading.name in sets or reading.name in SETS:
                raise ModelError(f"two sets are called {reading.name!r}: give {file.path} another name")
            sets[reading.name] = reading.examples
            with_test = any(part == "test" for _, part in reading.examples)
            tests[reading.name] = None if with_test else HoldOut("own-holdout-1", file.test_share)
            wanted.add(reading.name)
    corpus = split(sets, dev_share=dev_share, seed=seed, tests=tests, wanted=wanted)
    tested = {name: rows for name, rows in corpus.tests.items() if rows}
    return Corpus(train=corpus.train, dev=corpus.dev, tests=MappingProxyType(tested))
