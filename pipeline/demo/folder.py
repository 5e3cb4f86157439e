"""The demo's folder: its own, empty at the start, one demo at a time."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
        lock = (path / _LOCK).open("w")
    except OSError as error:
        raise TocsinError(
            f"The demo cannot write to {path}: {error.strerror}. Name another folder with TOCSIN_STATE_DIR."
        ) from error
    with lock:
        try:
            # The kernel lets go of it when we end, however we end.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TocsinError(
                f"A demo is running in {path} already. "
                "Wait for it, or name another folder with TOCSIN_STATE_DIR."
            ) from None
        for entry in path.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name != _LOCK:
                entry.unlink()
        yield path
