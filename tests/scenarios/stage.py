"""One scenario's worth of processes: its workers under their supervisor, its documents, its observer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from alerts.settings import DeliverySettings, DetectorSettings
from pipeline.config import environment
from pipeline.settings import (
    EventTimeSettings,
    HttpSettings,
    ModelSettings,
    Settings,
    StoreSettings,
    TopicSettings,
    WorkerSettings,
)
from pipeline.topics import create
from tests.kafka import new_run_name
from tests.scenarios.documents import Item, make
from tests.scenarios.ground import Disk, Ground, small_disk
from tests.scenarios.observer import Observer
from tests.scenarios.proxy import every_commit, proxy
from tests.scenarios.publisher import Publisher
from tests.scenarios.scenario import Scenario
from tests.servers import (
    MissingServerError,
    Server,
    WebhookReceiver,
    _die_with_parent,
    alertmanager_config,
    new_database,
    start_alertmanager,
)
from tests.worker.ports import ports_in_a_row

WORKER = ("-m", "tests.scenarios.worker")
_FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
_READY = 240.0


class Fleet:
    """Workers under a supervisor, as `tocsin worker --workers N` runs them."""

    def __init__(self, settings: Settings, workers: int, env: Mapping[str, str], log: Path) -> None:
        self._settings = settings
        self._workers = workers
        self._env = environment(settings, os.environ) | dict(env)
        self._log = log
        self._more: list[subprocess.Popen[bytes]] = []
        self.supervisor: subprocess.Popen[bytes]
        self.peak_mb: dict[int, float] = {}
        """Most memory that each process held, megabytes."""

    def start(self) -> None:
        """Start the supervisor, and with it the workers."""
        self.supervisor = self._spawn([*WORKER, "--workers", str(self._workers)], self._env)

    def add_worker(self) -> subprocess.Popen[bytes]:
        """Start one more worker beside them, as another host would."""
        worker = self._spawn([*WORKER], self._env | {"TOCSIN_HTTP__PORT": "0"})
        self._more.append(worker)
        return worker

    def _spawn(self, arguments: list[str], env: Mapping[str, str]) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *arguments], env=env, stdout=log, stderr=log, preexec_fn=_die_with_parent
            )

    def await_ready(self) -> None:
        """Wait until every worker takes work."""
        deadline = time.monotonic() + _READY
        while self._get("/readyz").get("ok") is not True:
            if self.supervisor.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the workers did not start:\n{self._log.read_text()[-4000:]}")
            time.sleep(0.1)

    def pid(self, number: int) -> int | None:
        """Process id of a worker; None while it is down."""
        for worker in self._get("/workers").get("workers", ()):
            if worker["number"] == number:
                return worker["pid"]
        return None

    def pids(self) -> list[int]:
        """Process ids of all that run."""
        return [each["pid"] for each in self._get("/workers").get("workers", ()) if each["pid"]]

    def note_memory(self) -> None:
        """Look how much memory each worker has held at most."""
        for pid in self.pids():
            try:
                status = Path(f"/proc/{pid}/status").read_text()
            except OSError:
                continue
            held = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
            if held:
                self.peak_mb[pid] = int(held[0]) / 1024

    def stop(self) -> int:
        """Ask the supervisor to end; its exit status."""
        for process in (*self._more, self.supervisor):
            process.terminate()
        try:
            return self.supervisor.wait(60)
        finally:
            for process in (*self._more, self.supervisor):
                process.kill()
                process.wait()

    def _get(self, path: str) -> dict[str, object]:
        http = self._settings.http
        connection = HTTPConnection(http.host, http.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = json.loads(connection.getresponse().read())
        except (OSError, HTTPException, json.JSONDecodeError):
            return {}
        finally:
            connection.close()
        return {"workers": answer} if isinstance(answer, list) else answer


@dataclass
class Stage:
    """Everything a fault may lay hands on."""

    scenario: Scenario
    ground: Ground
    settings: Settings
    """As the workers have them."""
    fleet: Fleet
    publisher: Publisher
    observer: Observer
    items: list[Item]
    store_url: str
    """Past what stands between the workers and the store."""
    log: Path
    time_file: Path
    disk: Disk | None = None
    alertmanager: Server | None = None
    receiver: WebhookReceiver | None = None

    def step_clock(self, seconds: float) -> None:
        """Have the workers' wall clock be off by so much."""
        self.time_file.write_text(f"{seconds:+.0f}\n")


@contextmanager
def staged(scenario: Scenario, ground: Ground, folder: Path) -> Iterator[Stage]:
    """Set the scenario up: topics made, workers ready, nothing published yet."""
    with ExitStack() as stack:
        disk = stack.enter_context(small_disk(folder / "disk")) if scenario.small_disk else None
        store_url, through = _store(scenario, ground, folder, disk, stack)
        receiver = stack.enter_context(WebhookReceiver()) if scenario.alertmanager else None
        alertmanager = (
            stack.enter_context(start_alertmanager(alertmanager_config(receiver.url))) if receiver else None
        )
        name = new_run_name("s")
        update = scenario.settings
        settings = Settings(
            run="live" if scenario.live else name,
            state_dir=folder,
            broker=ground.reach(scenario.via),
            topics=TopicSettings(partitions=scenario.partitions, prefix=name if scenario.live else "tocsin"),
            # Small batches, so that there are many for the faults to hit.
            model=ModelSettings(**({"batch_tokens": 4096} | update.get("model", {}))),
            event_time=EventTimeSettings(
                **{"idle_timeout": scenario.idle_timeout, **update.get("event_time", {})}
            ),
            detector=DetectorSettings(**update.get("detector", {})),
            delivery=DeliverySettings(
                alertmanager_url=alertmanager.url if alertmanager else "",
                dead_man=False,
                resend_interval=0.5,
                minimum_firing=1.0,
                max_backoff=2.0,
            ),
            store=StoreSettings(url=through),
            http=HttpSettings(port=ports_in_a_row(1 + scenario.workers)),
            worker=WorkerSettings(**update.get("worker", {})),
        )
        straight = settings.model_copy(
            update={"broker": ground.reach("direct" if scenario.via == "proxy" else scenario.via)}
        )
        create(straight)
        mines, time_file, log = folder / "mines", folder / "time", folder / "workers.log"
        mines.mkdir()
        for step, times in scenario.mines.items():
            (mines / step).write_text(str(times))
        env = {"MINES": str(mines), "DELAY": str(scenario.delay)}
        time_file.write_text("+0\n")
        if any(fault.do == "clock" for fault in scenario.faults):
            env |= _faked_time(time_file)
        fleet = Fleet(settings, scenario.workers, env, log)
        fleet.start()
        stack.callback(fleet.stop)
        fleet.await_ready()
        items = make(scenario, datetime.now(UTC))
        topic = f"{settings.topics.prefix}.documents" if scenario.live else f"tocsin.{name}.documents"
        publisher = Publisher(straight.broker, topic, items, scenario.rate, scenario.partitions)
        observer = Observer(straight, store_url)
        observer.start()
        stack.callback(observer.stop)
        stack.callback(publisher.stop)
        yield Stage(
            scenario, ground, settings, fleet, publisher, observer, items, store_url, log, time_file, disk,
            alertmanager, receiver,
        )  # fmt: skip


def _store(
    scenario: Scenario, ground: Ground, folder: Path, disk: Disk | None, stack: ExitStack
) -> tuple[str, str]:
    """URLs of the store: straight to it, and through whatever stands before it."""
    if scenario.store == "sqlite":
        url = f"sqlite:///{(disk.folder if disk else folder) / 'tocsin.db'}"
        return url, url
    url = new_database(ground.postgres) if disk is None else _database_on(disk, ground.postgres)
    if not scenario.sabotage:
        return url, url
    port = int(ground.postgres.url.rsplit(":", 1)[1].split("/")[0])
    before = stack.enter_context(proxy(port, judge=every_commit(scenario.sabotage)))
    return url, url.replace(f":{port}/", f":{before.port}/")


def _database_on(disk: Disk, server: Server) -> str:
    """URL of a new database whose tables lie on the small disk."""
    import psycopg

    name = new_run_name("disk").replace("-", "_")
    home = disk.folder / "tablespace"
    home.mkdir()
    if server.user is not None:
        import shutil

        shutil.chown(home, server.user)
    with psycopg.connect(server.url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE TABLESPACE {name} LOCATION '{home}'")
        connection.execute(f"CREATE DATABASE {name} TABLESPACE {name}")
    return server.url.rsplit("/", 1)[0] + f"/{name}"


def _faked_time(file: Path) -> dict[str, str]:
    if not _FAKETIME.exists():
        raise MissingServerError("stepping a clock takes libfaketime (Debian: faketime)")
    return {
        "LD_PRELOAD": str(_FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }
