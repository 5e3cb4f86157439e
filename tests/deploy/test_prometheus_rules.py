"""Prometheus' own tools on what deploy/ gives to Prometheus and Alertmanager."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = DEPLOY / "prometheus" / "tocsin.rules.yml"


def checked(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "path", sorted((DEPLOY / "prometheus" / "tests").glob("*.yml")), ids=lambda p: p.name
)
def test_rules_ring_when_they_should_and_not_before(path: Path) -> None:
    assert "SUCCESS" in checked("promtool", "test", "rules", str(path))


def test_rules_are_rules() -> None:
    assert "rules found" in checked("promtool", "check", "rules", str(RULES))


def test_the_example_of_a_prometheus_loads_them() -> None:
    assert "1 rule files found" in checked(
        "promtool", "check", "config", str(DEPLOY / "prometheus" / "prometheus.yml")
    )


def test_every_rule_is_tested() -> None:
    tests = "".join(path.read_text() for path in (DEPLOY / "prometheus" / "tests").glob("*.yml"))
    rules = re.findall(r"- alert: (\w+)", RULES.read_text())
    assert [rule for rule in rules if f"alertname: {rule}" not in tests] == []


def test_rules_name_metrics_that_a_worker_has() -> None:
    from prometheus_client import generate_latest

    from pipeline.worker.metrics import Metrics

    exported = set(re.findall(r"^# TYPE (\w+)", generate_latest(Metrics().registry).decode(), re.M))
    named = set(re.findall(r"\btocsin_\w+", "\n".join(re.findall(r"expr: (.*)", RULES.read_text()))))
    assert {
        name for name in named if name not in exported and name.removesuffix("_total") not in exported
    } == set()


def test_the_example_of_an_alertmanager_is_one() -> None:
    assert "SUCCESS" in checked("amtool", "check-config", str(DEPLOY / "alertmanager" / "alertmanager.yml"))


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ({"alertname": "TocsinNegativeSurge", "run": "live", "severity": "watch"}, "desk"),
        ({"alertname": "TocsinNegativeSurge", "run": "live", "severity": "critical"}, "pager,desk"),
        ({"alertname": "TocsinNegativeSurge", "run": "lehman", "severity": "critical"}, "nobody"),
        ({"alertname": "TocsinFeedSilence", "run": "live", "severity": "warning"}, "desk"),
        ({"alertname": "TocsinDeadMan", "run": "live", "kind": "dead_man", "severity": "none"}, "watchdog"),
        ({"alertname": "TocsinPrometheusDeadMan", "kind": "dead_man", "severity": "none"}, "watchdog"),
        ({"alertname": "TocsinLagging", "severity": "warning"}, "operations"),
    ],
)
def test_alerts_go_where_the_example_says(labels: dict[str, str], receivers: str) -> None:
    config = f"--config.file={DEPLOY / 'alertmanager' / 'alertmanager.yml'}"
    pairs = [f"{name}={value}" for name, value in labels.items()]
    assert checked("amtool", "config", "routes", "test", config, *pairs).splitlines()[0] == receivers
