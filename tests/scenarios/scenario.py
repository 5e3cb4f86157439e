"""A scenario as data: which documents flow, on what, and what goes wrong after how many of them."""

from __future__ import annotations

import random
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

HERE = Path(__file__).parent

Via = Literal["direct", "proxy", "secure"]
StoreKind = Literal["sqlite", "postgres"]


@dataclass(frozen=True)
class Feed:
    """One source among several."""

    name: str
    behind_hours: float = 0.0
    """How far behind the others its stamps lie."""
    partition: int | None = None
    """The partition it publishes to; None spreads it over all."""


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong."""

    after: int
    """Documents published before it."""
    do: str
    """Name of a function in `faults.py`."""
    worker: int = 1
    seconds: float = 0.0
    by: float = 0.0
    """What there is of it, where that is not seconds: a clock's step."""


@dataclass(frozen=True)
class Scenario:
    """What is played; defaults make a calm one."""

    name: str
    says: str
    """What happens, in a sentence."""
    documents: int = 4000
    rate: float = 1000.0
    """Documents published a second."""
    seed: int = 1
    days: float = 7.0
    """Event time that they span; 0 stamps each with the moment it is published."""
    partitions: int = 3
    workers: int = 2
    feeds: tuple[Feed, ...] = (Feed("Harbor Wire"),)
    duplicates: float = 0.0
    """Share of documents that are published twice."""
    disorder: int = 0
    """Seconds of event time by which neighbours may be swapped."""
    poison: int = 0
    """Every so manieth record cannot be read or makes the classifier fail; 0 for none."""
    arrival: bool = False
    """Compare with the offline run over the order of arrival, not of event time: where much is late."""
    live: bool = False
    idle_timeout: int = 86_400
    store: StoreKind = "sqlite"
    via: Via = "direct"
    sabotage: int = 0
    """The store's connection is lost at every so manieth commit, before and after it in turn; 0 for never."""
    small_disk: bool = False
    """The store lies on a file system of its own, which a fault can fill."""
    alertmanager: bool = False
    delay: float = 0.0
    """Seconds that the classifier takes for each batch, so that a kill falls into the middle of one."""
    mines: dict[str, int] = field(default_factory=dict)
    """Steps of `worker.py` at which a worker ends itself, once each, and at the how manieth time."""
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    recovery: float = 15.0
    """Seconds it may take until everything flows again after a fault has passed."""
    patience: float = 600.0
    """Seconds after the last document within which all must have arrived."""

    @property
    def owns_the_broker(self) -> bool:
        """It needs a broker of our own: to stop it, or to stand between it and the workers."""
        return self.via == "proxy" or any(fault.do.startswith("broker") for fault in self.faults)


def load(name: str) -> list[Scenario]:
    """The scenarios of `quick.toml` or `long.toml`."""
    tables = tomllib.loads((HERE / f"{name}.toml").read_text("utf-8"))
    return [_scenario(title, table) for title, table in tables.items()]


def _scenario(name: str, table: dict[str, Any]) -> Scenario:
    feeds = tuple(Feed(**feed) for feed in table.pop("feeds", ())) or Scenario.feeds
    draw = random.Random(table.get("seed", 1))
    faults = tuple(each for fault in table.pop("faults", ()) for each in _faults(fault, draw, table))
    return Scenario(
        name=name, feeds=feeds, faults=tuple(sorted(faults, key=lambda each: each.after)), **table
    )


def _faults(fault: dict[str, Any], draw: random.Random, table: dict[str, Any]) -> list[Fault]:
    """One fault; with `times`, so many at random points of [after, before) to random workers."""
    times = fault.pop("times", None)
    if times is None:
        return [Fault(**fault)]
    after, before = fault.pop("after"), fault.pop("before")
    workers = table.get("workers", Scenario.workers)
    return [
        Fault(after=draw.randrange(after, before), worker=draw.randint(1, workers), **fault)
        for _ in range(times)
    ]
