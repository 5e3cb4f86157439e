"""The processes that train together: one by default, several under `accelerate launch` or `torchrun`."""

from __future__ import annotations

import torch
from accelerate import Accelerator, PartialState
from accelerate.utils import parse_flag_from_env


def on_cpu() -> bool:
    """Whether to train on the processor: `accelerate launch --cpu` says so, or nothing faster is there."""
    faster = torch.cuda.is_available() or torch.backends.mps.is_available()
    return bool(parse_flag_from_env("ACCELERATE_USE_CPU")) or not faster


def processes() -> PartialState:
    """Which of how many processes this is."""
    return PartialState(cpu=on_cpu())


def accelerator() -> Accelerator:
    """What spreads the work over devices and processes."""
    return Accelerator(cpu=on_cpu())
