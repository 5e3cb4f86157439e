"""drift: what the model says of today's documents, compared with what it used to say, for Prometheus."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock

from pipeline.atomic import whole_file
from pipeline.drift import learn_scored, open_monitor
from pipeline.records import ScoredDocument
from pipeline.scoring import Classifier
from pipeline.settings import Settings
from pipeline.worker.metrics import Metrics

log = logging.getLogger(__name__)

_SAVE_EVERY = 60.0


class Drift:
    """Counts a worker's scored documents and exports the drift of the latest day.

    The live run's counts are kept in a file over restarts. Several workers on one machine write the same
    file, each its own counts: documents are spread over workers by a hash of their id, so that the counts of
    any one stand for all. A file that cannot be read or written, or is of another model, is told and never
    stands in the way of the work. A replay keeps nothing. Safe to call from several threads.
    """

    def __init__(
        self,
        settings: Settings,
        classifier: Classifier,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._model = classifier.model
        self._metrics = metrics
        self._clock = clock
        self._monitor = open_monitor(settings, classifier.topics)
        self._file = settings.state_dir / "drift.json" if settings.run == "live" else None
        self._saved_at = clock()
        self._turn = Lock()
        if self._file is not None:
            self._read(self._file)

    def learn(self, scored: Sequence[ScoredDocument]) -> None:
        """Count what one batch came to, and export how the latest day stands."""
        with self._turn:
            learn_scored(self._monitor, scored)
            latest = self._monitor.latest()
        for document in scored:
            self._metrics.answers.labels("tone", document.tone).inc()
            self._metrics.answers.labels("topic", document.topic).inc()
        if latest is not None:
            self._metrics.show_drift(latest)
        if self._clock() - self._saved_at >= _SAVE_EVERY:
            self.save()

    def save(self) -> None:
        """Keep the counts for the next worker."""
        self._saved_at = self._clock()
        if self._file is None:
            return
        with self._turn:
            content = json.dumps({"model": self._model, "counts": self._monitor.to_dict()})
        try:
            with whole_file(self._file) as partial:
                partial.write_text(content, "utf-8")
        except OSError as error:
            log.warning("the counts of drift are not kept: %s: %s", self._file, error.strerror)

    def _read(self, file: Path) -> None:
        try:
            content = json.loads(file.read_text("utf-8"))
            if content["model"] != self._model:
                log.info("drift is counted anew: %s is of %s", file, content["model"])
                return
            self._monitor.load(content["counts"])
        except FileNotFoundError:
            return
        except Exception as error:  # whatever a damaged file leads to, the worker goes on
            log.warning("drift is counted anew: %s cannot be read: %r", file, error)
