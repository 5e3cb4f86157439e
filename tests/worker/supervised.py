"""`python -m tests.worker.supervised`: a worker that is killed once in mid-batch, and started again.

DIES_IN_BATCH says in which batch. The kill is the process's own SIGKILL, between classifying and publishing,
so that nothing else has to guess when that is.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence

from models.scores import Scores
from pipeline.logs import set_up_logging
from pipeline.settings import Settings
from pipeline.worker.run import run_worker
from tests.keyword_classifier import KeywordClassifier


class MortalClassifier(KeywordClassifier):
    def __init__(self, batches: int) -> None:
        self._left = batches

    def classify(self, texts: Sequence[str]) -> Scores:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().classify(texts)


def supervise() -> int:
    environment = dict(os.environ)
    while True:
        child = subprocess.Popen([sys.executable, "-m", __spec__.name, "worker"], env=environment)
        signal.signal(signal.SIGTERM, lambda *_, asked=child: asked.terminate())
        status = child.wait()
        if status >= 0:
            return status
        print(f"ended by signal {-status}, starting again", flush=True)
        environment["DIES_IN_BATCH"] = "0"


if __name__ == "__main__":
    if sys.argv[1:] == ["worker"]:
        set_up_logging("info")
        run_worker(Settings(), MortalClassifier(int(os.environ["DIES_IN_BATCH"])))
    else:
        sys.exit(supervise())
