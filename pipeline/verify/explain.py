"""What differs in a minute, and which documents explain it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from alerts.keys import OVERALL, watchlist_key
from pipeline.records import ScoredDocument, SentimentRow
from pipeline.rolling import Sums
from pipeline.scoring import TONES
from pipeline.verify.report import Cited, cited

_ADD_UP = ("documents", "negative", "neutral", "positive", "score_sum", "score_sumsq")
"""Sums that each document adds to by itself, whatever came before it."""
_MOST = 5

Fields = dict[str, Any]


def differing_key(
    expected: Sequence[SentimentRow], found: Sequence[SentimentRow]
) -> tuple[str, Fields, Fields]:
    """Key that tells most of how two versions of a minute differ, and the fields of it that do.

    A topic rather than `overall`, which only repeats it; a missing row is all its sums against nothing.
    """
    before = {row.key: row for row in expected}
    after = {row.key: row for row in found}
    keys = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    if not keys:
        return "", {}, {}
    topics = [key for key in keys if key != OVERALL]
    summed = [key for key in topics if _sums(before.get(key)) != _sums(after.get(key))]
    key = (
        summed
        or (
            [OVERALL]
            if OVERALL in keys and _sums(before.get(OVERALL)) != _sums(after.get(OVERALL))
            else topics
        )
        or keys
    )[0]
    return key, *_fields(before.get(key), after.get(key))


def culprits(
    key: str,
    expected: Sequence[SentimentRow],
    found: Sequence[SentimentRow],
    documents: Iterable[ScoredDocument],
) -> tuple[str, tuple[Cited, ...]]:
    """Documents of the minute that explain the difference of a key's sums, and a phrase that says how.

    `documents` are those published in the minute. One that was left out or counted twice shows by its own
    contribution; where no single one explains it, all of the key are named, up to five.
    """
    of_key = [
        each for each in documents if key in (OVERALL, each.topic, *map(watchlist_key, each.watchlists))
    ]
    before = _sums({row.key: row for row in expected}.get(key))
    after = _sums({row.key: row for row in found}.get(key))
    difference = tuple(there - here for here, there in zip(before, after, strict=True))
    if not any(difference):
        return "its sums agree; copies, order of arrival, windows or evidence do not", ()
    adds = [(each, _contribution(each)) for each in of_key]
    lost = [each for each, adding in adds if tuple(-value for value in adding) == difference]
    doubled = [each for each, adding in adds if adding == difference]
    for those, role in ((lost, "left out"), (doubled, "counted twice")):
        if len(those) == 1:
            return f"one document is {role}", (cited(those[0], role),)
        if those:
            named = tuple(cited(each, f"perhaps {role}") for each in those[:_MOST])
            return f"one of {len(those)} like documents is {role}", named
    if difference[0] == -before[0]:
        return "all its documents are left out", tuple(cited(each, "left out") for each in of_key[:_MOST])
    if difference[0] == 0:
        how = "as many documents are counted, with another sum"
    else:
        how = f"it counts {abs(difference[0])} {'too many' if difference[0] > 0 else 'too few'} documents"
    return how, tuple(cited(each, "of this minute") for each in of_key[:_MOST])


def _keys(document: ScoredDocument) -> tuple[str, ...]:
    return (OVERALL, document.topic, *map(watchlist_key, document.watchlists))


def differing_documents(
    expected: Mapping[str, ScoredDocument], found: Mapping[str, ScoredDocument]
) -> tuple[Cited, ...]:
    """Documents by id that one side has and the other has not, or has otherwise."""
    named = [cited(document, "lost") for id, document in expected.items() if id not in found]
    named += [cited(document, "unexpected") for id, document in found.items() if id not in expected]
    named += [
        cited(document, "changed")
        for id, document in expected.items()
        if id in found and found[id] != document
    ]
    return tuple(named[:_MOST])


def differing_fields(expected: msgspec.Struct | None, found: msgspec.Struct | None) -> tuple[Fields, Fields]:
    """Fields in which two records differ, of each side."""
    return _fields(expected, found)


def _fields(expected: msgspec.Struct | None, found: msgspec.Struct | None) -> tuple[Fields, Fields]:
    here: Fields = msgspec.to_builtins(expected) if expected is not None else {}
    there: Fields = msgspec.to_builtins(found) if found is not None else {}
    names = [name for name in here | there if here.get(name) != there.get(name)]
    if any(name in _ADD_UP for name in names):
        # Windows and evidence follow from the sums; they would only hide them.
        names = [name for name in names if name not in ("windows", "evidence", "key")]
    return (
        {name: here[name] for name in names if name in here},
        {name: there[name] for name in names if name in there},
    )


def _sums(row: SentimentRow | None) -> tuple[int, ...]:
    return tuple(getattr(row, name) if row is not None else 0 for name in _ADD_UP)


def _contribution(document: ScoredDocument) -> tuple[int, ...]:
    sums = Sums()
    sums.add(TONES.index(document.tone), round(document.score * 1000), new_story=False, late=False)
    return tuple(getattr(sums, name) for name in _ADD_UP)
