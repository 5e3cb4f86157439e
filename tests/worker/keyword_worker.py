"""`python -m tests.worker.keyword_worker`: a worker set up by the environment, without a model."""

from __future__ import annotations

from pipeline.logs import set_up_logging
from pipeline.settings import Settings
from pipeline.worker.run import run_worker
from tests.keyword_classifier import KeywordClassifier

if __name__ == "__main__":
    set_up_logging("info")
    run_worker(Settings(), KeywordClassifier())
