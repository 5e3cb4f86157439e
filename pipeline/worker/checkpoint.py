"""A stage's state and input position, kept together in a changelog so that neither can run ahead."""

from __future__ import annotations

import asyncio
import logging
import uuid
import zlib
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

log = logging.getLogger(__name__)

_HEAD = b"head/"
_SEGMENT = b"segment/"


class State(Struct):
    """What a stage needs to go on where it stopped."""

    position: int
    """Offset of the first input record that the state does not contain."""
    head: bytes
    segments: dict[str, bytes]


class _Head(Struct):
    position: int
    head: bytes
    segments: list[str]


class Checkpoint:
    """Saves and loads a stage's state in a plain Faust table.

    The head is one record: position and state cannot part. Segments never change once written and are
    written before the head that names them, so a crash between the two leaves the old head, whole.

    Each owner has a head of its own. One that has lost the partition and does not know it yet may save an
    older state after a newer one was saved, and even drop or miss segments: the newest head that is whole
    counts, whoever wrote it, for the state at a position is the same whoever comes to it.
    """

    def __init__(self, table: Any) -> None:
        self._table = table
        self._mine = _HEAD + uuid.uuid4().hex[:8].encode()

    async def save(self, position: int, head: bytes, segments: Mapping[str, bytes]) -> None:
        """Write the state as of `position`; durable when this returns."""
        # Bytes of those that are written already are not asked for: they would be made anew.
        keys = {_SEGMENT + name.encode(): name for name in segments}
        known = {key for key in self._table if key.startswith(_SEGMENT)}
        for key in keys.keys() - known:
            await self._put(key, zlib.compress(segments[keys[key]], 1))
        record = _Head(position=position, head=head, segments=sorted(segments))
        await self._put(self._mine, zlib.compress(msgspec.msgpack.encode(record), 1))
        for key, other in self._heads():
            if key != self._mine and other.position <= position:
                await self._put(key, None)
        for key in known - keys.keys():
            await self._put(key, None)

    def load(self) -> State | None:
        """Read the newest state that is whole; None where there is none: the log has to be read again."""
        heads = sorted((head for _, head in self._heads()), key=lambda head: head.position, reverse=True)
        for head in heads:
            packed = {name: self._table.get(_SEGMENT + name.encode()) for name in head.segments}
            if None not in packed.values():
                segments = {name: zlib.decompress(value) for name, value in packed.items()}
                return State(position=head.position, head=head.head, segments=segments)
            log.warning("the state at offset %d lacks a segment: looking for an older one", head.position)
        return None

    def _heads(self) -> list[tuple[bytes, _Head]]:
        return [
            (key, msgspec.msgpack.decode(zlib.decompress(self._table[key]), type=_Head))
            for key in list(self._table)
            if key.startswith(_HEAD)
        ]

    async def _put(self, key: bytes, value: bytes | None) -> None:
        # `table[key] = value` would leave the changelog record in a buffer whose flush gives up after 0.1 s;
        # the future of `send_changelog` is done when the broker has the record.
        # Shielded: Faust would set a result on a future that was cancelled with us.
        await asyncio.shield(self._table.send_changelog(0, key, value))
        if value is None:
            self._table.data.pop(key, None)
        else:
            self._table.data[key] = value
