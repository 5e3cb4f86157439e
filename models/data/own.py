"""A user's own labelled texts: a file whose columns and labels the user names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.data.examples import Example, Task
from models.data.reading import Reading, dropped, named_rows
from models.data.splits import copies
from models.data.tables import read_table
from models.errors import ModelError
from models.language import detect
from models.taxonomy import TONES, Topic, load_topics
from models.text import model_input, text_key

PARTS: Mapping[str, str] = {
    "": "",
    "train": "train",
    "training": "train",
    "dev": "dev",
    "valid": "dev",
    "validation": "dev",
    "val": "dev",
    "test": "test",
    "testing": "test",
    "eval": "test",
    "holdout": "test",
}
"""What a split column may say, in any case → the part it means."""


class OwnSet(BaseModel):
    """A labelled file of a user's own, as a recipe names it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path
    """CSV, TSV or JSONL, also `.gz`, or Parquet."""
    name: str = Field("", pattern=r"^[a-z0-9_]*$")
    """What reports call it; by default the file's name."""
    text: str = "text"
    """Column of the text, or of the headline where `body` names another."""
    body: str = ""
    """Column of the body, if there is one."""
    tone: str = ""
    """Column of the tone, if the file has one."""
    topic: str = ""
    """Column of the topic, if the file has one."""
    tones: dict[str, str] = {}
    """Label in the file → negative, neutral or positive; by default those words themselves."""
    topics: dict[str, str] = {}
    """Label in the file → topic id; by default ids and labels of the taxonomy."""
    split: str = ""
    """Column that says train, dev or test; by default a seeded share is held out."""
    id: str = ""
    """Column of an id; by default the row number."""
    language: str = ""
    """BCP 47 tag of every text; by default each is detected."""
    drop_unknown: bool = False
    """Leave rows with a label that is not known out, instead of refusing the file."""
    test_share: float = Field(0.1, ge=0, le=0.5)
    """Held out for the report where the file names no test rows."""

    @model_validator(mode="after")
    def _has_labels(self) -> OwnSet:
        if not (self.tone or self.topic):
            raise ValueError("name the column of the labels: tone, topic or both")
        wrong = sorted(set(self.tones.values()) - set(TONES))
        if wrong:
            raise ValueError(f"tones: {', '.join(wrong)} is none of {', '.join(TONES)}")
        return self

    @property
    def title(self) -> str:
        """Its name, or one made of the file's name: letters, digits and `_`."""
        stem = self.path.name.split(".")[0].lower()
        return self.name or "".join(c if c.isascii() and c.isalnum() else "_" for c in stem)

    def source(self, task: Task) -> str:
        """Name of the set as examples carry it; a file with tone and topic is two sets."""
        return f"{self.title}_{task}" if self.tone and self.topic else self.title

    @property
    def tasks(self) -> tuple[Task, ...]:
        """What the file labels."""
        both: tuple[tuple[Task, str], ...] = (("tone", self.tone), ("topic", self.topic))
        return tuple(task for task, column in both if column)


def read_own(own: OwnSet, topics: Sequence[Topic] | None = None) -> tuple[Reading, ...]:
    """Read a user's file: one reading for its tones, one for its topics, as far as it has them.

    `topics` is the taxonomy, by default Tocsin's own. Raises ModelError that names columns, rows and labels
    when a column is missing, a label unknown, or there is one class only.
    """
    table = read_table(own.path)
    wanted = (own.text, own.body, own.tone, own.topic, own.split, own.id)
    missing = [column for column in wanted if column and column not in table]
    if missing:
        raise ModelError(
            f"{own.path} has no column {', '.join(map(repr, missing))}; it has {', '.join(table.columns)}"
        )
    texts = [
        model_input(text, body)
        for text, body in zip(
            table[own.text], table[own.body] if own.body else [""] * len(table), strict=True
        )
    ]
    parts = _parts(own, table)
    languages = [own.language or detect(text) for text in texts]
    return tuple(_read_task(own, task, table, texts, parts, languages, topics) for task in own.tasks)


def _read_task(
    own: OwnSet,
    task: Task,
    table: pd.DataFrame,
    texts: Sequence[str],
    parts: Sequence[str],
    languages: Sequence[str],
    topics: Sequence[Topic] | None,
) -> Reading:
    column = own.tone if task == "tone" else own.topic
    classes, known = _label_map(own, task, topics)
    reasons: dict[str, list[int]] = defaultdict(list)
    unknown: dict[str, list[int]] = defaultdict(list)
    kept: list[tuple[int, int]] = []
    for row, (raw, text) in enumerate(zip(table[column], texts, strict=True)):
        label = known.get(raw.strip())
        if label is None:
            label = known.get(raw.strip().casefold())
        if not text_key(text):
            reasons["no letters or digits in the text"].append(row + 1)
        elif not raw.strip():
            reasons[f"no {task}"].append(row + 1)
        elif label is None:
            unknown[raw.strip()].append(row + 1)
        else:
            kept.append((row, label))
    if unknown and not own.drop_unknown:
        said = "; ".join(f"{label!r} in {named_rows(rows)}" for label, rows in list(unknown.items())[:5])
        raise ModelError(
            f"{own.path}, column {column}: {said} {'is' if len(unknown) == 1 else 'are'} none of "
            f"{', '.join(_allowed(own, task, classes))}. Correct the rows, map the labels "
            f"({task}s = {{...}}), or set drop_unknown"
        )
    reasons |= {f"unknown label {label!r}": rows for label, rows in unknown.items()}
    found = sorted({label for _, label in kept})
    if len(found) < 2:
        only = f"every row says {classes[found[0]]}" if found else "no row has a label that can be used"
        raise ModelError(f"{own.path}, column {column}: {only}; a model needs rows of at least two classes")
    # Whoever labelled with two tones says nothing about the third.
    distinct = tuple(found) if task == "tone" and len(found) < len(TONES) else ()
    source = own.source(task)
    examples = tuple(
        (
            Example(
                id=str(table[own.id].iloc[row]) if own.id else f"{source}-{row + 1}",
                source=source,
                task=task,
                text=texts[row],
                key=text_key(texts[row]),
                label=label,
                language=languages[row],
                classes=distinct,
            ),
            parts[row],
        )
        for row, label in kept
    )
    for reason, places in copies(examples).items():
        reasons[reason] += [kept[place][0] + 1 for place in places]
    return Reading(name=source, task=task, examples=examples, dropped=dropped(reasons), rows=len(table))


def _label_map(
    own: OwnSet, task: Task, topics: Sequence[Topic] | None
) -> tuple[tuple[str, ...], Mapping[str, int]]:
    """Classes in order, and label in the file → index; without a map of the user's also in any case."""
    if task == "tone":
        index = {tone: i for i, tone in enumerate(TONES)}
        return TONES, {raw: index[tone] for raw, tone in own.tones.items()} or index
    taxonomy = load_topics() if topics is None else topics
    index = {topic.id: i for i, topic in enumerate(taxonomy)}
    strangers = sorted(set(own.topics.values()) - set(index))
    if strangers:
        raise ModelError(f"topics of {own.path}: {', '.join(strangers)} is none of {', '.join(index)}")
    labels = {topic.label.casefold(): i for i, topic in enumerate(taxonomy)}
    return tuple(index), {raw: index[topic] for raw, topic in own.topics.items()} or labels | index


def _allowed(own: OwnSet, task: Task, classes: Sequence[str]) -> Sequence[str]:
    return tuple(own.tones if task == "tone" else own.topics) or classes


def _parts(own: OwnSet, table: pd.DataFrame) -> list[str]:
    if not own.split:
        return [""] * len(table)
    said = [value.strip().casefold() for value in table[own.split]]
    wrong = [row for row, value in enumerate(said, start=1) if value not in PARTS]
    if wrong:
        raise ModelError(
            f"{own.path}, column {own.split}: {said[wrong[0] - 1]!r} in {named_rows(wrong)} is none of "
            "train, dev, test"
        )
    return [PARTS[value] for value in said]
