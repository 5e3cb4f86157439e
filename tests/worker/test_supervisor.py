"""A supervisor with two real workers: what dies is started again, and all stop together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.config import environment
from pipeline.settings import BrokerSettings, HttpSettings, Settings, StoreSettings, TopicSettings
from tests.worker.eventually import eventually
from tests.worker.ports import ports_in_a_row

_COMMAND = (sys.executable, "-m", "tests.worker.keyword_worker", "--workers")


@pytest.fixture
def settings(kafka_settings: BrokerSettings, run_name: str, tmp_path: Path) -> Settings:
    return Settings(
        run=run_name,
        state_dir=tmp_path,
        broker=kafka_settings,
        topics=TopicSettings(partitions=2),
        store=StoreSettings(url=f"sqlite:///{tmp_path / 'tocsin.db'}"),
        http=HttpSettings(port=ports_in_a_row(3)),
    )


@pytest.fixture
def supervisor(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([*_COMMAND, "2"], env=environment(settings, os.environ)) as process:
        yield process
        process.terminate()


def get(settings: Settings, path: str) -> Any:
    try:
        answer = httpx.get(f"http://127.0.0.1:{settings.http.port}{path}", timeout=10, trust_env=False)
    except httpx.HTTPError:
        return {}
    return answer.json() if path != "/metrics" else answer.text


def is_ready(settings: Settings) -> bool:
    return get(settings, "/readyz").get("ok") is True


def test_a_killed_worker_is_started_again_and_all_stop_on_sigterm(
    settings: Settings, supervisor: subprocess.Popen[bytes]
) -> None:
    eventually(lambda: is_ready(settings))
    first, second = get(settings, "/workers")
    os.kill(first["pid"], signal.SIGKILL)
    eventually(lambda: get(settings, "/workers")[0]["pid"] not in (first["pid"], None))
    assert get(settings, "/workers")[1]["pid"] == second["pid"]
    eventually(lambda: is_ready(settings))
    metrics = get(settings, "/metrics")
    assert 'tocsin_worker_restarts_total{worker="1"} 1.0' in metrics
    assert 'tocsin_worker_up{worker="2"} 1.0' in metrics
    assert 'tocsin_worker_info{model="keywords@1"' in metrics

    pids = [each["pid"] for each in get(settings, "/workers")]
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(60) == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_workers_stop_when_their_supervisor_was_killed(
    settings: Settings, supervisor: subprocess.Popen[bytes]
) -> None:
    eventually(lambda: is_ready(settings))
    pids = [each["pid"] for each in get(settings, "/workers")]
    supervisor.kill()
    eventually(lambda: not any(_runs(pid) for pid in pids))


def test_wrong_settings_end_the_supervisor_with_their_status(settings: Settings) -> None:
    wrong = environment(settings, os.environ) | {"TOCSIN_STORE__URL": "mysql://nowhere"}
    ended = subprocess.run([*_COMMAND, "1"], env=wrong, capture_output=True, text=True, timeout=60)
    assert ended.returncode != 0
    assert "store.url" in ended.stderr and "cannot run with these settings" in ended.stderr


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
