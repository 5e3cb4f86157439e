"""Fixtures that every test folder shares."""

from tests.kafka import kafka, kafka_broker, run_name

__all__ = ["kafka", "kafka_broker", "run_name"]
