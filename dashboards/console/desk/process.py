"""The desk's process: reads an order, then plays and jumps as it is told, and writes how it stands."""

from __future__ import annotations

import math
import queue
import sys
import threading
import time
from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime
from typing import BinaryIO

import msgspec

from dashboards.console.desk.knobs import turned
from dashboards.console.desk.messages import Command, Moment, Order, State
from dashboards.console.desk.player import Player
from dashboards.console.desk.simulation import Simulation
from dashboards.console.desk.source import Heard, hear
from models.errors import ModelError
from pipeline.errors import TocsinError
from pipeline.settings import Settings, load_settings

RUN = "desk"
BATCH = 64
"""Documents heard at once: few enough for the page to move, enough to keep the classifier busy."""
_STEP = 32
"""The same while looking for the next alert."""
_LEARNT = 512
"""The same before the first date, when nobody looks."""
_TELL = 0.2
"""Seconds between two moments that are told while it plays."""

Inbox = queue.Queue[Command | None]


class Desk:
    """Plays one history; `clock` is steady seconds, `tell` is handed every moment worth showing."""

    def __init__(
        self,
        heard: Heard,
        simulation: Simulation,
        tell: Callable[[Moment], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._heard, self._simulation = heard, simulation
        self._tell, self._clock = tell, clock
        self._player = Player(heard.stamps[heard.lead])
        self._jumping = False
        self._told = -math.inf

    def run(self, inbox: Inbox) -> None:
        """Play until there is nobody to listen: a None in the inbox."""
        self._show(force=True)
        while True:
            try:
                command = inbox.get(timeout=self._patience())
            except queue.Empty:
                self._play()
                continue
            if command is None:
                return
            self._obey(command)

    def _patience(self) -> float | None:
        """Seconds to listen for a command before playing on; None for as long as it takes."""
        stamp = self._simulation.next_stamp
        if not self._player.playing or self._simulation.ended:
            return None
        wait = 0.0 if stamp is None else self._player.wait(stamp, self._clock())
        return min(max(wait, 0.0005), _TELL)

    def _obey(self, command: Command) -> None:
        now, player = self._clock(), self._player
        if command.do == "pause":
            player.pause(now, self._reached())
            self._jumping = False
        elif command.do == "play":
            player.play(now)
        elif command.do == "speed":
            player.turn(command.speed or math.inf, now, self._reached())
        elif command.do == "jump" and not self._simulation.ended:
            self._jumping = True
            player.play(now)
        self._show(force=True)

    def _reached(self) -> float:
        """Event time up to which everything was heard."""
        due, stamp = self._player.due(self._clock()), self._simulation.next_stamp
        reached = self._heard.stamps[max(self._simulation.position - 1, 0)]
        if due == math.inf:
            return reached
        return max(reached, due if stamp is None else min(due, stamp))

    def _play(self) -> None:
        simulation = self._simulation
        rang = simulation.rang
        due = math.inf if self._jumping else self._player.due(self._clock())
        until = bisect_right(self._heard.stamps, due, lo=simulation.position)
        batch = _STEP if self._jumping else BATCH
        at_end = until == len(self._heard.stamps) and simulation.position + batch > until
        simulation.advance(until + 1 if at_end else min(until, simulation.position + batch))
        if simulation.ended or (self._jumping and simulation.rang > rang):
            self._jumping = False
            self._player.pause(self._clock(), self._reached())
            self._show(force=True)
        else:
            self._show()

    def _show(self, *, force: bool = False) -> None:
        now = self._clock()
        if not force and now - self._told < _TELL:
            return
        self._told = now
        simulation, heard = self._simulation, self._heard
        state: State = "done" if simulation.ended else "playing" if self._player.playing else "paused"
        speed = self._player.speed
        self._tell(
            Moment(
                state=state,
                at=simulation.at,
                done=simulation.position - heard.lead,
                total=len(heard.stamps) - heard.lead,
                lead=heard.lead,
                speed=None if speed == math.inf else speed,
                lines=simulation.lines(),
                sides=simulation.sides(),
                course=simulation.course(),
            )
        )


def play(order: Order, settings: Settings, inbox: Inbox, tell: Callable[[Moment], None]) -> None:
    """Read what the order names and play it; a problem is told as the last moment."""
    tell(Moment(state="reading"))
    try:
        heard = hear(order, settings, RUN, datetime.now(UTC))
        sides = [turned(settings.detector, side) for side in order.sides]
        simulation = Simulation(heard.stamps, heard.tallies, settings, sides, heard.topics, run=RUN)
        simulation.learn(heard.lead, _LEARNT)
        Desk(heard, simulation, tell).run(inbox)
    except (TocsinError, ModelError, ValueError) as error:
        tell(Moment(state="failed", problem=str(error)))


def main() -> None:
    """Obey the lines of standard input until it ends."""
    lines, out = sys.stdin.buffer, sys.stdout.buffer
    order = msgspec.json.decode(lines.readline(), type=Order)
    inbox: Inbox = queue.Queue()
    threading.Thread(target=_listen, args=(lines, inbox), daemon=True).start()

    def tell(moment: Moment) -> None:
        out.write(msgspec.json.encode(moment) + b"\n")
        out.flush()

    try:
        play(order, load_settings(), inbox, tell)
    except BrokenPipeError:
        sys.exit(0)


def _listen(lines: BinaryIO, inbox: Inbox) -> None:
    for line in lines:
        inbox.put(msgspec.json.decode(line, type=Command))
    inbox.put(None)
