"""Health and metrics of several workers at one address, gathered from each of theirs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import httpx
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from pipeline.settings import Settings
from pipeline.worker.health import Verdict, open_server

_TIMEOUT = 2.0
_LOOPING = 4
"""Ends in a row after which a worker counts as one that a restart does not mend."""


@dataclass(frozen=True)
class Seen:
    """One worker, as its supervisor sees it."""

    number: int
    pid: int | None
    """None while it is down."""
    url: str
    restarts: int
    in_a_row: int
    """Ends of workers that had not run for a while."""


class Fleet:
    """What several workers say of themselves, as one."""

    def __init__(self, seen: Callable[[], Sequence[Seen]]) -> None:
        self._seen = seen
        # Loopback, or where the workers listen: never through a proxy.
        self._client = httpx.Client(timeout=_TIMEOUT, trust_env=False)

    def ready(self) -> Verdict:
        """Every worker runs and takes work."""
        return self._ask("/readyz", down="is being started again")

    def healthy(self) -> Verdict:
        """Every running worker makes progress, and none ends again and again."""
        verdict = self._ask("/healthz", down="")
        looping = [
            f"worker {each.number} has ended {each.in_a_row} times in a row"
            for each in self._seen()
            if each.in_a_row >= _LOOPING
        ]
        return Verdict(verdict.ok and not looping, (*looping, *verdict.reasons))

    def facts(self) -> list[dict[str, object]]:
        """Each worker's number, process id, address and restarts."""
        return [asdict(each) for each in self._seen()]

    def _ask(self, path: str, down: str) -> Verdict:
        reasons: list[str] = []
        for each, text in self._get_all(path):
            if text is None and down:
                reasons.append(f"worker {each.number} {down}")
            elif text is not None:
                reasons += [f"worker {each.number}: {why}" for why in json.loads(text).get("reasons", ())]
        return Verdict(not reasons, tuple(reasons))

    def metrics(self) -> Iterator[Metric]:
        """Each worker's metrics with its number as the label `worker`, then the supervisor's own."""
        families: dict[str, Metric] = {}
        up = GaugeMetricFamily("tocsin_worker_up", "Whether a worker runs and answers.", labels=["worker"])
        restarts = CounterMetricFamily(
            "tocsin_worker_restarts", "Times that a worker was started again.", labels=["worker"]
        )
        for each, text in self._get_all("/metrics"):
            number = str(each.number)
            up.add_metric([number], text is not None)
            restarts.add_metric([number], each.restarts)
            for family in text_string_to_metric_families(text or ""):
                merged = families.setdefault(
                    family.name, Metric(family.name, family.documentation, family.type)
                )
                for sample in family.samples:
                    merged.add_sample(sample.name, {**sample.labels, "worker": number}, sample.value)
        yield from families.values()
        yield up
        yield restarts

    def _get_all(self, path: str) -> list[tuple[Seen, str | None]]:
        seen = list(self._seen())
        with ThreadPoolExecutor(max(1, len(seen))) as threads:
            return list(zip(seen, threads.map(lambda each: self._get(each, path), seen), strict=True))

    def _get(self, each: Seen, path: str) -> str | None:
        if each.pid is None:
            return None
        try:
            return self._client.get(f"{each.url}{path}").text
        except httpx.HTTPError:
            return None


class _FleetCollector(Collector):
    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def collect(self) -> Iterator[Metric]:
        return self._fleet.metrics()

    def describe(self) -> Iterator[Metric]:
        """Nothing: the registry would collect at once to learn the names."""
        return iter(())


@contextmanager
def serve_fleet(settings: Settings, fleet: Fleet) -> Iterator[int]:
    """Serve all workers' `/metrics`, `/healthz`, `/readyz` and `/workers`; the port."""
    registry = CollectorRegistry()
    registry.register(_FleetCollector(fleet))
    server = open_server(settings, registry, {"/healthz": fleet.healthy, "/readyz": fleet.ready}, fleet.facts)
    try:
        yield server.port
    finally:
        server.stop()
