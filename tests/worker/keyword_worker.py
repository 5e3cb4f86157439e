"""`python -m tests.worker.keyword_worker`: a worker set up by the environment, without a model.

`--workers N` supervises N of them, as `tocsin worker --workers N` does.
"""

from __future__ import annotations

import sys

from pipeline.errors import TocsinError
from pipeline.logs import set_up_logging
from pipeline.scoring import Classifier
from pipeline.settings import Settings
from pipeline.worker.orphan import stop_with_parent
from pipeline.worker.run import run_worker
from pipeline.worker.supervisor import Supervisor
from tests.keyword_classifier import KeywordClassifier


def main(module: str, classifier: Classifier) -> None:
    """Run a worker with `classifier`, or with `--workers N` N times `module`, which does that."""
    try:
        _run(module, classifier, Settings())
    except TocsinError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)


def _run(module: str, classifier: Classifier, settings: Settings) -> None:
    match sys.argv[1:]:
        case ["--workers", workers]:
            set_up_logging("info", "supervisor")
            Supervisor(settings, int(workers), (sys.executable, "-m", module)).run()
        case ["--number", number]:
            set_up_logging("info", f"worker {number}")
            stop_with_parent()
            run_worker(settings, classifier)
        case _:
            set_up_logging("info")
            run_worker(settings, classifier)


if __name__ == "__main__":
    main("tests.worker.keyword_worker", KeywordClassifier())
