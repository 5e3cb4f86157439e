"""Delivering a stored run's alerts from the command line."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec import Struct

from pipeline.dispatch import LIVE, open_dispatch
from pipeline.errors import UsageError
from pipeline.settings import Settings
from pipeline.store import Store

_PAUSE = 0.2


class Told(Struct, frozen=True, kw_only=True):
    """What came of it, by receiver."""

    delivered: dict[str, int]
    """Events that were accepted."""
    retried: dict[str, int]
    """Tries that failed."""
    trouble: dict[str, str]
    """Why the last of them failed."""
    waiting: dict[str, int]
    """Events that are still queued."""


def deliver_all(store: Store, settings: Settings, environ: Mapping[str, str], timeout: float) -> Told:
    """Queue every alert event of the run, and send until all is told or `timeout` seconds have passed."""
    if settings.run == LIVE:
        raise UsageError("The live run's worker delivers; name a replay of the store with --run.")
    delivered: Counter[str] = Counter()
    retried: Counter[str] = Counter()
    trouble: dict[str, str] = {}
    deadline = time.monotonic() + timeout
    with open_dispatch(store, settings, environ) as dispatch:
        dispatch.enqueue(store.alert_events(settings.run), datetime.now(UTC))
        while True:
            for result in dispatch.turn(datetime.now(UTC)).results:
                (delivered if result.verdict == "delivered" else retried)[result.receiver] += 1
                if result.reason:
                    trouble[result.receiver] = result.reason
            waiting = {name: count for name, count in dispatch.pending().items() if count}
            if not waiting or time.monotonic() >= deadline:
                break
            time.sleep(_PAUSE)
    return Told(delivered=dict(delivered), retried=dict(retried), trouble=trouble, waiting=waiting)
