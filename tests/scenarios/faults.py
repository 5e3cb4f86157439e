"""What can go wrong, by name; each returns when it has passed, and is played in a thread of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.scenarios.scenario import Fault

if TYPE_CHECKING:
    from tests.scenarios.stage import Stage

Play = Callable[["Stage", Fault], None]


def kill(stage: Stage, fault: Fault) -> None:
    """A worker dies as in a power cut; its supervisor starts another."""
    _signal(stage.fleet.pid(fault.worker), signal.SIGKILL)


def kill_all(stage: Stage, fault: Fault) -> None:
    """Supervisor and workers die together, and are started again."""
    for pid in (stage.fleet.supervisor.pid, *stage.fleet.pids()):
        _signal(pid, signal.SIGKILL)
    time.sleep(fault.seconds)
    stage.fleet.start()


def terminate(stage: Stage, fault: Fault) -> None:
    """A worker is asked to end; its supervisor starts another."""
    _signal(stage.fleet.pid(fault.worker), signal.SIGTERM)


def zombie(stage: Stage, fault: Fault) -> None:
    """A worker stops for longer than its session, comes back, and still believes it has its partitions."""
    pid = stage.fleet.pid(fault.worker)
    _signal(pid, signal.SIGSTOP)
    time.sleep(fault.seconds)
    _signal(pid, signal.SIGCONT)


def join(stage: Stage, fault: Fault) -> None:
    """One more worker joins the group for a while: two rebalances under load."""
    more = stage.fleet.add_worker()
    time.sleep(fault.seconds)
    more.send_signal(signal.SIGTERM)
    more.wait()


def broker_restart(stage: Stage, fault: Fault) -> None:
    """The broker is stopped cleanly and started again after a while."""
    broker = stage.ground.broker
    assert broker is not None
    broker.stop()
    time.sleep(fault.seconds)
    broker.start()


def broker_kill(stage: Stage, fault: Fault) -> None:
    """The broker dies as in a power cut and is started again after a while."""
    broker = stage.ground.broker
    assert broker is not None
    broker.kill()
    time.sleep(fault.seconds)
    broker.start()


def cut(stage: Stage, fault: Fault) -> None:
    """The workers' connections to the broker are dropped, and no new ones come about for a while."""
    assert stage.ground.network is not None
    stage.ground.network.cut()
    time.sleep(fault.seconds)
    stage.ground.network.restore()


def freeze(stage: Stage, fault: Fault) -> None:
    """The network between workers and broker loses every packet for a while, without a word."""
    assert stage.ground.network is not None
    stage.ground.network.freeze()
    time.sleep(fault.seconds)
    stage.ground.network.restore()


def store_down(stage: Stage, fault: Fault) -> None:
    """PostgreSQL is away for a while."""
    stage.ground.postgres.stop()
    time.sleep(fault.seconds)
    stage.ground.postgres.start()


def disk_full(stage: Stage, fault: Fault) -> None:
    """The disk of the store is full for a while."""
    assert stage.disk is not None
    stage.disk.fill()
    time.sleep(fault.seconds)
    stage.disk.empty()


def alertmanager_down(stage: Stage, fault: Fault) -> None:
    """Alertmanager is away for a while."""
    assert stage.alertmanager is not None
    stage.alertmanager.stop()
    time.sleep(fault.seconds)
    stage.alertmanager.start()


def clock(stage: Stage, fault: Fault) -> None:
    """The machine's clock steps, and back again after a while."""
    stage.step_clock(fault.by)
    time.sleep(fault.seconds)
    stage.step_clock(0.0)


def pause(stage: Stage, fault: Fault) -> None:
    """Nothing is published for a while."""
    stage.publisher.pause(fault.seconds)
    time.sleep(fault.seconds)


PLAYS: dict[str, Play] = {
    each.__name__: each
    for each in (
        kill, kill_all, terminate, zombie, join, broker_restart, broker_kill, cut, freeze, store_down,
        disk_full, alertmanager_down, clock, pause,
    )
}  # fmt: skip


def _signal(pid: int | None, number: int) -> None:
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
