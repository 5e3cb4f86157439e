"""A broker's process: started under a guard, watched until it answers, stopped without leaving anything."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from pipeline.broker import guard
from pipeline.errors import TocsinError

READY_SECONDS = 60.0
_TAIL_LINES = 15


class BrokerError(TocsinError):
    """The broker's process ended, or never answered; the message holds the end of its log."""


class FolderInUseError(TocsinError):
    """Another broker has the folder."""


class RunningBroker:
    """An embedded broker that answers requests; a context manager that stops it.

    `servers` is what clients connect to (`127.0.0.1:PORT`), `engine` is `kafka` or `tansu`, `durable` says
    whether topics survive a restart in the same folder.
    """

    def __init__(
        self, engine: str, port: int, data: Path, log: Path, process: subprocess.Popen[bytes]
    ) -> None:
        self.engine = engine
        self.servers = f"127.0.0.1:{port}"
        self.port = port
        self.data = data
        self.log = log
        self.durable = engine == "kafka"
        self._process = process

    @property
    def pid(self) -> int:
        """Process id of the guard, whose only child is the broker."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the broker's process still runs."""
        return self._process.poll() is None

    def wait(self) -> int:
        """Block until the broker's process ends; its exit status."""
        return self._process.wait()

    def stop(self) -> None:
        """Stop cleanly and wait for the end; a second call does nothing."""
        stop_process(self._process)

    def kill(self) -> None:
        """End the broker as a crash would: SIGKILL, no chance to flush. For tests of what survives it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        stop_process(self._process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def hold(folder: Path, taken: str = "") -> int:
    """Take the folder for one process: a descriptor whose lock lasts as long as any process has it open.

    Raises:
        FolderInUseError: another one, or one that is still stopping, has it; says `taken`.
    """
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise FolderInUseError(
            taken
            or f"An embedded broker already runs in {folder}. Stop it, or choose another folder with --data."
        ) from error
    return descriptor


def spawn(
    command: Sequence[str],
    log: Path,
    lock: int,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command` under the guard, in the log's folder unless told; output is appended to `log`.

    The guard keeps `lock` open, see `hold`.
    """
    arguments = [sys.executable, "-I", "-S", guard.__file__, str(os.getpid()), *command]
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603
            arguments,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd=cwd or log.parent,
            pass_fds=(lock,),
            env=env,
        )


def stop_process(process: subprocess.Popen[bytes]) -> None:
    """Close the guard's input, which stops the command cleanly, and wait."""
    if process.stdin is not None and not process.stdin.closed:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
    try:
        process.wait(guard.GRACE_SECONDS + 10)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def run_to_end(command: Sequence[str], log: Path, lock: int) -> None:
    """Run a short command under the guard; raises BrokerError when it fails."""
    process = spawn(command, log, lock)
    try:
        status = process.wait(READY_SECONDS)
    except BaseException:
        stop_process(process)
        raise
    stop_process(process)
    if status:
        raise BrokerError(
            f"{Path(command[0]).name} ended with status {status}. The end of {log}:\n{tail(log)}"
        )


def await_ready(broker: RunningBroker, seconds: float = READY_SECONDS) -> None:
    """Return once the broker has answered a metadata request.

    Raises:
        BrokerError: its process ended first, or `seconds` passed.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not broker.alive:
            raise BrokerError(
                f"The embedded broker ({broker.engine}) ended with status {broker.wait()} before it was "
                f"ready. The end of {broker.log}:\n{tail(broker.log)}"
            )
        if _listens(broker.port) and _answers(broker.servers):
            return
        time.sleep(0.02)
    raise BrokerError(
        f"The embedded broker ({broker.engine}) did not answer on {broker.servers} within {seconds:.0f} s. "
        f"The end of {broker.log}:\n{tail(broker.log)}"
    )


def tail(log: Path, lines: int = _TAIL_LINES) -> str:
    """The last lines of a log, indented; empty where there is none."""
    try:
        text = log.read_text("utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:])


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def port_taken(port: int) -> bool:
    """Whether something already listens on, or holds, this loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _listens(port: int) -> bool:
    # Asked first: kafka-python backs off for seconds after a refused connection.
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _answers(servers: str) -> bool:
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError

    logger = logging.getLogger("kafka")
    disabled, logger.disabled = logger.disabled, True
    try:
        admin = KafkaAdminClient(
            bootstrap_servers=servers, bootstrap_timeout_ms=5000, request_timeout_ms=5000
        )
        try:
            admin.list_topics()
        finally:
            admin.close()
    except (KafkaError, OSError):
        return False
    finally:
        logger.disabled = disabled
    return True
