from __future__ import annotations

from dataclasses import dataclass

from pipeline.worker.clock import SteadyClock


@dataclass
class Machine:
    """A machine's two clocks."""

    seconds: float = 100.0
    offset: float = 1_700_000_000.0

    def wall(self) -> float:
        return self.seconds + self.offset

    def monotonic(self) -> float:
        return self.seconds


def passed(clock: SteadyClock, machine: Machine, seconds: int) -> float:
    """Look each second, and tell by how much the clock moved."""
    before = clock.time()
    for _ in range(seconds):
        machine.seconds += 1
        clock.time()
    return clock.time() - before


def test_follows_the_wall_clock_and_its_small_corrections() -> None:
    machine = Machine()
    clock = SteadyClock(machine.wall, machine.monotonic)
    assert passed(clock, machine, 10) == 10
    machine.offset += 2
    assert clock.time() == machine.wall()
    assert clock.now().timestamp() == machine.wall()


def test_a_step_that_is_taken_back_within_a_minute_never_was() -> None:
    for step in (3600.0, -3600.0):
        machine = Machine()
        clock = SteadyClock(machine.wall, machine.monotonic)
        machine.offset += step
        assert passed(clock, machine, 50) == 50
        machine.offset -= step
        assert passed(clock, machine, 200) == 200
        assert clock.time() == machine.wall()


def test_a_step_that_lasts_is_followed() -> None:
    machine = Machine()
    clock = SteadyClock(machine.wall, machine.monotonic)
    clock.time()
    machine.offset += 3600
    passed(clock, machine, 61)
    assert clock.time() == machine.wall()
