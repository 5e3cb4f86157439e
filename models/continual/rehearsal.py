"""Rows that remind a model of what it knows while it learns corrections (rehearsal; Robins 1995).

From labelled sets where they are at hand; else from texts of the user's own feed, which the current model
labels itself, so that it goes on saying of them what it said (learning without forgetting; Li & Hoiem 2016).
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from models.data import Corpus, Example, Task
from models.evaluation.answers import Model
from models.language import detect
from models.scores import softmax
from models.text import text_key

ROWS = 2_000
"""Rows that are rehearsed, at most."""
DEV_ROWS = 600
SEED = "rehearsal-1"
_SURE = 0.5
_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Rows to rehearse, and others of their kind to choose and to judge by."""

    train: tuple[Example, ...]
    dev: tuple[Example, ...]
    judged: tuple[Example, ...] = ()
    """Where the model labelled the texts itself: texts kept aside to see how much of it is still said."""

    @property
    def own_words(self) -> bool:
        """Whether the labels are the model's own, and say nothing of right and wrong."""
        return bool(self.judged)


def sample_texts(texts: Iterable[str], rows: int, *, without: Collection[str] = ()) -> list[str]:
    """A bounded buffer of texts: at most `rows` of them, each once, whatever their order, in constant memory.

    Those with the smallest seeded hashes of their text (a bottom-k sketch; Cohen & Kaplan 2007): a uniform
    sample of the distinct texts. `without` are keys (`models.text.text_key`) to leave out.
    """
    kept: dict[str, str] = {}
    heap: list[tuple[int, str]] = []
    for text in texts:
        key = text_key(text)
        if not key or key in without or key in kept:
            continue
        rank = -int.from_bytes(sha256(f"{SEED}\0{key}".encode()).digest()[:8], "big")
        if len(heap) < rows:
            heapq.heappush(heap, (rank, key))
        elif heap and rank > heap[0][0]:
            kept.pop(heapq.heapreplace(heap, (rank, key))[1])
        else:
            continue
        kept[key] = text
    return [kept[key] for _, key in sorted(heap, reverse=True)]


def from_sets(corpus: Corpus, *, rows: int = ROWS, without: Collection[str] = ()) -> Rehearsal:
    """A bounded share of labelled sets, each set and class in proportion; test rows are in none of it."""
    return Rehearsal(_share(corpus.train, rows, without), _share(corpus.dev, DEV_ROWS, without))


def from_texts(
    model: Model, texts: Iterable[str], *, rows: int = ROWS, without: Collection[str] = ()
) -> Rehearsal:
    """Texts that the model labels itself, tone and topic, where it is sure enough; a quarter is kept aside.

    Three quarters of what is kept aside are to judge by, the rest to choose the best epoch by.
    """
    chosen = sample_texts(texts, rows, without=without)
    # Samples come in the order of their hashes: a stretch of them is as random as the whole.
    cuts = (len(chosen) * 3 // 4, len(chosen) * 13 // 16)
    parts = chosen[: cuts[0]], chosen[cuts[0] : cuts[1]], chosen[cuts[1] :]
    return Rehearsal(*(tuple(_own_words(model, part)) for part in parts))


def _own_words(model: Model, texts: Sequence[str]) -> Iterable[Example]:
    tasks: tuple[Task, ...] = ("tone", "topic")
    for start in range(0, len(texts), _AT_ONCE):
        part = texts[start : start + _AT_ONCE]
        for task, logits, temperature in zip(tasks, model.logits(part), model.temperatures, strict=True):
            probabilities = softmax(logits, temperature)
            for text, row in zip(part, probabilities, strict=True):
                if row.max() >= _SURE:
                    yield Example(
                        id=text_key(text)[:64],
                        source=f"rehearsal_{task}",
                        task=task,
                        text=text,
                        key=text_key(text),
                        label=int(row.argmax()),
                        language=detect(text),
                    )


def _share(examples: Sequence[Example], rows: int, without: Collection[str]) -> tuple[Example, ...]:
    fresh = [example for example in examples if example.key not in without]
    if len(fresh) <= rows:
        return tuple(fresh)
    strata: dict[tuple[str, int], list[Example]] = {}
    for example in sorted(fresh, key=lambda e: sha256(f"{SEED}\0{e.key}".encode()).digest()):
        strata.setdefault((example.source, example.label), []).append(example)
    share = rows / len(fresh)
    chosen = [
        example for stratum in strata.values() for example in stratum[: max(1, round(share * len(stratum)))]
    ]
    return tuple(chosen)
