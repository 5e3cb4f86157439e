"""Whether a worker is ready and healthy: a pure verdict over what its stages reported, and its HTTP face."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer

STALL = 60.0
"""Seconds a consumer may have records to read and yet finish none before it counts as stopped."""


@dataclass
class Progress:
    """What the worker's loop last reported; written by the loop, read by the HTTP thread."""

    starting: str | None = "starting"
    """Why the worker is not ready; None once it is."""
    beat: float = 0.0
    """Monotonic seconds at which the event loop last showed that it turns."""
    behind_since: dict[str, float] = field(default_factory=dict)
    """Monotonic seconds since which a topic has had unread records and no progress."""


@dataclass(frozen=True)
class Verdict:
    """Answer of a health check: whether all is well, and if not, why."""

    ok: bool
    reasons: tuple[str, ...] = ()


def healthy(progress: Progress, now: float) -> Verdict:
    """Tell whether the worker still makes progress; `now` in monotonic seconds."""
    reasons = []
    if progress.beat and now - progress.beat > STALL:
        reasons.append(f"the event loop has not turned for {now - progress.beat:.0f} s")
    reasons += [
        f"{topic} has unread records, and none was finished for {now - since:.0f} s"
        for topic, since in sorted(progress.behind_since.items())
        if now - since > STALL
    ]
    return Verdict(not reasons, tuple(reasons))


def ready(progress: Progress, now: float) -> Verdict:
    """Tell whether the worker takes work: started, recovered, partitions assigned, and healthy."""
    if progress.starting is not None:
        return Verdict(False, (progress.starting,))
    return healthy(progress, now)


class Watchdog:
    """Notes for each topic since when it has had unread records without any being finished."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._finished: dict[str, int] = {}

    def look(self, lags: Mapping[str, int], finished: Mapping[str, int], now: float) -> None:
        """Compare unread and finished records by topic with the last look; `now` in monotonic seconds."""
        behind = self._progress.behind_since
        for topic, lag in lags.items():
            count = finished.get(topic, 0)
            if lag > 0 and self._finished.get(topic) == count:
                behind.setdefault(topic, now)
            else:
                behind.pop(topic, None)
            self._finished[topic] = count
        for topic in behind.keys() - lags.keys():
            del behind[topic]


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Keep scrapes out of the log."""


class HealthServer:
    """Serves `/metrics`, `/healthz` and `/readyz` from a thread, so that a stuck loop cannot hide itself."""

    def __init__(
        self,
        host: str,
        port: int,
        registry: CollectorRegistry,
        progress: Progress,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        metrics = make_wsgi_app(registry)

        def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
            path = environ.get("PATH_INFO", "/")
            if path == "/metrics":
                return metrics(environ, start_response)
            check = {"/healthz": healthy, "/readyz": ready}.get(path)
            if check is None:
                start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
                return [b"/metrics /healthz /readyz\n"]
            verdict = check(progress, clock())
            status = "200 OK" if verdict.ok else "503 Service Unavailable"
            start_response(status, [("Content-Type", "application/json")])
            return [json.dumps({"ok": verdict.ok, "reasons": verdict.reasons}).encode() + b"\n"]

        self._server = make_server(host, port, serve, ThreadingWSGIServer, _QuietHandler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="http", daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on, also where a free one was asked for."""
        return self._server.server_port

    def start(self) -> None:
        """Serve until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """Stop and close the port."""
        self._server.shutdown()
        self._server.server_close()
