"""Running a worker: check what it needs, start it, and stop cleanly when asked."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial

import faust
import httpx

from alerts.settings import DeliverySettings
from pipeline.errors import TocsinError
from pipeline.memory import return_large_blocks
from pipeline.scoring import Classifier
from pipeline.settings import Settings
from pipeline.startup import await_part
from pipeline.store import Store, StoreUnavailable
from pipeline.topics import create
from pipeline.worker.app import Parts, build_app
from pipeline.worker.health import Progress, checks, open_server
from pipeline.worker.metrics import Metrics
from pipeline.worker.watchdog import start_watchdog

log = logging.getLogger(__name__)


def run_worker(settings: Settings, classifier: Classifier) -> None:
    """Serve one run until SIGTERM or SIGINT; raises `TocsinError` where something it needs stays away."""
    return_large_blocks()
    timeout = settings.broker.connect_timeout
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    create(settings)
    await_part(lambda: _ask_alertmanager(settings.delivery), _AwayError, timeout=timeout)
    lateness = timedelta(seconds=settings.event_time.allowed_lateness)
    opened = partial(Store.open, settings.store.url, lateness=lateness)
    with await_part(opened, StoreUnavailable, timeout=timeout) as store:
        metrics = Metrics()
        metrics.worker.info({"run": settings.run, "model": classifier.model})
        progress = Progress(stall=settings.worker.stall_timeout, start=settings.worker.start_timeout)
        server = open_server(settings, metrics.registry, checks(progress))
        start_watchdog(progress)
        try:
            app = build_app(Parts(settings, classifier, store, metrics, progress))
            log.info("run %s, model %s, health on port %d", settings.run, classifier.model, server.port)
            _execute(app, settings.log_level)
        finally:
            server.stop()


def _execute(app: faust.App, log_level: str) -> None:
    worker = faust.Worker(app, loglevel=log_level, override_logging=False, redirect_stdouts=False, quiet=True)
    try:
        worker.execute_from_commandline()
    except SystemExit as stop:
        if stop.code:
            raise TocsinError("the worker stopped on an error; the log above says which") from stop


class _AwayError(Exception):
    """Alertmanager did not answer."""


def _ask_alertmanager(settings: DeliverySettings) -> None:
    if not settings.alertmanager_url:
        return
    url = f"{settings.alertmanager_url.rstrip('/')}/-/ready"
    try:
        httpx.get(url, timeout=5.0).raise_for_status()
    except httpx.HTTPError as error:
        raise _AwayError(
            f"Alertmanager does not answer at {settings.alertmanager_url} "
            f"(setting `delivery.alertmanager_url`): {error}"
        ) from error
