"""Fixtures that every test folder shares."""

import logging

from tests.kafka import kafka, kafka_broker, run_name

__all__ = ["kafka", "kafka_broker", "run_name"]

# Its clients report every broker that a test has stopped, a hundred lines a failure.
logging.getLogger("kafka").setLevel(logging.CRITICAL)
