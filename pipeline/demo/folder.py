"""The demo's folder: its own, empty at the start, one demo at a time."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.broker.process import hold
from pipeline.errors import TocsinError

_LOCK = "lock"


@contextmanager
def fresh_folder(path: Path) -> Iterator[Path]:
    """Hold `path` for one demo, emptied of what the last one left; it stays afterwards, with its logs.

    Raises:
        TocsinError: another demo holds the folder, or it cannot be written.
    """
    path = path.resolve()
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = hold(
            path, f"A demo runs in {path} already. Wait for it, or name another folder with TOCSIN_STATE_DIR."
        )
    except OSError as error:
        raise TocsinError(
            f"The demo cannot write to {path}: {error.strerror}. Name another folder with TOCSIN_STATE_DIR."
        ) from error
    try:
        _await_processes(path)
        for entry in path.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name != _LOCK:
                entry.unlink()
        yield path
    finally:
        os.close(lock)


def _await_processes(path: Path) -> None:
    """Refuse to empty the folder under the broker or worker of a demo that was killed and still stops."""
    for held in path.rglob(f"*/{_LOCK}"):
        os.close(
            hold(held.parent, f"What the last demo started in {path} still stops. Try again in seconds.")
        )
