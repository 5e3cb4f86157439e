"""Which labelled rows a model is measured on: test sets by name, or a user's own file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.data import (
    SETS,
    TESTS,
    Example,
    OwnSet,
    data_folder,
    load_corpus,
    read_own,
    read_set,
    settle,
    split,
)
from models.errors import ModelError
from models.evaluation.answers import Model
from models.evaluation.columns import own_set
from models.taxonomy import Topic, load_topics

Sets = dict[str, tuple[Example, ...]]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows to measure on."""

    sets: Mapping[str, tuple[Example, ...]]
    topics: tuple[str, ...]
    """What the labels of topic rows point into."""
    notices: tuple[str, ...] = ()
    """What was left out, and why."""


@dataclass(slots=True)
class _Reader:
    """Reads sets for some models, one after another, and notes what is left out."""

    taxonomy: tuple[Topic, ...]
    public: tuple[str, ...]
    """Public sets that a model was trained on, as far as the recipes say."""
    own: tuple[OwnSet, ...]
    """Users' files that a model was trained on."""
    languages: frozenset[str]
    """Those that all models know."""
    notices: list[str] = field(default_factory=list)

    def named(self, name: str) -> tuple[Example, ...]:
        """The test of a set that has one; else its rows that no model was trained on."""
        rows = read_set(data_folder(), name, self.taxonomy)
        if name in TESTS:
            return split({name: rows}, dev_share=0.05, seed="", tests={name: TESTS[name]}).tests[name]
        settled = settle(example for example, _ in rows)
        corpus = load_corpus(data_folder(), self.public, topics=self.taxonomy)
        seen = {example.key for example in (*corpus.train, *corpus.dev)}
        unseen = tuple(example for example in settled if example.key not in seen)
        if len(unseen) < len(settled):
            self.notices.append(
                f"{name}: {len(settled) - len(unseen):,} of {len(settled):,} rows are left out, a model was "
                "trained on their text"
            )
        return unseen

    def file(self, file: OwnSet) -> Sets:
        """A user's file: what was held out where a model was trained on it, else its test rows, or all."""
        for known in self.own:
            if known.path.resolve() == file.path.resolve():
                self.notices.append(f"{file.path}: held-out rows only, a model was trained on the others")
                return dict(load_corpus(None, (), own=[known], topics=self.taxonomy).tests)
        sets: Sets = {}
        for reading in read_own(file, self.taxonomy):
            self.notices += [f"{file.path} without {dropped}" for dropped in reading.dropped]
            wanted = "test" if file.split else ""
            sets[reading.name] = tuple(settle(row for row, part in reading.examples if part == wanted))
        return sets

    def usual(self, *, topics_shared: bool) -> Sets:
        """Every test in a language that the models know, and what was held out of users' files."""
        known = {topic.id for topic in self.taxonomy}
        sets: Sets = {}
        for name in self._public_tests():
            if SETS[name].language not in self.languages:
                continue
            fits = topics_shared and set(SETS[name].labels.values()) <= known
            if SETS[name].task == "topic" and not fits:
                self.notices.append(f"{name} is left out: its topics are not those of the models")
                continue
            sets[name] = self.named(name)
        for file in self.own:
            if file.path.is_file():
                sets |= self.file(file)
            else:
                self.notices.append(
                    f"{file.path}, which a model was trained on, is left out: it is not there"
                )
        return sets

    def _public_tests(self) -> tuple[str, ...]:
        """The public tests, none where their folder is not there but a user's file may be."""
        try:
            data_folder()
        except ModelError as error:
            if not self.own:
                raise
            self.notices.append(f"the public tests are left out: {error}")
            return ()
        return tuple(TESTS)


def choose_rows(
    data: Sequence[str],
    models: Sequence[Model],
    *,
    columns: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> Rows:
    """Read the sets and files named, or else every test that suits the models.

    A set is named as in `models.data.SETS`. Of one with a test, that is the test, which is never trained on;
    of any other, the rows that no model was trained on. A file is a user's own CSV, JSONL or Parquet;
    `columns` and `labels` are as in `own_set`. Raises ModelError for what cannot be read, and for topics that
    the models do not share.
    """
    topics = models[0].topics
    shared = all(set(model.topics) == set(topics) for model in models)
    builtin = {topic.id: topic for topic in load_topics()}
    recipes: list[Mapping[str, Any]] = [model.training.get("recipe") or {} for model in models]
    reader = _Reader(
        taxonomy=tuple(builtin.get(topic) or Topic(topic, label=topic) for topic in topics),
        public=tuple(dict.fromkeys(name for one in recipes for name in one.get("sets", ()) if name in SETS)),
        own=tuple(OwnSet.model_validate(file) for one in recipes for file in one.get("data", ())),
        languages=frozenset.intersection(*(frozenset(model.languages) for model in models)),
    )
    sets: Sets = {} if data else reader.usual(topics_shared=shared)
    for name in dict.fromkeys(data):
        if name in SETS:
            sets[name] = reader.named(name)
        else:
            sets |= reader.file(own_set(Path(name), columns or {}, labels or {}))
    foreign = [name for name, rows in sets.items() if rows and rows[0].task == "topic"]
    if foreign and not shared:
        raise ModelError(
            f"the models know different topics: {', '.join(foreign)} cannot be compared on, tones can"
        )
    return Rows(sets, topics, tuple(reader.notices))
