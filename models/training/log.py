"""Curves of a training for TensorBoard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from models.training.resume import EpochReport

STEPS = 10
"""Steps between two points of a curve."""


class Log:
    """Loss, learning rate and development scores by step; does nothing where TensorBoard is not installed."""

    def __init__(self, folder: Path | None, done: int = 0) -> None:
        self._writer: Any = None
        if folder is None:
            return
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            return
        # What a killed run wrote after its last saved state is written again.
        self._writer = SummaryWriter(str(folder), purge_step=done or None)

    def step(self, done: int, loss: float, learning_rate: float) -> None:
        """Take down a step."""
        if self._writer and done % STEPS == 0:
            self._writer.add_scalar("train/loss", loss, done)
            self._writer.add_scalar("train/learning_rate", learning_rate, done)

    def epoch(self, done: int, report: EpochReport) -> None:
        """Take down an epoch that ended after `done` steps."""
        if not self._writer:
            return
        self._writer.add_scalar("dev/macro_f1", report.macro_f1, done)
        for name, score in report.dev.items():
            self._writer.add_scalar(f"dev_macro_f1/{name}", score.macro_f1, done)
            self._writer.add_scalar(f"dev_accuracy/{name}", score.accuracy, done)
        self._writer.flush()

    def close(self) -> None:
        """Write what is left."""
        if self._writer:
            self._writer.close()
