"""One micro-batch from raw records to scored documents, tallies and rejections: pure but for the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.text import model_input
from pipeline.records import Document, Rejected, ScoredDocument, Tally
from pipeline.scoring import Classifier, score_batch
from pipeline.tally import tally
from pipeline.validate import Invalid, decode, reject
from pipeline.watchlists import NO_WATCHLISTS, Watchlists

_BYTES_PER_TOKEN = 4
"""What a word piece holds in financial English, roughly; a budget needs no more."""


@dataclass(frozen=True)
class Incoming:
    """One record as it stands in `tocsin.documents`."""

    partition: int
    offset: int
    value: bytes
    end: bool = False
    """A replay's mark that nothing follows in this partition; it carries no document."""


def token_estimate(value: bytes | None) -> int:
    """Rough number of tokens of a raw record, for filling a batch up to its budget."""
    return len(value or b"") // _BYTES_PER_TOKEN + 1


@dataclass(frozen=True)
class Classified:
    """What one micro-batch came to."""

    scored: list[ScoredDocument]
    tallies: list[Tally]
    rejected: list[Rejected]


def classify_batch(
    batch: Sequence[Incoming],
    classifier: Classifier,
    *,
    run: str,
    topic: str,
    now: datetime,
    future_tolerance: int,
    live: bool,
    watchlists: Watchlists = NO_WATCHLISTS,
    detect_language: bool = True,
) -> Classified:
    """Classify one batch of records of several partitions.

    A batch may hold a record twice, and older ones after newer: a rebalance reads on from the last commit. It
    may leave records out, too, that another worker has: a tally accounts for offsets without a gap, and for
    nothing that is not in the batch. In a replay event time alone counts, so its tallies carry no clock. A
    text that the model fails on is rejected, not the batch; where it fails on a harmless text as well the
    model is at fault and its error is raised. Whoever only counts has no use for the documents' languages and
    need not have them detected.
    """
    by_origin = {(record.partition, record.offset): record for record in batch}
    batch = [by_origin[origin] for origin in sorted(by_origin)]
    documents: list[Document] = []
    origins: list[tuple[int, int]] = []
    rejected: list[Rejected] = []
    for record in batch:
        if record.end:
            continue
        try:
            documents.append(decode(record.value, now=now, future_tolerance=future_tolerance))
            origins.append((record.partition, record.offset))
        except Invalid as error:
            rejected.append(
                reject(
                    error,
                    record.value,
                    run=run,
                    topic=topic,
                    partition=record.partition,
                    offset=record.offset,
                    at=now,
                )
            )
    scored, failed = _score(documents, origins, classifier, run, watchlists, detect_language)
    rejected += [
        reject(
            error,
            by_origin[origin].value,
            run=run,
            topic=topic,
            partition=origin[0],
            offset=origin[1],
            at=now,
        )
        for origin, error in failed
    ]
    clock = int(now.timestamp()) if live else None
    return Classified(scored, _tallies(batch, scored, rejected, classifier, run, clock), rejected)


def _score(
    documents: list[Document],
    origins: list[tuple[int, int]],
    classifier: Classifier,
    run: str,
    watchlists: Watchlists,
    detect_language: bool,
) -> tuple[list[ScoredDocument], list[tuple[tuple[int, int], Invalid]]]:
    if not documents:
        return [], []
    try:
        limit = classifier.max_chars
        scores = classifier.classify([model_input(each.title, each.body, limit) for each in documents])
        return score_batch(
            documents,
            scores,
            topics=classifier.topics,
            model=classifier.model,
            run=run,
            origins=origins,
            watchlists=watchlists,
            detect_language=detect_language,
        ), []
    except Exception as error:
        if len(documents) == 1:
            _probe(classifier, origins[0], error)
            detail = f"the classifier failed on it: {type(error).__name__}: {error}"
            return [], [(origins[0], Invalid("unclassifiable", detail))]
    scored: list[ScoredDocument] = []
    failed: list[tuple[tuple[int, int], Invalid]] = []
    for document, origin in zip(documents, origins, strict=True):
        good, bad = _score([document], [origin], classifier, run, watchlists, detect_language)
        scored += good
        failed += bad
    return scored, failed


def _probe(classifier: Classifier, origin: tuple[int, int], error: Exception) -> None:
    """Raise `error` where the classifier fails on a harmless text, too: then it is not the document's fault.

    A document that comes alone while the model's process is dead must be read again, not rejected. The text
    is new each time, so that no cache answers it.
    """
    try:
        classifier.classify([f"Shares were little changed in session {origin[0]}-{origin[1]}"])
    except Exception:
        raise error from None


def _tallies(
    batch: Sequence[Incoming],
    scored: Sequence[ScoredDocument],
    rejected: Sequence[Rejected],
    classifier: Classifier,
    run: str,
    clock: int | None,
) -> list[Tally]:
    documents = {(each.partition, each.offset): each for each in scored}
    refused = {(each.partition, each.offset) for each in rejected}
    tallies = []
    for records in _runs(batch):
        first, last = records[0], records[-1]
        origins = [(record.partition, record.offset) for record in records]
        tallies.append(
            tally(
                [documents[origin] for origin in origins if origin in documents],
                run=run,
                partition=first.partition,
                start=first.offset,
                end=last.offset + 1,
                topics=classifier.topics,
                clock=clock,
                rejected=[offset for partition, offset in origins if (partition, offset) in refused],
                final=any(record.end for record in records),
            )
        )
    return tallies


def _runs(batch: Sequence[Incoming]) -> list[list[Incoming]]:
    """Cut records, in the order of partition and offset, where an offset is missing.

    What is missing was never there, or a rebalance has given it to another worker, whose tally must count.
    """
    runs: list[list[Incoming]] = []
    for record in batch:
        last = runs[-1][-1] if runs else None
        if last and (last.partition, last.offset + 1) == (record.partition, record.offset):
            runs[-1].append(record)
        else:
            runs.append([record])
    return runs
