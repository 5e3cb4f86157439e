"""Divide labelled texts so that no test or development text is trained on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from types import MappingProxyType

from models.data.examples import Corpus, Example, Task

HELD_OUT_SHARE = 0.10
HELD_OUT: Mapping[str, str] = MappingProxyType(
    {"fpb": "fpb-holdout-1", "zh_news": "zh-news-holdout-1", "guba": "guba-holdout-1"}
)
"""Set without a published split → the seed by which a stratified share of it is held out."""
TESTS = ("fpb", "tfn_sentiment", "tfn_topic", "finfe", "zh_news", "guba")
"""Sets with a test: a seeded share of those in `HELD_OUT`, else the rows published as something else than
`train` whose text does not stand in the set's own training rows."""


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


def split(sets: Mapping[str, Sequence[tuple[Example, str]]], *, dev_share: float, seed: str) -> Corpus:
    """Divide the sets' rows into training, development and tests, so that no test or dev text is trained on.

    A row whose split is published as something else than `train` is never trained on, be it in a test here or
    not.
    """
    tests: dict[str, tuple[Example, ...]] = {}
    for name in TESTS:
        rows = sets.get(name, ())
        if name in HELD_OUT:
            settled = settle(example for example, _ in rows)
            tests[name] = tuple(stratified_share(settled, HELD_OUT_SHARE, HELD_OUT[name]))
        else:
            own_train = {example.key for example, part in rows if part == "train"}
            valid = settle(example for example, part in rows if part != "train")
            tests[name] = tuple(example for example in valid if example.key not in own_train)
    tested = {example.key for rows in tests.values() for example in rows}
    rest = settle(
        example
        for rows in sets.values()
        for example, part in rows
        if part in ("", "train") and example.key not in tested
    )
    dev_keys = {example.key for example in stratified_share(rest, dev_share, seed)}
    return Corpus(
        train=tuple(example for example in rest if example.key not in dev_keys),
        dev=tuple(example for example in rest if example.key in dev_keys),
        tests=MappingProxyType(tests),
    )
