"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Name a file beside `path` to write to; it takes the name `path` when the block ends well, else it goes.

    What is no ordinary file, such as `/dev/null`, is named itself.
    """
    if path.exists() and not path.is_file():
        yield path
        return
    # A link is followed, so that the file it points to is replaced and not the link.
    target = path.resolve()
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        yield partial
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
