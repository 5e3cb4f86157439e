"""What a retraining takes from around the models: corrections, texts to rehearse, sets to protect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import models
from models.continual.corrections import Correction
from models.continual.registry import Registry, Version
from models.continual.rehearsal import ROWS, Rehearsal, from_sets, from_texts
from models.data import OwnSet, data_folder, load_corpus
from models.errors import ModelError
from models.evaluation.columns import own_set
from models.evaluation.rows import Rows, choose_rows
from models.serving.classifier import Classifier
from models.taxonomy import Topic, load_topics
from models.text import model_input
from pipeline.errors import UsageError
from pipeline.feed import open_feed
from pipeline.records import Document, Label
from pipeline.settings import Settings
from pipeline.store import Store

ENOUGH_TEXTS = 500
"""Documents in the store from which its texts are rehearsed rather than the demo's."""


@dataclass(frozen=True)
class Gathered:
    """What is rehearsed, and what is protected."""

    rehearsal: Rehearsal
    protected: Rows
    source: str
    """Where the rehearsal comes from, for people."""
    notices: tuple[str, ...] = ()


def to_corrections(labels: Iterable[Label]) -> list[Correction]:
    """Labels as the training reads them."""
    return [
        Correction(
            id=label.id,
            text=model_input(label.title, label.body),
            tone=label.tone,
            topic=label.topic,
            by=label.by,
            at=label.at,
        )
        for label in labels
    ]


def gather(
    settings: Settings,
    current: Classifier,
    *,
    rehearsal: str = "auto",
    protect: Sequence[str] = (),
    rows: int = ROWS,
    without: frozenset[str] = frozenset(),
) -> Gathered:
    """Find what to rehearse and what to protect.

    `rehearsal` is `sets` (those the model was trained on), `store` (documents of the run), `demo`, a file, or
    `auto`: the first of these that is there. `protect` names labelled files or sets beside the usual tests.
    `without` are keys of texts that are corrected. Raises ModelError or UsageError where what is named is not
    there.
    """
    protected, notices = _protected(current, protect)
    kind = rehearsal if rehearsal != "auto" else _best(settings, current)
    if kind == "sets":
        return Gathered(_sets(current, rows, without), protected, "the sets it was trained on", notices)
    if kind == "store":
        texts: Iterable[str] = _store_texts(settings)
        found = f"documents of run {settings.run}, labelled by the model"
    elif kind == "demo":
        texts, found = _demo_texts(), "the demo's news, labelled by the model"
    elif (labelled := _labelled(Path(kind))) is not None:
        corpus = load_corpus(None, (), own=[labelled], topics=_taxonomy(current))
        both = Rows({**protected.sets, **corpus.tests}, protected.topics)
        return Gathered(
            from_sets(corpus, rows=rows, without=without), both, f"labelled rows of {kind}", notices
        )
    else:
        texts, found = _file_texts(kind), f"texts of {kind}, labelled by the model"
    return Gathered(from_texts(current, texts, rows=rows, without=without), protected, found, notices)


def adopt(
    registry: Registry,
    current: Path,
    candidate: Path,
    report: dict[str, object],
    *,
    promote: bool,
    by: str,
    why: str,
) -> Version:
    """Put a candidate beside the other versions and, where it may, in the place of the current one.

    The model it was made from is put there first, so that there is something to roll back to.
    """
    before = registry.add(current)
    version = registry.add(candidate, report)
    if promote:
        if registry.current() is None:
            registry.promote(before.name, by=by, why="what was served before the first promotion")
        registry.promote(version.name, by=by, why=why)
    return version


def _protected(current: Classifier, protect: Sequence[str]) -> tuple[Rows, tuple[str, ...]]:
    notices: list[str] = []
    try:
        found = choose_rows((), [current])
    except ModelError as error:
        notices.append(f"no usual test is protected: {error}")
        found = Rows({}, current.topics)
    notices += found.notices
    if not protect:
        return found, tuple(notices)
    named = choose_rows(protect, [current])
    return Rows({**found.sets, **named.sets}, found.topics), (*notices, *named.notices)


def _best(settings: Settings, current: Classifier) -> str:
    recipe = current.training.get("recipe") or {}
    if recipe.get("sets"):
        try:
            data_folder()
        except ModelError:
            pass
        else:
            return "sets"
    with Store.open(settings.store.url) as store:
        enough = len(list(islice(store.each_document(settings.run), ENOUGH_TEXTS))) == ENOUGH_TEXTS
    return "store" if enough else "demo"


def _sets(current: Classifier, rows: int, without: frozenset[str]) -> Rehearsal:
    recipe = current.training.get("recipe") or {}
    corpus = load_corpus(
        data_folder() if recipe.get("sets") else None,
        recipe.get("sets", ()),
        own=_own_files(recipe),
        topics=_taxonomy(current),
        dev_share=recipe.get("dev_share", 0.05),
    )
    return from_sets(corpus, rows=rows, without=without)


def _own_files(recipe: Mapping[str, Any]) -> list[OwnSet]:
    """The recipe's own files that are there: as named, or in Tocsin's tree, as those of the presets are."""
    found = []
    for file in (OwnSet.model_validate(each) for each in recipe.get("data", ())):
        places = (file.path, Path(models.__file__).parent.parent / file.path)
        found += [file.model_copy(update={"path": place}) for place in places if place.is_file()][:1]
    return found


def _taxonomy(current: Classifier) -> tuple[Topic, ...]:
    known = {topic.id: topic for topic in load_topics()}
    return tuple(known.get(topic) or Topic(topic, label=topic) for topic in current.topics)


def _store_texts(settings: Settings) -> Iterator[str]:
    with Store.open(settings.store.url) as store:
        for document in store.each_document(settings.run):
            yield model_input(document.title, document.body)


def _demo_texts() -> Iterator[str]:
    from pipeline.demo.feed import FEED

    return _file_texts(str(FEED))


def _file_texts(path: str) -> Iterator[str]:
    with open_feed(path, now=datetime.now(UTC), stamped=False) as feed:
        yield from (model_input(row.title, row.body) for row in feed if isinstance(row, Document))


def _labelled(file: Path) -> OwnSet | None:
    """The file as a labelled set; None where it has no column of labels."""
    if not file.is_file():
        raise UsageError(f"--rehearsal {file}: auto, sets, store, demo, or a file that is there")
    try:
        return own_set(file, {}, {})
    except ModelError:
        return None
