"""Replays: a feed of the past through the code that listens to the present."""

from __future__ import annotations

from pipeline.replay.digest import digest
from pipeline.replay.history import History, read_history
from pipeline.replay.offline import replay_offline
from pipeline.replay.outputs import write_outputs
from pipeline.replay.pace import Pace
from pipeline.replay.result import ReplayResult, Summary, latest_alerts, summarise

__all__ = [
    "History",
    "Pace",
    "ReplayResult",
    "Summary",
    "digest",
    "latest_alerts",
    "read_history",
    "replay_offline",
    "summarise",
    "write_outputs",
]
