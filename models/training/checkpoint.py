"""A trained network in a folder: `config.json`, `network.safetensors`, `tokenizer.json`, `training.json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from models.errors import ModelError
from models.training.network import WEIGHTS, ToneTopicNetwork, empty_network


def save_checkpoint(
    folder: Path, network: ToneTopicNetwork, tokenizer: Tokenizer, training: dict[str, Any]
) -> None:
    """Write the network, its tokenizer and what is known about its training.

    The weights come last and appear whole: a folder with weights is a checkpoint.
    """
    folder.mkdir(parents=True, exist_ok=True)
    network.encoder.config.save_pretrained(folder)  # type: ignore[operator,union-attr]
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "training.json").write_text(
        json.dumps(training, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    state = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    save_file(state, folder / f"{WEIGHTS}.partial")
    (folder / f"{WEIGHTS}.partial").replace(folder / WEIGHTS)


def load_checkpoint(folder: Path) -> tuple[ToneTopicNetwork, Tokenizer, dict[str, Any]]:
    """Read what `save_checkpoint` wrote; the network comes back in eval mode.

    Raises ModelError when the folder holds no checkpoint or a damaged one.
    """
    if not (folder / WEIGHTS).is_file():
        raise ModelError(f"{folder} holds no trained network: run tocsin train RECIPE --out {folder}")
    try:
        network = empty_network(str(folder))
        network.load_state_dict(load_file(folder / WEIGHTS))
        training = json.loads((folder / "training.json").read_text(encoding="utf-8"))
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except ModelError:
        raise
    except (SafetensorError, OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(_damaged(folder, error)) from error
    except Exception as error:
        # The tokenizers library raises bare exceptions.
        if type(error) is not Exception:
            raise
        raise ModelError(_damaged(folder, error)) from error
    return network.eval(), tokenizer, training


def _damaged(folder: Path, error: Exception) -> str:
    lines = str(error).splitlines() or [type(error).__name__]
    return f"the checkpoint in {folder} is damaged ({' '.join(lines[:2])}): train or copy it anew"
