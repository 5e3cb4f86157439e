"""From a served model back to a network that can be trained on: no base encoder, no checkpoint needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn
from transformers import BertConfig, BertModel

from models.continual.graph import Array, Graph, attribute, module_of
from models.errors import ModelError
from models.scores import to_scores
from models.serving.manifest import Manifest, read_manifest
from models.training.checkpoint import save_checkpoint
from models.training.loop import logits
from models.training.network import ToneTopicNetwork

_SAME = 0.8
"""Share of golden sentences that the network must answer as the served model does."""


def network_from_onnx(folder: Path) -> ToneTopicNetwork:
    """Rebuild the float32 network of a served model from the weights in its `model.onnx`, in eval mode.

    Weights that are stored as 8-bit integers come back as those integers times their scales. Raises
    ModelError when the graph is not that of a BERT, or the network does not answer the golden sentences as
    the model did.
    """
    manifest = read_manifest(folder)
    graph = Graph(folder / "model.onnx")
    config = _config(graph, manifest.pad_id, folder)
    encoder = BertModel(config, add_pooling_layer=False)  # type: ignore[no-untyped-call]
    network = ToneTopicNetwork(cast(nn.Module, encoder), config.hidden_size, 0.0, len(manifest.topics))
    state = {}
    for name, tensor in network.state_dict().items():
        value = _parameter(graph, name)
        if value is None and name.endswith("token_type_embeddings.weight"):
            value = np.zeros(tuple(tensor.shape), np.float32)  # added to the positions by an optimiser
        if value is None or tuple(value.shape) != tuple(tensor.shape):
            found = "nothing" if value is None else f"a tensor of {tuple(value.shape)}"
            raise ModelError(
                f"{folder / 'model.onnx'}: the graph has {found} for {name}, {tuple(tensor.shape)}: "
                "train on from the checkpoint it was exported from"
            )
        state[name] = torch.from_numpy(np.array(value, dtype=np.float32))
    network.load_state_dict(state)
    network.eval()
    _check(network, manifest, folder)
    return network


def checkpoint_from_served(served: Path, out: Path) -> None:
    """Write the checkpoint of a served model to `out`, to train on from."""
    network = network_from_onnx(served)
    manifest = read_manifest(served)
    tokenizer = Tokenizer.from_file(str(served / "tokenizer.json"))
    training: dict[str, Any] = {**manifest.training, "topics": list(manifest.topics)}
    save_checkpoint(out, network, tokenizer, training)


def _config(graph: Graph, pad_id: int, folder: Path) -> BertConfig:
    words = graph.table("encoder.embeddings.word_embeddings")
    positions = graph.table("encoder.embeddings.position_embeddings")
    inner = graph.product("encoder.encoder.layer.0.intermediate.dense")
    if words is None or positions is None or inner is None or _counts_positions(graph):
        raise ModelError(
            f"{folder / 'model.onnx'} is not the graph of a BERT: "
            "train on from the checkpoint it was exported from"
        )
    types = graph.table("encoder.embeddings.token_type_embeddings")
    prefix = "encoder.encoder.layer."
    layers = {name[len(prefix) :].split(".")[0] for name in graph.modules() if name.startswith(prefix)}
    width = words.shape[1]
    epsilon = next(
        (attribute(node, "epsilon", 1e-12) for node in graph.nodes if node.op_type == "LayerNormalization"),
        1e-12,
    )
    relu = any(
        node.op_type == "Relu" and module_of(node).startswith(f"{prefix}0.intermediate")
        for node in graph.nodes
    )
    return BertConfig(
        vocab_size=words.shape[0],
        hidden_size=width,
        num_hidden_layers=len(layers),
        num_attention_heads=width // _head_width(graph, width, folder),
        intermediate_size=inner[0].shape[1],
        hidden_act="relu" if relu else "gelu",
        max_position_embeddings=positions.shape[0],
        type_vocab_size=2 if types is None else types.shape[0],
        layer_norm_eps=float(epsilon),
        pad_token_id=pad_id,
    )


def _head_width(graph: Graph, width: int, folder: Path) -> int:
    """Width of one attention head: told by an attention node, or by how the scores are scaled."""
    for node in graph.nodes:
        heads = attribute(node, "num_heads", 0) or attribute(node, "q_num_heads", 0)
        if heads:
            return width // int(heads)
    for node in graph.of("encoder.encoder.layer.0.attention.self"):
        if node.op_type not in ("Mul", "Div", "Concat"):
            continue
        for name in node.input:
            value = graph.constant(name)
            if value is None or value.size != 1:
                continue
            one = abs(float(value.reshape(-1)[0]))
            head = {"Mul": one**-2 if one else 0, "Div": one**2, "Concat": one}[node.op_type]
            if 1 < round(head) <= width and abs(head - round(head)) < 1e-3 and not width % round(head):
                return round(head)
    raise ModelError(
        f"{folder / 'model.onnx'} does not tell how many attention heads it has: "
        "train on from the checkpoint it was exported from"
    )


def _counts_positions(graph: Graph) -> bool:
    """Whether positions follow from the padding, as in RoBERTa, whose embeddings have other offsets."""
    return any(node.op_type == "CumSum" for node in graph.nodes)


def _parameter(graph: Graph, name: str) -> Array | None:
    module, _, kind = name.rpartition(".")
    if module.endswith("_embeddings"):
        return graph.table(module)
    plain = graph.constant(name)
    product = graph.product(module)
    if product is None:
        return plain
    weight, bias = product
    return weight.T if kind == "weight" else (bias if plain is None else plain)


def _check(network: ToneTopicNetwork, manifest: Manifest, folder: Path) -> None:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(manifest.max_length)
    tokenizer.no_padding()
    texts = [golden.text for golden in manifest.golden]
    ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(texts)]
    tone, topic = logits(network, ids, manifest.pad_id)
    said = to_scores(
        tone.numpy(),
        topic.numpy(),
        temperature_tone=manifest.temperature_tone,
        temperature_topic=manifest.temperature_topic,
    )
    same = [
        int(said.tone[i]) == int(np.argmax(golden.tones))
        and manifest.topics[int(said.topic[i])] == golden.topic
        for i, golden in enumerate(manifest.golden)
    ]
    if sum(same) < _SAME * len(same):
        raise ModelError(
            f"the network rebuilt from {folder / 'model.onnx'} answers {sum(same)} of {len(same)} golden "
            "sentences as the model did: train on from the checkpoint it was exported from"
        )
