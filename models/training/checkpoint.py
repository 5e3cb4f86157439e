"""A trained network in a folder: `config.json`, `network.safetensors`, `tokenizer.json`, `training.json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from models.errors import ModelError
from models.training.network import ToneTopicNetwork, empty_network


def save_checkpoint(
    folder: Path, network: ToneTopicNetwork, tokenizer: Tokenizer, training: dict[str, Any]
) -> None:
    """Write the network, its tokenizer and what is known about its training."""
    folder.mkdir(parents=True, exist_ok=True)
    network.encoder.config.save_pretrained(folder)  # type: ignore[operator,union-attr]
    state = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    save_file(state, folder / "network.safetensors")
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "training.json").write_text(json.dumps(training, indent=2) + "\n", encoding="utf-8")


def load_checkpoint(folder: Path) -> tuple[ToneTopicNetwork, Tokenizer, dict[str, Any]]:
    """Read what `save_checkpoint` wrote; the network comes back in eval mode."""
    if not (folder / "network.safetensors").is_file():
        raise ModelError(
            f"{folder} holds no trained network: run python -m models.training.command RECIPE --out {folder}"
        )
    network = empty_network(str(folder))
    network.load_state_dict(load_file(folder / "network.safetensors"))
    training = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    return network.eval(), Tokenizer.from_file(str(folder / "tokenizer.json")), training
