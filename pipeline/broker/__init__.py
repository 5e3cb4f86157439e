"""The embedded broker: one on loopback, in a folder of its own, that dies with whoever started it."""

from pipeline.broker.process import RunningBroker
from pipeline.broker.start import Engine, start_broker

__all__ = ["Engine", "RunningBroker", "start_broker"]
