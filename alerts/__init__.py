"""Rolling sentiment in; spikes, alert lifecycle and delivery out."""

from alerts.events import AlertEvent, Count, Evidence, Observation, Parts
from alerts.keys import OVERALL
from alerts.monitor import SurgeMonitor
from alerts.series import ValueDetector
from alerts.settings import DeliverySettings, DetectorSettings, SeriesSettings
from alerts.spike import SpikeDetector

__all__ = [
    "OVERALL",
    "AlertEvent",
    "Count",
    "DeliverySettings",
    "DetectorSettings",
    "Evidence",
    "Observation",
    "Parts",
    "SeriesSettings",
    "SpikeDetector",
    "SurgeMonitor",
    "ValueDetector",
]
