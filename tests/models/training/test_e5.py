import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModel

from models.errors import ModelError
from models.training.e5 import PackedEncoder, dequantise, unpack

WIDTH, LAYERS, INNER, WORDS, POSITIONS = 32, 2, 64, 7, 5


@given(st.lists(st.integers(0, 15), min_size=32, max_size=32), st.sampled_from([0.5, 0.125, -2.0]))
def test_low_nibbles_come_first_and_eight_is_zero(nibbles: list[int], scale: float) -> None:
    packed = [low | high << 4 for low, high in zip(nibbles[:16], nibbles[16:], strict=True)]
    block = np.concatenate([np.array([scale], np.float16).view(np.uint8), np.array(packed, np.uint8)])
    assert dequantise(block[None]).tolist() == [[(nibble - 8) * scale for nibble in nibbles]]


def packed_file(path: Path) -> dict[str, np.ndarray]:
    """Write a tiny file of the packed form; returns its matrices as they must come out."""
    rng = np.random.default_rng(5)
    matrices = {"emb.word": (WORDS, WIDTH)}
    vectors = {
        "emb.pos": (POSITIONS, WIDTH),
        "emb.type": (2, WIDTH),
        "emb.ln.w": (WIDTH,),
        "emb.ln.b": (WIDTH,),
    }
    for layer in range(LAYERS):
        for part in ("q", "k", "v", "ao"):
            matrices[f"l{layer}.{part}.w"] = (WIDTH, WIDTH)
            vectors[f"l{layer}.{part}.b"] = (WIDTH,)
        matrices |= {f"l{layer}.fi.w": (INNER, WIDTH), f"l{layer}.fo.w": (WIDTH, INNER)}
        vectors |= {f"l{layer}.fi.b": (INNER,), f"l{layer}.fo.b": (WIDTH,)}
        vectors |= {f"l{layer}.{norm}.{end}": (WIDTH,) for norm in ("aln", "oln") for end in "wb"}
    expected, bodies = {}, []
    for name, shape in matrices.items():
        nibbles = rng.integers(0, 16, shape)
        rows = nibbles.reshape(-1, 32)
        scales = rng.choice([0.25, 0.5], len(rows)).astype(np.float16)
        blocks = (rows[:, :16] | rows[:, 16:] << 4).astype(np.uint8)
        bodies.append((name, 1, np.concatenate([scales[:, None].view(np.uint8), blocks], axis=1).tobytes()))
        expected[name] = ((rows - 8).astype(np.float32) * scales[:, None]).reshape(shape)
    for name, shape in vectors.items():
        expected[name] = rng.standard_normal(shape).astype(np.float32)
        bodies.append((name, 0, expected[name].tobytes()))
    header = b"E5S1" + struct.pack("<8i", 1, WIDTH, LAYERS, 2, INNER, WORDS, POSITIONS, 2)
    header += struct.pack("<fi5iQ", 1e-12, 32, 1, 0, 2, 1, 3, 3) + struct.pack("<2If", 0, 3, 0.0) + b"abc"
    header += struct.pack("<iI", 0, 0) + struct.pack("<i", len(bodies))
    entries = sum(2 + len(name) + 21 for name, _, _ in bodies)
    place = len(header) + entries
    directory = b""
    for name, kind, body in bodies:
        directory += (
            struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", kind, 0, place, len(body))
        )
        place += len(body)
    path.write_bytes(header + directory + b"".join(body for _, _, body in bodies))
    return expected


def test_a_packed_encoder_becomes_a_folder_that_transformers_loads(tmp_path: Path) -> None:
    expected = packed_file(tmp_path / "packed.bin")
    (tmp_path / "own.json").write_text("{}")
    unpack(tmp_path / "packed.bin", tmp_path / "own.json", tmp_path / "out")
    state = AutoModel.from_pretrained(tmp_path / "out", add_pooling_layer=False).state_dict()
    names = {
        "emb.word": "embeddings.word_embeddings.weight",
        "emb.pos": "embeddings.position_embeddings.weight",
        "l1.fo.w": "encoder.layer.1.output.dense.weight",
        "l0.q.b": "encoder.layer.0.attention.self.query.bias",
        "l1.oln.w": "encoder.layer.1.output.LayerNorm.weight",
    }
    for short, name in names.items():
        torch.testing.assert_close(state[name], torch.from_numpy(expected[short]))


@pytest.mark.parametrize("content", [b"", b"E5S1", b"PK\x03\x04" + bytes(200), b"E5S1" + bytes(300)])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other.bin").write_bytes(content)
    with pytest.raises(ModelError, match="no packed encoder"):
        PackedEncoder(tmp_path / "other.bin")
