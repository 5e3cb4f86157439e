"""Scored documents to the drift monitor: one implementation for the worker and for files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from models.continual.drift import Answers, DriftMonitor, answers_from_dict, answers_to_dict
from models.taxonomy import topic_ids
from pipeline.errors import UsageError
from pipeline.feed.source import open_source
from pipeline.records import ScoredDocument
from pipeline.scoring import TONES
from pipeline.settings import Settings


def open_monitor(settings: Settings, topics: Sequence[str], *, keep_days: int | None = 3) -> DriftMonitor:
    """A monitor as `[drift]` has it, for a model of these topics; UsageError at a wrong reference file."""
    reference = None
    if settings.drift.reference is not None:
        reference = read_reference(settings.drift.reference, topics)
    return DriftMonitor(
        topics, reference=reference, reference_days=settings.drift.reference_days, keep_days=keep_days
    )


def learn_scored(monitor: DriftMonitor, scored: Iterable[ScoredDocument]) -> None:
    """Count scored documents on the day they were published."""
    place = monitor.place
    for document in scored:
        winner = max(document.p_negative, document.p_neutral, document.p_positive)
        monitor.learn_one(
            document.published_at.timestamp(),
            tone=TONES.index(document.tone),
            p_tone=round(1000 * winner),
            topic=place[document.topic],
            p_topic=round(1000 * document.p_topic),
        )


def read_reference(file: Path, topics: Sequence[str]) -> Answers:
    """Counts to compare with, as `write_reference` wrote them, in the order of these topics."""
    try:
        content = json.loads(file.read_text("utf-8"))
        answers = answers_from_dict(content["answers"])
        by_topic = dict(zip(content["topics"], answers.counts["topic"], strict=True))
    except OSError as error:
        raise UsageError(
            f"the reference of drift, {file} (drift.reference), cannot be read: {error.strerror}"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{file} (drift.reference) is no reference of drift: "
            "`tocsin models drift FILE --save-reference` writes one"
        ) from error
    foreign = [topic for topic, count in by_topic.items() if count and topic not in topics]
    if foreign:
        raise UsageError(
            f"the reference of drift, {file} (drift.reference), is of a model with other topics: "
            f"{', '.join(foreign)}"
        )
    answers.counts["topic"] = [by_topic.get(topic, 0) for topic in topics]
    return answers


def write_reference(file: Path, topics: Sequence[str], answers: Answers) -> None:
    """Keep counts as the reference of days to come."""
    content = {"topics": list(topics), "answers": answers_to_dict(answers)}
    file.write_text(json.dumps(content) + "\n", "utf-8")


def read_scored(path: str) -> Iterator[ScoredDocument]:
    """Scored documents of a file as `tocsin.scored` has them, one a line, also packed with gzip.

    Raises UsageError that names the line that is none.
    """
    try:
        with closing(open_source(path, "jsonl")) as source:
            for number, line in enumerate(source.stream, start=1):
                if line.strip():
                    yield _decode(line, path, number)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error}") from error


def _decode(line: bytes, path: str, number: int) -> ScoredDocument:
    try:
        return _scored.decode(line)
    except msgspec.DecodeError as error:
        raise UsageError(
            f"{path}, line {number} is no scored document: {error}. The file has to hold records of "
            "tocsin.scored: kcat -C -t tocsin.scored -o beginning -e"
        ) from None


def monitors(read: Callable[[], Iterable[ScoredDocument]], settings: Settings) -> dict[str, DriftMonitor]:
    """A monitor of every day for each model among the documents, which are read twice and never held."""
    topics: dict[str, set[str]] = {}
    for document in read():
        topics.setdefault(document.model, set()).add(document.topic)
    known = topic_ids()
    found = {
        model: open_monitor(settings, known if said <= set(known) else sorted(said), keep_days=None)
        for model, said in topics.items()
    }
    for document in read():
        learn_scored(found[document.model], [document])
    return found


_scored = msgspec.json.Decoder(ScoredDocument)
