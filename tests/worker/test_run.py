"""What a worker says when something it needs is away, and with which status it ends."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline.config import environment
from pipeline.settings import Settings
from tests.servers import free_port

NOBODY = "127.0.0.1:1"


def run_worker(folder: Path, changes: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    settings = Settings(state_dir=folder, http={"port": 0}, store={"url": f"sqlite:///{folder}/tocsin.db"})
    return subprocess.run(
        [sys.executable, "-m", "tests.worker.keyword_worker"],
        env=environment(settings, os.environ) | {"TOCSIN_BROKER__CONNECT_TIMEOUT": "1"} | dict(changes),
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"TOCSIN_BROKER__SERVERS": NOBODY}, (NOBODY, "broker.servers", "tried for 1 s")),
        (
            {"TOCSIN_STORE__URL": f"postgresql+psycopg://tocsin:s3cret@{NOBODY}/tocsin"},
            (NOBODY, "store.url", "tried for 1 s"),
        ),
        (
            {"TOCSIN_DELIVERY__ALERTMANAGER_URL": f"http://{NOBODY}"},
            (NOBODY, "delivery.alertmanager_url", "tried for 1 s"),
        ),
    ],
    ids=["broker", "store", "alertmanager"],
)
def test_what_is_away_is_named_with_address_and_setting(
    kafka: str, run_name: str, tmp_path: Path, changes: dict[str, str], words: tuple[str, ...]
) -> None:
    ended = run_worker(
        tmp_path, {"TOCSIN_BROKER__SERVERS": kafka, "TOCSIN_TOPICS__PREFIX": run_name} | changes
    )
    assert ended.returncode != 0
    last = ended.stderr.strip().splitlines()[-1]
    assert all(word in last for word in words), ended.stderr
    assert "s3cret" not in ended.stderr


def test_a_taken_port_is_named(kafka: str, run_name: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as taken:
        port = str(taken.getsockname()[1])
        ended = run_worker(
            tmp_path,
            {"TOCSIN_BROKER__SERVERS": kafka, "TOCSIN_TOPICS__PREFIX": run_name, "TOCSIN_HTTP__PORT": port},
        )
    assert ended.returncode != 0
    assert f"127.0.0.1:{port}" in ended.stderr and "http.port" in ended.stderr


def test_a_mis_sized_topic_is_an_error_that_says_so(kafka: str, run_name: str, tmp_path: Path) -> None:
    base = {"TOCSIN_BROKER__SERVERS": kafka, "TOCSIN_TOPICS__PREFIX": run_name}
    away = {"TOCSIN_DELIVERY__ALERTMANAGER_URL": f"http://{NOBODY}"}
    run_worker(tmp_path, base | away)  # makes the topics before it finds Alertmanager away
    ended = run_worker(tmp_path, base | {"TOCSIN_TOPICS__PARTITIONS": "7"})
    assert ended.returncode != 0
    assert f"{run_name}.documents has 4 partitions, not 7" in ended.stderr
