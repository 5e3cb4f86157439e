"""`python -m tests.scenarios.worker`: a keyword worker that can be told to end itself at a certain step.

MINES names a folder. A file in it, named after a step, holds at the how manieth time of that step the process
that comes there kills itself, as a power cut would; the file goes first, so that it happens once.
"""

from __future__ import annotations

import tests.scenarios.sleeping  # noqa: F401 - before what takes `time.sleep` as it finds it

# isort: split
import asyncio
import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import faust.tables.base

from models.scores import Scores
from pipeline.worker.checkpoint import Checkpoint
from pipeline.worker.publish import Outgoing, Publisher
from tests.keyword_classifier import KeywordClassifier
from tests.worker.keyword_worker import main

MINES = Path(os.environ["MINES"])
DELAY = float(os.environ.get("DELAY", "0"))
_times: Counter[str] = Counter()
_lock = threading.Lock()


def mined(step: str) -> bool:
    """Tell whether the mine at this step goes off now."""
    with _lock:
        _times[step] += 1
        mine = MINES / step
        try:
            if _times[step] < int(mine.read_text()):
                return False
            mine.unlink()
        except FileNotFoundError:
            return False
        return True


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class MinedClassifier(KeywordClassifier):
    """Dies, or has the process that the model is in die, while a batch is classified."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def classify(self, texts: Sequence[str]) -> Scores:
        if DELAY:
            time.sleep(DELAY)
        if mined("mid_batch"):
            die()
        if not (MINES / "model").exists() and self._pool is None:
            return super().classify(texts)
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("forkserver"))
        scores: Scores = self._pool.submit(_classify_elsewhere, list(texts)).result()
        return scores


def _classify_elsewhere(texts: list[str]) -> Scores:
    if mined("model"):
        die()
    return KeywordClassifier().classify(texts)


_send = Publisher._send
_put = Checkpoint._put
_on_changelog_event = faust.tables.base.Collection.on_changelog_event


async def mined_send(self: Publisher, batch: list[Outgoing]) -> None:
    of_classify = any(record.topic.endswith(".scored") for record in batch)
    if of_classify and mined("half_published"):
        await _send(self, batch[: len(batch) // 2])
        die()
    if of_classify and mined("silent"):
        await asyncio.Event().wait()
    if of_classify and mined("hang"):
        time.sleep(3600)  # noqa: ASYNC251 - it is the loop that hangs
    await _send(self, batch)
    if of_classify and mined("before_ack"):
        die()


async def mined_put(self: Checkpoint, key: bytes, value: bytes | None) -> None:
    if mined("checkpoint"):
        die()
    await _put(self, key, value)


async def mined_changelog_event(self: Any, event: Any) -> None:
    if mined("recovering"):
        die()
    await _on_changelog_event(self, event)


if __name__ == "__main__":
    Publisher._send = mined_send  # type: ignore[method-assign]
    Checkpoint._put = mined_put  # type: ignore[method-assign]
    faust.tables.base.Collection.on_changelog_event = mined_changelog_event  # type: ignore[method-assign]
    main("tests.scenarios.worker", MinedClassifier())
