"""How late each source's documents come, as Prometheus wants it: one histogram a source."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from pipeline.lateness import BOUNDS, Lateness


class SourceLateness(Collector):
    """Exports the lateness of the aggregate that this worker runs; nothing while it runs none."""

    def __init__(self) -> None:
        self.shown = Lateness()

    def collect(self) -> Iterator[HistogramMetricFamily | CounterMetricFamily]:
        """One series a source, of which there are at most 33."""
        histogram = HistogramMetricFamily(
            "tocsin_source_lateness_seconds",
            "By how much documents came after the latest event time of their partition.",
            labels=["source"],
        )
        late = CounterMetricFamily(
            "tocsin_source_late_documents", "Documents whose minute had closed, by source.", labels=["source"]
        )
        bounds = [*map(str, BOUNDS), "+Inf"]
        for source, counts in sorted(self.shown.counts.items()):
            buckets = list(zip(bounds, map(float, accumulate(counts)), strict=True))
            histogram.add_metric([source], buckets, self.shown.sums.get(source, 0))
            late.add_metric([source], self.shown.late.get(source, 0))
        yield histogram
        yield late
