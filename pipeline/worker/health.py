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

from pipeline.errors import UsageError
from pipeline.settings import Settings

STALL = 60.0
"""Seconds a consumer may have records to read and yet finish none before it counts as stopped."""
START = 300.0
"""Seconds a worker may take to join its group and recover its state before it counts as stopped."""


@dataclass
class Progress:
    """What the worker's loop last reported; written by the loop, read by the HTTP thread."""

    starting: str | None = "starting"
    """Why the worker is not ready; None once it is."""
    starting_since: float = 0.0
    """Monotonic seconds since which it has not been ready; 0 while that is not known."""
    beat: float = 0.0
    """Monotonic seconds at which the event loop last showed that it turns."""
    behind_since: dict[str, float] = field(default_factory=dict)
    """Monotonic seconds since which a topic has had unread records and no progress."""
    waiting: dict[str, str] = field(default_factory=dict)
    """Parts that are away, and why: who waits for them has not stopped."""
    stall: float = STALL
    start: float = START


@dataclass(frozen=True)
class Verdict:
    """Answer of a health check: whether all is well, and if not, why."""

    ok: bool
    reasons: tuple[str, ...] = ()


def healthy(progress: Progress, now: float) -> Verdict:
    """Tell whether the worker makes progress, or knows what it waits for; `now` in monotonic seconds."""
    reasons = []
    if progress.beat and now - progress.beat > progress.stall:
        reasons.append(f"the event loop has not turned for {now - progress.beat:.0f} s")
    if progress.starting and progress.starting_since and now - progress.starting_since > progress.start:
        reasons.append(f"still {progress.starting} after {now - progress.starting_since:.0f} s")
    if not progress.waiting:
        reasons += [
            f"{topic} has unread records, and no work on them went on for {now - since:.0f} s"
            for topic, since in sorted(dict(progress.behind_since).items())
            if now - since > progress.stall
        ]
    return Verdict(not reasons, tuple(reasons))


def ready(progress: Progress, now: float) -> Verdict:
    """Tell whether the worker takes work: started, recovered, partitions assigned, nothing away, healthy."""
    if progress.starting is not None:
        return Verdict(False, (progress.starting,))
    if progress.waiting:
        return Verdict(False, tuple(progress.waiting.values()))
    return healthy(progress, now)


class Watchdog:
    """Notes for each topic since when it has had unread records without any work on them."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._finished: dict[str, int] = {}

    def look(self, lags: Mapping[str, int], steps: Mapping[str, int], now: float) -> None:
        """Compare unread records and steps by topic with the last look; `now` in monotonic seconds."""
        behind = self._progress.behind_since
        for topic, lag in lags.items():
            count = steps.get(topic, 0)
            if lag > 0 and self._finished.get(topic) == count and not self._progress.waiting:
                behind.setdefault(topic, now)
            else:
                behind.pop(topic, None)
            self._finished[topic] = count
        for topic in behind.keys() - lags.keys():
            del behind[topic]


def checks(
    progress: Progress, clock: Callable[[], float] = time.monotonic
) -> Mapping[str, Callable[[], Verdict]]:
    """What a worker answers at `/healthz` and `/readyz`."""
    return {
        "/healthz": lambda: healthy(progress, clock()),
        "/readyz": lambda: ready(progress, clock()),
    }


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
        checks: Mapping[str, Callable[[], Verdict]],
        facts: Callable[[], Any] | None = None,
    ) -> None:
        """`checks` answer at their paths; `facts`, where given, is shown as JSON at `/workers`."""
        metrics = make_wsgi_app(registry)

        def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
            path = environ.get("PATH_INFO", "/")
            if path == "/metrics":
                return metrics(environ, start_response)
            if path == "/workers" and facts is not None:
                start_response("200 OK", [("Content-Type", "application/json")])
                return [json.dumps(facts()).encode() + b"\n"]
            check = checks.get(path)
            if check is None:
                start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
                return [" ".join(["/metrics", *checks]).encode() + b"\n"]
            verdict = check()
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


def open_server(
    settings: Settings,
    registry: CollectorRegistry,
    checks: Mapping[str, Callable[[], Verdict]],
    facts: Callable[[], Any] | None = None,
) -> HealthServer:
    """Start a server where the settings say; raises UsageError where the port is taken."""
    host, port = settings.http.host, settings.http.port
    try:
        server = HealthServer(host, port, registry, checks, facts)
    except OSError as error:
        raise UsageError(
            f"cannot listen on {host}:{port} for /metrics ({error.strerror}). Free the port, or set "
            "`http.port` to another (0 takes any free one)."
        ) from error
    server.start()
    return server
