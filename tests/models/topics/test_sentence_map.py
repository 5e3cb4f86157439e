from pathlib import Path

import numpy as np
import pytest

from models.errors import ModelError
from models.topics.sentence_map import Floats, fit_map, load_map


def made(rows: int = 400) -> tuple[Floats, Floats]:
    """Sentence vectors, and states in which they stand, small, beside something large."""
    rng = np.random.default_rng(4)
    vectors = rng.normal(size=(rows, 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    trained = 20 * rng.normal(size=(rows, 2)).astype(np.float32)
    mixed = np.hstack([vectors, trained]) @ rng.normal(size=(8, 10)).astype(np.float32)
    return mixed.astype(np.float32) + 3, vectors


def cosine(a: Floats, b: Floats) -> float:
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return float(np.mean((a * b).sum(axis=1) / norms))


def test_what_stands_in_small_directions_is_found_again() -> None:
    states, vectors = made()
    to_sentence = fit_map(states[:300], 7 * vectors[:300], "m@1", ridge=1e-6)
    assert cosine(to_sentence(states[300:]), vectors[300:]) > 0.99
    assert cosine(states[300:, :6], vectors[300:]) < 0.5


def test_a_map_is_kept_for_its_model_alone(tmp_path: Path) -> None:
    states, vectors = made()
    to_sentence = fit_map(states, vectors, "m@1")
    to_sentence.save(tmp_path / "embedding.npz")
    again = load_map(tmp_path / "embedding.npz", "m@1")
    np.testing.assert_allclose(again(states), to_sentence(states), atol=0.05)
    with pytest.raises(ModelError, match="was made for m@1, not for m@2"):
        load_map(tmp_path / "embedding.npz", "m@2")


@pytest.mark.parametrize("content", [b"", b"PK no archive", b"\x93NUMPY\x01\x00v\x00"])
def test_a_damaged_map_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "embedding.npz").write_bytes(content)
    with pytest.raises(ModelError, match="is no sentence map, or a damaged one"):
        load_map(tmp_path / "embedding.npz", "m@1")


def test_an_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "embedding.npz", weights=np.ones(3))
    with pytest.raises(ModelError, match="is no sentence map"):
        load_map(tmp_path / "embedding.npz", "m@1")
    np.savez(tmp_path / "embedding.npz", model=np.array([object()], dtype=object))
    with pytest.raises(ModelError, match="is no sentence map"):
        load_map(tmp_path / "embedding.npz", "m@1")
