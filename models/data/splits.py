"""Divide labelled texts so that no test or development text is trained on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType

from models.data.examples import Corpus, Example, Task


@dataclass(frozen=True, slots=True)
class HoldOut:
    """A seeded share of a set that comes without a split, kept for the report."""

    seed: str
    share: float = 0.10


TESTS: Mapping[str, HoldOut | None] = MappingProxyType(
    {
        "fpb": HoldOut("fpb-holdout-1"),
        "tfn_sentiment": None,
        "tfn_topic": None,
        "finfe": None,
        "zh_news": HoldOut("zh-news-holdout-1"),
        "guba": HoldOut("guba-holdout-1"),
    }
)
"""Public sets with a test: a seeded share of those without a split; else (None) the rows published as
something else than `train` whose text does not stand in the set's own training rows."""


_TRAINED = frozenset({"", "train", "dev"})
"""Parts whose rows are trained on or chosen by."""


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


def copies(examples: Sequence[tuple[Example, str]]) -> dict[str, list[int]]:
    """Places of the rows of one set that `split` leaves out for standing there twice, by reason."""
    reasons: dict[str, list[int]] = defaultdict(list)
    trained = {example.key for example, part in examples if part in _TRAINED}
    for tested in (False, True):
        group = [(place, e) for place, (e, part) in enumerate(examples) if (part not in _TRAINED) == tested]
        settled = {example.key: example for example in settle(example for _, example in group)}
        for place, example in group:
            kept = settled.get(example.key)
            if tested and example.key in trained:
                reasons["test row whose text is also trained on"].append(place)
            elif kept is None or kept.label != example.label:
                reasons["same text as another row, other label"].append(place)
            elif kept is not example:
                reasons["same text and label as an earlier row"].append(place)
    return reasons


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


def split(
    sets: Mapping[str, Sequence[tuple[Example, str]]],
    *,
    dev_share: float,
    seed: str,
    tests: Mapping[str, HoldOut | None] = TESTS,
    wanted: Collection[str] | None = None,
) -> Corpus:
    """Divide the sets' rows into training, development and tests, so that no test or dev text is trained on.

    `tests` are the sets with a test; `wanted` those to train on, by default all.

    A row may name its part: `train`, or `dev` to choose the best epoch by; any other is never trained on, be
    it in a test here or not. Of a set in which no row names `dev`, `dev_share` of the training rows is taken.
    """
    held_out: dict[str, tuple[Example, ...]] = {}
    for name, hold_out in tests.items():
        rows = sets.get(name, ())
        if hold_out is not None:
            settled = settle(example for example, part in rows if part != "dev")
            held_out[name] = tuple(stratified_share(settled, hold_out.share, hold_out.seed))
        else:
            own_train = {example.key for example, part in rows if part in _TRAINED}
            valid = settle(example for example, part in rows if part not in _TRAINED)
            held_out[name] = tuple(example for example in valid if example.key not in own_train)
    tested = {example.key for rows in held_out.values() for example in rows}
    trained = [row for name, rows in sets.items() if wanted is None or name in wanted for row in rows]
    rest = settle(example for example, part in trained if part in _TRAINED and example.key not in tested)
    named = {example.key for example, part in trained if part == "dev"}
    with_dev = {example.source for example, part in trained if part == "dev"}
    drawn = stratified_share([e for e in rest if e.source not in with_dev], dev_share, seed)
    dev_keys = named | {example.key for example in drawn}
    return Corpus(
        train=tuple(example for example in rest if example.key not in dev_keys),
        dev=tuple(example for example in rest if example.key in dev_keys),
        tests=MappingProxyType(held_out),
    )
