"""The compose file and the Kubernetes manifests, held against the tree as far as that goes without a run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.grafana.provisioning import PASSWORD_VARIABLE, Addresses
from pipeline.settings import load_settings

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
KUBERNETES = [
    each
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    for each in yaml.safe_load_all(path.read_text())
]


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each for each in KUBERNETES if each["kind"] == kind}


def test_every_port_is_on_loopback_alone() -> None:
    for name, service in COMPOSE["services"].items():
        for port in service.get("ports", ()):
            assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port), f"{name}: {port}"


def test_no_file_holds_a_secret() -> None:
    for name, service in COMPOSE["services"].items():
        for variable, value in service.get("environment", {}).items():
            if "PASSWORD" in variable:
                assert re.fullmatch(r"\$\{TOCSIN_\w+:\?[^}]+\}", value), f"{name}: {variable}"
    assert not of_kind("Secret")
    for deployment in of_kind("Deployment").values():
        for container in deployment["spec"]["template"]["spec"]["containers"]:
            for variable in container["env"]:
                assert "PASSWORD" not in variable["name"] or "secretKeyRef" in variable["valueFrom"]


@pytest.mark.parametrize(
    "environment",
    [COMPOSE["services"]["worker"]["environment"], of_kind("ConfigMap")["tocsin"]["data"]],
    ids=["compose", "kubernetes"],
)
def test_the_worker_understands_its_settings(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.http.host == "0.0.0.0"
    assert settings.store.url.startswith("postgresql+psycopg://tocsin@")
    assert settings.delivery.alertmanager_url.endswith(":9093")
    assert not settings.broker.servers.startswith("127.")


def test_what_compose_mounts_is_in_the_tree() -> None:
    for name, service in COMPOSE["services"].items():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or (DEPLOY / source).exists(), f"{name}: {source}"
    build = COMPOSE["services"]["worker"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).exists()
    for line in (DEPLOY / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY"):
            for source in line.split()[1:-1]:
                assert (DEPLOY.parent / source).exists(), line


def test_prometheus_scrapes_the_worker_and_has_its_rules() -> None:
    told = yaml.safe_load((DEPLOY / "compose" / "prometheus.yml").read_text())
    mounted = [volume.split(":")[1] for volume in COMPOSE["services"]["prometheus"]["volumes"]]
    assert set(told["rule_files"]) <= set(mounted)
    targets = {
        target
        for job in told["scrape_configs"]
        for static in job["static_configs"]
        for target in static["targets"]
    }
    assert "worker:9464" in targets
    # The rules and the dashboards ask for this job.
    assert told["scrape_configs"][0]["job_name"] == "tocsin"


def test_grafana_finds_the_others_by_the_addresses_it_is_given() -> None:
    addresses = Addresses()
    for address in (addresses.postgres, addresses.prometheus, addresses.alertmanager):
        host, port = address.removeprefix("http://").split(":")
        ports = COMPOSE["services"][host].get("ports", ["127.0.0.1:5432:5432"])
        assert any(published.endswith(f":{port}") for published in ports), address
    assert PASSWORD_VARIABLE in COMPOSE["services"]["grafana"]["environment"]


def test_kubernetes_services_find_their_pods() -> None:
    labels = [each["spec"]["template"]["metadata"]["labels"] for each in of_kind("Deployment").values()]
    for kind in ("Service", "PodDisruptionBudget"):
        for name, each in of_kind(kind).items():
            selector = each["spec"]["selector"]
            wanted = selector.get("matchLabels", selector)
            assert any(wanted.items() <= told.items() for told in labels), name
    for name, each in of_kind("Deployment").items():
        pod = each["spec"]["template"]["spec"]
        volumes = {volume["name"] for volume in pod["volumes"]}
        assert pod["securityContext"]["runAsNonRoot"] is True
        for container in pod["containers"]:
            assert {mount["name"] for mount in container["volumeMounts"]} == volumes, name
            assert not container["securityContext"]["allowPrivilegeEscalation"]
