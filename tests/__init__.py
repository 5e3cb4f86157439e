"""Tests; a package so that `tests.kafka` never shadows the `kafka` client."""
