"""All tensors of a learner in one flat dictionary, and back, so that it goes on to the bit."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from models.training.learner import Learner
from models.training.quantisation_noise import ranges_from


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}/{name}": tensor for name, tensor in tensors.items()}


def _of(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    start = f"{prefix}/"
    return {name[len(start) :]: tensor for name, tensor in tensors.items() if name.startswith(start)}


def learner_tensors(learner: Learner) -> dict[str, Tensor]:
    """Weights, optimiser, moving average, ranges and the state of every process's random numbers.

    All processes must call it together.
    """
    tensors = _under("weights", learner.weights())
    for index, state in learner.optimizer.state_dict()["state"].items():
        tensors |= _under(f"optimizer/{index}", state)
    if learner.average:
        tensors |= _under("average", learner.average.average)
        tensors["average_updates"] = torch.tensor(learner.average.updates)
    if learner.noise:
        tensors |= _under("ranges", learner.noise.ranges)
    gather = learner.accelerator.gather
    tensors["random/cpu"] = gather(torch.get_rng_state()[None].to(learner.device))
    if learner.device.type == "cuda":
        tensors["random/cuda"] = gather(torch.cuda.get_rng_state(learner.device)[None].to(learner.device))
    return tensors


def restore_learner(learner: Learner, tensors: Mapping[str, Tensor]) -> None:
    """Put a learner into the state that `learner_tensors` took down."""
    learner.set_weights(_of("weights", tensors))
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in _of("optimizer", tensors).items():
        index, _, part = name.partition("/")
        state.setdefault(int(index), {})[part] = tensor
    groups = learner.optimizer.state_dict()["param_groups"]
    learner.optimizer.load_state_dict({"state": state, "param_groups": groups})
    if learner.average:
        for name, tensor in _of("average", tensors).items():
            learner.average.average[name].copy_(tensor)
        learner.average.updates = int(tensors["average_updates"])
    if learner.noise:
        saved = {name: limits.to(learner.device) for name, limits in _of("ranges", tensors).items()}
        learner.noise.ranges = ranges_from(saved)
    mine = learner.accelerator.process_index
    torch.set_rng_state(tensors["random/cpu"][mine])
    if learner.device.type == "cuda":
        torch.cuda.set_rng_state(tensors["random/cuda"][mine], learner.device)
