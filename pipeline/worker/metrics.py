"""What Prometheus sees of a worker: base units, bounded labels, one registry a process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from models.continual.drift import DayReport
from pipeline.records import Window
from pipeline.worker.sources import SourceLateness
from pipeline.worker.waits import Waits

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_DOCUMENTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class Metrics:
    """All of a worker's metrics. A worker serves one run; `tocsin_worker_info` says which."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)

        def counter(name: str, text: str, labels: Sequence[str] = ()) -> Counter:
            return Counter(f"tocsin_{name}", text, labels, registry=self.registry)

        def gauge(name: str, text: str, labels: Sequence[str] = ()) -> Gauge:
            return Gauge(f"tocsin_{name}", text, labels, registry=self.registry)

        def histogram(name: str, text: str, buckets: Sequence[float] = _SECONDS) -> Histogram:
            return Histogram(f"tocsin_{name}", text, registry=self.registry, buckets=buckets)

        self.worker = Info(
            "tocsin_worker", "The run this worker serves and its model.", registry=self.registry
        )
        self.classified = counter("classified_documents", "Documents classified and published.")
        self.rejected = counter("rejected_documents", "Documents refused, by reason.", ["reason"])
        self.retried = counter(
            "retried_documents", "Rejected records that came again, by what became of them.", ["outcome"]
        )
        self.batch_seconds = histogram(
            "classify_batch_duration_seconds", "From a full micro-batch to its results on the broker."
        )
        self.batch_documents = histogram(
            "classify_batch_documents", "Records in one micro-batch.", _DOCUMENTS
        )
        self.latency = histogram(
            "document_latency_seconds", "From a document's stamp on the broker to its score there."
        )
        self.counted = counter("counted_documents", "Distinct documents counted into minutes.")
        self.duplicates = counter("duplicate_documents", "Documents whose id had been counted.")
        self.late = counter("late_documents", "Documents that came after their minute had closed.")
        self.capped = counter(
            "capped_stories",
            "Negative stories that detection left out: one author or source brought too many.",
        )
        self.merged = counter("merged_stories", "Stories that joined one of another wording.")
        self.source_lateness = SourceLateness()
        self.registry.register(self.source_lateness)
        self.forced = counter(
            "forced_minutes", "Event minutes closed before the watermark, for want of room."
        )
        self.open_documents = gauge("open_documents", "Documents that wait for their event minute to close.")
        self.remembered = gauge(
            "remembered_keys", "Document ids and stories that are remembered to tell copies.", ["what"]
        )
        self.partition_time = gauge(
            "partition_event_timestamp_seconds",
            "Event time that a source partition has come to.",
            ["partition"],
        )
        self.minutes = counter("closed_minutes", "Event minutes closed.")
        self.watermark = gauge(
            "watermark_timestamp_seconds", "Event time before which all minutes are closed."
        )
        self._mean = gauge("sentiment_score_ratio", "Mean score over the window, -1 to 1.", ["key", "window"])
        self._share = gauge(
            "negative_share_ratio", "Negative documents over all, in the window.", ["key", "window"]
        )
        self._documents = gauge("window_documents", "Documents in the window.", ["key", "window"])
        self.alert_events = counter("alert_events", "Alert events by reason.", ["reason", "severity"])
        self.firing = gauge("alerts_firing", "Alerts that fire now.", ["key", "severity"])
        self.threshold = gauge("alert_threshold", "Surprise from which a key rings.", ["key"])
        self.budget = gauge("alert_budget_per_week", "False alarms a week that a key may raise.", ["key"])
        self.realised = gauge("alerts_realised_per_week", "Alarms a week that a key raised.", ["key"])
        self.learning = gauge("alerts_learning", "1 for keys that cannot ring yet.", ["key"])
        self._silence = gauge("feed_silence_seconds", "Event time since a source was heard.", ["feed"])
        self._silent = gauge("feed_silent", "Whether the silence of a source rings.", ["feed"])
        self._gap = gauge("feed_gap", "Whether the feed counts as down: nothing is learnt meanwhile.")
        self.deliveries = counter(
            "alert_deliveries", "Tries to deliver an alert event.", ["receiver", "outcome"]
        )
        self.undelivered = gauge("undelivered_alert_events", "Alert events that wait in the outbox.")
        self.stored = counter("stored_records", "Records written to the store.", ["kind"])
        self.store_errors = counter("store_errors", "Writes to the store that failed and are tried again.")
        self.lag = gauge(
            "consumer_lag_messages", "Records of a topic that are not committed yet.", ["topic", "partition"]
        )
        self.waits = Waits(
            gauge("waiting_stages", "Pieces of work that wait for a part that is away.", ["part"])
        )
        self._stability = gauge(
            "model_population_stability_ratio",
            "Population stability index of the latest day's answers against the reference.",
            ["what"],
        )
        self._stability_chance = gauge(
            "model_population_stability_chance_ratio", "What the index may be by chance alone.", ["what"]
        )
        self._confidence = gauge(
            "model_confidence_mean_ratio", "Mean probability of the winning class, latest day.", ["what"]
        )
        self._model_documents = gauge("model_day_documents", "Documents of the latest UTC day of event time.")
        self.answers = counter("model_answers", "Documents by the class they were given.", ["what", "answer"])
        self.progress = gauge(
            "last_progress_timestamp_seconds", "Wall clock when a stage last finished some work.", ["stage"]
        )

    def show_sentiment(self, key: str, windows: Mapping[str, Window]) -> None:
        """Export one key's rolling sentiment."""
        for name, window in windows.items():
            self._mean.labels(key, name).set(window.mean)
            self._share.labels(key, name).set(window.negative_share)
            self._documents.labels(key, name).set(window.documents)

    def show_feeds(self, silent_for: Mapping[str, int], firing: Mapping[str, str], *, gap: bool) -> None:
        """Export how long each known source has been silent (minutes); at most 256 of them."""
        for feed, minutes in silent_for.items():
            self._silence.labels(feed).set(60 * minutes)
            self._silent.labels(feed).set(feed in firing)
        self._gap.set(gap)

    def show_drift(self, day: DayReport) -> None:
        """Export how far the latest day's answers are from the reference; nothing while there is none."""
        for what, stability in day.stability.items():
            self._stability.labels(what).set(stability.index)
            self._stability_chance.labels(what).set(stability.chance)
        self._confidence.labels("tone").set(day.confidence_tone)
        self._confidence.labels("topic").set(day.confidence_topic)
        self._model_documents.set(day.documents)

    def forget_sentiment(self) -> None:
        """Stop exporting what another worker exports from now on."""
        for metric in (self._mean, self._share, self._documents, self.firing):
            metric.clear()
