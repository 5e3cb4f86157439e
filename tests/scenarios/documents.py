"""The documents of a scenario, the same ones for the same seed: calm days, a run on a bank, dirt."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import msgspec

from pipeline.records import Document
from tests.headlines import distinct
from tests.scenarios.scenario import Scenario

START = datetime(2023, 3, 1, tzinfo=UTC)
_CALM = ("Stocks rally at {who}", "Oil gains for {who}", "Notes on a quiet day at {who}")
_SURGE = (0.80, 0.81)
"""Share of the span in which banks fail."""


@dataclass(frozen=True)
class Item:
    """One record to publish."""

    value: bytes
    key: bytes
    partition: int | None
    document: Document | None
    """None where the value is none."""


def make(scenario: Scenario, now: datetime) -> list[Item]:
    """Everything the scenario publishes, in the order of publication; `now` is when that begins."""
    draw = random.Random(scenario.seed)
    items = _in_order(scenario, draw, now)
    again = [
        (position + draw.randrange(1, 400), item)
        for position, item in enumerate(items)
        if item.document is not None and draw.random() < scenario.duplicates
    ]
    placed = [*enumerate(items), *again]
    placed.sort(key=lambda each: each[0])
    made = [item for _, item in placed]
    if not scenario.poison:
        return made
    dirty: list[Item] = []
    for position, item in enumerate(made):
        if position % scenario.poison == 0:
            # Beside the document, not in its place: a second copy of it that came hours later would be late.
            dirty.append(_poisoned(item, position // scenario.poison))
        dirty.append(item)
    return dirty


def _in_order(scenario: Scenario, draw: random.Random, now: datetime) -> list[Item]:
    placed: list[tuple[float, Item]] = []
    for n in range(scenario.documents):
        share = n / scenario.documents
        if scenario.days:
            seconds = share * scenario.days * 86_400
            start = now - timedelta(days=scenario.days, hours=1) if scenario.live else START
        else:
            seconds, start = n / scenario.rate, now
        feed = scenario.feeds[n % len(scenario.feeds)]
        at = (start + timedelta(seconds=int(seconds))).replace(microsecond=0)
        document = Document(
            id=f"{scenario.seed}-{n}",
            source=feed.name,
            published_at=at - timedelta(hours=feed.behind_hours),
            title=_title(n, share),
        )
        item = Item(msgspec.json.encode(document), document.id.encode(), feed.partition, document)
        placed.append((seconds + draw.uniform(0, scenario.disorder), item))
    placed.sort(key=lambda each: each[0])
    return [item for _, item in placed]


def _title(n: int, share: float) -> str:
    who = distinct(n)
    if _SURGE[0] <= share < _SURGE[1]:
        return f"Bank {who} halts withdrawals"
    return f"Lender {who} fails a test" if n % 10 == 9 else _CALM[n % 3].format(who=who)


def _poisoned(item: Item, number: int) -> Item:
    """Make the item one that is refused: in turn not JSON, without text, or too much for the classifier."""
    if number % 3 == 0 or item.document is None:
        return replace(item, value=b"{broken", document=None)
    title = "" if number % 3 == 1 else f"crash the model {number}"
    document = msgspec.structs.replace(item.document, id=f"poison-{number}", title=title)
    return replace(item, value=msgspec.json.encode(document), document=None)
