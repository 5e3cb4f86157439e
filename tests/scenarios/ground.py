"""What scenarios are played on: Apache Kafka with three ways in, PostgreSQL, and what stands between."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.broker import start_broker
from pipeline.settings import BrokerSettings
from tests.kafka import Broker, Listener
from tests.scenarios.proxy import Proxy, proxy
from tests.scenarios.scenario import Via
from tests.scenarios.secure import Secured, secured
from tests.servers import MissingServerError, Server, free_port, start_postgres

DISK_MB = 96


@dataclass
class Ground:
    """Servers that scenarios share, one after the other. Each is started when it is first needed."""

    folder: Path
    yours: BrokerSettings | None = None
    """A Kafka that is not ours: it can be neither stopped nor cut off."""
    engine: str = "kafka"
    stack: ExitStack = field(default_factory=ExitStack)
    threads: ThreadPoolExecutor = field(default_factory=ThreadPoolExecutor)
    """In which faults are played: what they start would die with a thread that ends (PR_SET_PDEATHSIG)."""
    broker: Broker | None = None
    network: Proxy | None = None
    """Between the workers and the broker, for those that go `via` it."""
    secure: Secured | None = None
    _postgres: Server | None = None
    _servers: str = ""

    def reach(self, via: Via) -> BrokerSettings:
        """Settings that lead to the broker, over one of its ways in."""
        if self.yours is not None:
            return self.yours
        if not self._servers:
            self._start_broker()
        if via == "secure":
            assert self.secure is not None
            return self.secure.settings("SCRAM-SHA-512")
        if via == "proxy":
            assert self.network is not None
            return BrokerSettings(servers=f"127.0.0.1:{self.network.port}")
        return BrokerSettings(servers=self._servers)

    @property
    def postgres(self) -> Server:
        """PostgreSQL."""
        if self._postgres is None:
            self._postgres = self.stack.enter_context(start_postgres())
        return self._postgres

    def _start_broker(self) -> None:
        if self.engine == "tansu":
            (self.folder / "tansu").mkdir()
            running = self.stack.enter_context(start_broker("tansu", self.folder / "tansu"))
            self._servers = running.servers
            return
        home = self.folder / "kafka"
        home.mkdir()
        behind = free_port()
        self.network = self.stack.enter_context(proxy(behind))
        self.secure = secured(self.folder, free_port())
        self.broker = Broker(home, (Listener("PROXIED", behind, self.network.port), self.secure.listener))
        self.stack.callback(self.broker.stop)
        self.broker.start()
        self._servers = self.broker.servers
        self.secure.add_user(self._servers)


@contextmanager
def ground(yours: BrokerSettings | None = None, engine: str = "kafka") -> Iterator[Ground]:
    """Servers to play on, stopped at the end."""
    folder = Path(tempfile.mkdtemp(prefix="tocsin-scenarios-"))
    # PostgreSQL runs as a user of its own, and reaches what lies in here.
    folder.chmod(0o755)
    try:
        with ExitStack() as stack:
            threads = stack.enter_context(ThreadPoolExecutor(32, thread_name_prefix="faults"))
            yield Ground(folder, yours, engine, stack, threads)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Disk:
    """A file system of a few megabytes in memory, that can be filled up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Take all that is left."""
        with self._ballast.open("ab", buffering=0) as file:
            piece = b"\0" * 65_536
            while len(piece) > 512:
                try:
                    while file.write(piece) == len(piece):
                        pass
                except OSError:
                    pass
                piece = piece[: len(piece) // 2]

    def empty(self) -> None:
        """Give it back."""
        self._ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """Mount one at `folder`; needs root."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=0777", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        raise MissingServerError("a small file system cannot be mounted here: that takes root")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)
