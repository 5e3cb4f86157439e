"""The float32 network of a model's folder, for the torch backend."""

from __future__ import annotations

import json
from pathlib import Path

from models.errors import ModelError
from models.files import file_sha256
from models.serving.manifest import Manifest
from models.taxonomy import TONES, topic_ids
from models.training.network import ToneTopicNetwork, empty_network


def load_network(folder: Path) -> ToneTopicNetwork:
    """Load `network.safetensors` where it is, else the int8 weights of `model.onnx` as float32."""
    file = folder / "network.safetensors"
    if not file.is_file():
        try:
            from models.continual.weights import network_from_onnx
        except ModuleNotFoundError as error:
            raise ModelError(
                f"{folder} has no {file.name}, and reading the weights from model.onnx needs the package "
                f"{error.name}: pip install -e '.[train]'"
            ) from error
        return network_from_onnx(folder)
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        network = empty_network(str(folder))
        network.load_state_dict(load_file(file))
    except (SafetensorError, RuntimeError, OSError, ValueError) as error:
        raise ModelError(
            f"{file} is damaged, or not the network that config.json beside it describes: {error}"
        ) from error
    return network.eval()


def checkpoint_manifest(folder: Path) -> Manifest:
    """Describe a checkpoint as if it were served: without golden sentences, unknown temperatures 1."""
    try:
        training = json.loads((folder / "training.json").read_text(encoding="utf-8"))
        recipe = training["recipe"]
        known = training.get("temperatures") or {}
        return Manifest(
            name=recipe["name"],
            tones=TONES,
            topics=tuple(training.get("topics") or topic_ids()),
            max_length=recipe["max_length"],
            pad_id=0,
            temperature_tone=known.get("tone", 1.0),
            temperature_topic=known.get("topic", 1.0),
            files={name: file_sha256(folder / name) for name in ("network.safetensors", "tokenizer.json")},
            training=training,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder} holds no complete checkpoint: {error!r}") from error
