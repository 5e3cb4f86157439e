import numpy as np
from prometheus_client import CollectorRegistry, generate_latest

from pipeline.worker.sources import SourceLateness


def test_lateness_is_a_histogram_a_source() -> None:
    collector = SourceLateness()
    seconds = np.array([0] * 150 + [90] * 49 + [10**6])
    collector.shown.observe({7: "Harbor Wire"}, np.full(200, 7), seconds, seconds > 120)
    registry = CollectorRegistry()
    registry.register(collector)
    text = generate_latest(registry).decode()
    assert 'tocsin_source_lateness_seconds_bucket{le="60.0",source="Harbor Wire"} 150.0' in text
    assert 'tocsin_source_lateness_seconds_bucket{le="120.0",source="Harbor Wire"} 199.0' in text
    assert 'tocsin_source_lateness_seconds_count{source="Harbor Wire"} 200.0' in text
    assert 'tocsin_source_late_documents_total{source="Harbor Wire"} 1.0' in text
