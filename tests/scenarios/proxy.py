"""A TCP proxy that a test can cut, freeze, or have lose a connection at the worst moment."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Literal

Verdict = Literal["pass", "lose before", "lose after"]
Judge = Callable[[bytes], Verdict]
"""Told each piece that a client sends; says whether the connection is lost, before or after passing it on."""

_PIECE = 65_536


class Proxy:
    """Passes connections to 127.0.0.1 on, until told otherwise; it runs in a thread of its own."""

    def __init__(self, target: int, port: int = 0, judge: Judge = lambda _: "pass") -> None:
        """`target` is the port connections go to; `port` the one to listen on, 0 for any."""
        self._target = target
        self._judge = judge
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self._flows: asyncio.Event
        self._streams: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = port
        self._call(self._open())

    def cut(self) -> None:
        """Drop every connection, and refuse new ones."""
        self._call(self._cut())

    def freeze(self) -> None:
        """Keep every connection and pass nothing on, as a network that loses all packets."""
        self._call(self._freeze())

    def restore(self) -> None:
        """Let everything through again."""
        self._call(self._open())

    def close(self) -> None:
        """Stop for good."""
        self._call(self._cut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, coroutine: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    async def _open(self) -> None:
        if not hasattr(self, "_flows"):
            self._flows = asyncio.Event()
        self._flows.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _cut(self) -> None:
        self._flows.set()
        if self._server is not None:
            self._server.close()
            self._server = None
        for stream in list(self._streams):
            stream.transport.abort()

    async def _freeze(self) -> None:
        self._flows.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._flows.wait()
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._streams |= {writer, back}
        tasks = [
            asyncio.ensure_future(self._pump(reader, back, self._judge)),
            asyncio.ensure_future(self._pump(there, writer, lambda _: "pass")),
        ]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for stream in (writer, back):
            stream.transport.abort()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._streams -= {writer, back}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, judge: Judge) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(_PIECE):
                await self._flows.wait()
                verdict = judge(piece)
                if verdict == "lose before":
                    return
                writer.write(piece)
                await writer.drain()
                if verdict == "lose after":
                    # Whatever the server makes of it, its answer will not arrive.
                    await asyncio.sleep(0.05)
                    return


@contextmanager
def proxy(target: int, port: int = 0, judge: Judge = lambda _: "pass") -> Iterator[Proxy]:
    """A proxy for as long as it is needed."""
    running = Proxy(target, port, judge)
    try:
        yield running
    finally:
        running.close()


def every_commit(nth: int) -> Judge:
    """Lose PostgreSQL's connection at each `nth` COMMIT: before the server hears of it and after, in turn.

    After it the client cannot know whether the transaction holds.
    """
    commits = 0

    def judge(piece: bytes) -> Verdict:
        nonlocal commits
        if b"COMMIT" not in piece:
            return "pass"
        commits += 1
        if commits % nth:
            return "pass"
        return "lose before" if commits // nth % 2 else "lose after"

    return judge
