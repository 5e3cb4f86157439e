"""Real servers for tests, each on a free loopback port and in a folder of its own, stopped at the end."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Condition, Thread
from typing import Any

import httpx

READY_SECONDS = 30
_numbers = count()


class MissingServerError(Exception):
    """A program that the tests run is not installed."""


def free_port() -> int:
    """A loopback TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """A child process that answers at `url`; it can be stopped and started again at the same place."""

    command: list[str]
    url: str
    folder: Path
    ready: Callable[[], bool]
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it, and return when it answers."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent,
                **_as_user(self.user),
            )
        deadline = time.monotonic() + READY_SECONDS
        while not self.ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(
                    f"{self.command[0]} did not start:\n{(self.folder / 'log').read_text()[-4000:]}"
                )
            time.sleep(0.02)

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self._end(self.stop_signal)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(how)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def _die_with_parent() -> None:
    """Linux ends the server when the tests are killed and can no longer stop it themselves."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def _as_user(user: str | None) -> dict[str, Any]:
    return {} if user is None else {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise MissingServerError(f"{name} is not installed; `make setup` installs what the tests run")
    return found


def _answers(url: str) -> Callable[[], bool]:
    def ready() -> bool:
        try:
            return httpx.get(url, timeout=2, trust_env=False).is_success
        except httpx.HTTPError:
            return False

    return ready


@contextmanager
def _running(server: Server) -> Iterator[Server]:
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def start_postgres() -> Iterator[Server]:
    """PostgreSQL without passwords; `url` is a SQLAlchemy URL of its database `postgres`.

    It refuses to run as root, so root runs it as the user `postgres`.
    """
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda found: float(found.parent.name))
    if not installed:
        initdb, postgres = _program("initdb"), _program("postgres")
    else:
        initdb, postgres = str(installed[-1] / "initdb"), str(installed[-1] / "postgres")
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="tocsin-postgres-"))
    try:
        if user is not None:
            shutil.chown(folder, user)
        subprocess.run(
            [initdb, "-D", "data", "-U", "tocsin", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            cwd=folder,
            check=True,
            capture_output=True,
            **_as_user(user),
        )
        port = free_port()
        command = [postgres, "-D", "data", "-k", str(folder), "-p", str(port), "-h", "127.0.0.1", "-F"]
        url = f"postgresql+psycopg://tocsin@127.0.0.1:{port}/postgres"
        # SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for clients.
        server = Server(command, url, folder, _accepts_sessions(url), user, signal.SIGINT)
        with _running(server):
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_database(server: Server) -> str:
    """URL of an empty database of a server that `start_postgres` started."""
    from sqlalchemy import create_engine, text

    name = f"test_{next(_numbers)}"
    engine = create_engine(server.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.url.rsplit("/", 1)[0] + f"/{name}"


def _accepts_sessions(url: str) -> Callable[[], bool]:
    import psycopg

    def ready() -> bool:
        try:
            psycopg.connect(url.replace("+psycopg", ""), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    return ready


@contextmanager
def start_alertmanager(config: str) -> Iterator[Server]:
    """Alertmanager with `config` (YAML); `url` is its base URL. Its notification log outlives a `stop`."""
    folder = Path(tempfile.mkdtemp(prefix="tocsin-alertmanager-"))
    try:
        (folder / "alertmanager.yml").write_text(config)
        address = f"127.0.0.1:{free_port()}"
        command = [
            _program("prometheus-alertmanager"),
            "--config.file=alertmanager.yml",
            "--storage.path=data",
            f"--web.listen-address={address}",
            "--cluster.listen-address=",
        ]
        url = f"http://{address}"
        with _running(Server(command, url, folder, _answers(f"{url}/-/ready"))) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def alertmanager_config(webhook_url: str) -> str:
    """A configuration that notifies `webhook_url` at once, of firing and of resolved alerts."""
    return json.dumps(
        {
            "route": {
                "receiver": "test",
                "group_by": ["alertname", "run", "key"],
                "group_wait": "0s",
                "group_interval": "100ms",
                "repeat_interval": "1h",
            },
            "receivers": [{"name": "test", "webhook_configs": [{"url": webhook_url, "send_resolved": True}]}],
        }
    )


@contextmanager
def start_prometheus(config: str) -> Iterator[Server]:
    """Prometheus with `config` (YAML; relative paths are relative to its folder); `url` is its base URL."""
    folder = Path(tempfile.mkdtemp(prefix="tocsin-prometheus-"))
    try:
        (folder / "prometheus.yml").write_text(config)
        address = f"127.0.0.1:{free_port()}"
        command = [
            _program("prometheus"),
            "--config.file=prometheus.yml",
            "--storage.tsdb.path=data",
            f"--web.listen-address={address}",
        ]
        url = f"http://{address}"
        with _running(Server(command, url, folder, _answers(f"{url}/-/ready"))) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Post:
    """One request a `WebhookReceiver` got."""

    path: str
    headers: dict[str, str]
    body: bytes
    status: int
    """What it was answered."""

    def json(self) -> Any:
        """Its body."""
        return json.loads(self.body)


class WebhookReceiver:
    """A real HTTP server on loopback that keeps every POST, and answers as told.

    `answers` holds status codes for the next requests, in order; after them each is answered 200. `bodies`
    holds what is said with them, in order; after them `answer_body`.
    """

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.answers: list[int] = []
        self.bodies: list[bytes] = []
        self.answer_body: bytes | None = None
        self.answer_headers: dict[str, str] = {}
        self._arrived = Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status = receiver._keep(self.path, dict(self.headers), body)
                self.send_response(status)
                for name, value in receiver.answer_headers.items():
                    self.send_header(name, value)
                said = b"" if status < 300 else b"<b>as told</b>\n"
                if receiver.bodies or receiver.answer_body is not None:
                    said = receiver.bodies.pop(0) if receiver.bodies else receiver.answer_body or b""
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, format: str, *values: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def _keep(self, path: str, headers: dict[str, str], body: bytes) -> int:
        with self._arrived:
            status = self.answers.pop(0) if self.answers else 200
            self.posts.append(Post(path, headers, body, status))
            self._arrived.notify_all()
        return status

    def wait_for(self, seen: Callable[[list[Post]], bool], seconds: float = 30) -> list[Post]:
        """Wait until `seen` holds of the posts so far; AssertionError, with the posts, when it never does."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: seen(self.posts), seconds):
                raise AssertionError(f"not seen in {seconds} s; got {[post.body for post in self.posts]}")
            return list(self.posts)

    def __enter__(self) -> WebhookReceiver:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown()
        self._server.server_close()
        self._thread.join()
