import urllib.error
import urllib.request

import pytest
from prometheus_client import CollectorRegistry, Counter

from pipeline.worker.health import STALL, HealthServer, Progress, Watchdog, checks, healthy, ready


def test_not_ready_until_started_but_healthy_meanwhile() -> None:
    progress = Progress(starting="recovering state from the changelog", beat=100.0)
    assert ready(progress, 101.0).reasons == ("recovering state from the changelog",)
    assert healthy(progress, 101.0).ok
    progress.starting = None
    assert ready(progress, 101.0).ok


def test_a_loop_that_stopped_turning_is_unhealthy() -> None:
    progress = Progress(starting=None, beat=100.0)
    assert healthy(progress, 100.0 + STALL).ok
    assert not healthy(progress, 101.0 + STALL).ok
    assert not ready(progress, 101.0 + STALL).ok


def test_unread_records_without_progress_are_unhealthy_after_a_while() -> None:
    progress = Progress(starting=None)
    watchdog = Watchdog(progress)
    watchdog.look({"documents": 5}, {"documents": 10}, now=0.0)
    watchdog.look({"documents": 5}, {"documents": 10}, now=1.0)
    assert healthy(progress, 1.0 + STALL).ok
    verdict = healthy(progress, 2.0 + STALL)
    assert not verdict.ok and "documents" in verdict.reasons[0]
    watchdog.look({"documents": 5}, {"documents": 11}, now=3.0 + STALL)
    assert healthy(progress, 3.0 + STALL).ok


def test_an_idle_topic_and_a_revoked_one_are_healthy() -> None:
    progress = Progress(starting=None)
    watchdog = Watchdog(progress)
    for now in range(200):
        watchdog.look({"documents": 0}, {"documents": 10}, now=float(now))
    assert healthy(progress, 200.0).ok
    for now in range(200, 210):
        watchdog.look({"documents": 3}, {"documents": 10}, now=float(now))
    watchdog.look({}, {"documents": 10}, now=210.0)
    assert healthy(progress, 400.0).ok


def test_whoever_waits_for_a_part_that_is_away_has_not_stopped() -> None:
    progress = Progress(starting=None)
    watchdog = Watchdog(progress)
    watchdog.look({"scored": 5}, {"scored": 10}, now=0.0)
    watchdog.look({"scored": 5}, {"scored": 10}, now=1.0)
    progress.waiting = {"store": "the store is not available"}
    assert healthy(progress, 600.0).ok
    assert ready(progress, 600.0).reasons == ("the store is not available",)
    watchdog.look({"scored": 5}, {"scored": 10}, now=601.0)
    progress.waiting = {}
    assert healthy(progress, 602.0).ok


def test_a_start_that_never_ends_is_unhealthy() -> None:
    progress = Progress(starting="joining the consumer group", starting_since=10.0, start=300.0)
    assert healthy(progress, 310.0).ok
    assert not healthy(progress, 311.0).ok


@pytest.fixture
def server():
    registry = CollectorRegistry()
    Counter("tocsin_tests", "A counter.", registry=registry).inc()
    progress = Progress()
    server = HealthServer("127.0.0.1", 0, registry, checks(progress, clock=lambda: 0.0))
    server.start()
    yield server, progress
    server.stop()


def get(server: HealthServer, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}") as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_http_tells_the_verdict(server: tuple[HealthServer, Progress]) -> None:
    http, progress = server
    assert get(http, "/readyz") == (503, '{"ok": false, "reasons": ["starting"]}\n')
    assert get(http, "/healthz") == (200, '{"ok": true, "reasons": []}\n')
    progress.starting = None
    assert get(http, "/readyz")[0] == 200
    assert "tocsin_tests_total 1.0" in get(http, "/metrics")[1]
    assert get(http, "/other")[0] == 404
