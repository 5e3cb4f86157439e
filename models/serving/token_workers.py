"""Tokenise in processes of their own: threads of one process wait for each other's memory.

With 16 cores one process tokenises some 80,000 headlines a second, which is less than a GPU classifies.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from subprocess import PIPE, Popen
from threading import Lock
from typing import IO, cast

import numpy as np

from models.errors import ModelError
from models.serving.reading import Reader, Windows
from models.serving.token_worker import parts_to_windows, read_frame, texts_to_parts, write_frame
from models.serving.tokens import TokenRows

PIECE = 512
"""Texts that a process gets at once."""
_ROOT = Path(__file__).parents[2]
_START = """
import sys
sys.path.insert(0, sys.argv[1])
from models.serving.token_worker import main
main(*sys.argv[2:])
"""


class TokenWorkers:
    """A reader whose work is done by other processes; they start when they are first needed.

    They end when it is closed, or with this process. Any number of threads may call `read`.
    """

    def __init__(self, reader: Reader, file: Path, processes: int) -> None:
        """`file` is the tokenizer that `reader` has."""
        self._reader = reader
        self._command = [sys.executable, "-c", _START, str(_ROOT), str(file)]
        self._command += [str(reader.max_length), reader.long_texts]
        self._processes = processes
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="token-workers")
        self._workers: list[Popen[bytes]] = []
        self._free: SimpleQueue[Popen[bytes]] = SimpleQueue()
        self._starting = Lock()

    def read(self, texts: Sequence[str]) -> Windows:
        """As `Reader.read`; raises ModelError when a process has ended."""
        self._start()
        pieces = [texts[start : start + PIECE] for start in range(0, len(texts), PIECE)]
        return _joined(list(self._threads.map(self._ask, pieces)))

    def close(self) -> None:
        """End the processes."""
        self._threads.shutdown()
        for worker in self._workers:
            worker.communicate()

    def _start(self) -> None:
        with self._starting:
            if self._workers:
                return
            environment = os.environ | {"TOKENIZERS_PARALLELISM": "false"}
            for _ in range(self._processes):
                # A session of their own: Ctrl-C is for this process, whose end is the end of their input.
                worker = Popen(  # noqa: S603 - our own interpreter and code
                    self._command, stdin=PIPE, stdout=PIPE, env=environment, start_new_session=True
                )
                self._workers.append(worker)
                self._free.put(worker)

    def _ask(self, texts: Sequence[str]) -> Windows:
        worker = self._free.get()
        try:
            cut = [self._reader.cut(text) for text in texts]
            write_frame(cast(IO[bytes], worker.stdin), texts_to_parts(cut))
            answer = read_frame(cast(IO[bytes], worker.stdout))
        except BrokenPipeError:
            answer = None
        finally:
            self._free.put(worker)
        if answer is None:
            raise ModelError("a process that tokenises has ended: there may be too little memory for them")
        return parts_to_windows(answer)


def _joined(parts: Sequence[Windows]) -> Windows:
    if not parts:
        return Windows(TokenRows.of([]), np.zeros(0, np.int64), np.zeros(0))
    before = np.cumsum([0, *(len(part.ids) for part in parts)])
    return Windows(
        TokenRows(
            np.concatenate([part.ids.flat for part in parts]),
            np.concatenate([part.ids.lengths for part in parts]),
        ),
        np.concatenate([part.firsts + offset for part, offset in zip(parts, before, strict=False)]),
        np.concatenate([part.weights for part in parts]),
    )
