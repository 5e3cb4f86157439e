"""Fixtures that every test folder shares."""

import logging

from hypothesis import HealthCheck, settings

from tests.kafka import kafka, kafka_broker, kafka_settings, run_name

__all__ = ["kafka", "kafka_broker", "kafka_settings", "run_name"]

# Its clients report every broker that a test has stopped, a hundred lines a failure.
logging.getLogger("kafka").setLevel(logging.CRITICAL)

# Machines are busy: how long an example takes says nothing about the code.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")
