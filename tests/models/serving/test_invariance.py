"""A text's scores are the same alone, among short and among long ones, in any order and under any budget."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.scores import Scores
from models.serving.classifier import Classifier
from models.training.checkpoint import load_checkpoint
from tests.headlines import headlines

MANY = 10_000
ALONE = 300
LONG = "The committee noted that growth had slowed while prices kept rising. " * 20


def rows(scores: Scores) -> list[tuple[int, ...]]:
    return np.column_stack([scores.topic, scores.p_topic, scores.tones]).tolist()


def check(load: Callable[[int | None], Classifier]) -> None:
    """Compare 10,000 texts together, shuffled, by length and under another budget, and some of them alone."""
    texts = headlines(MANY)
    classifier = load(None)
    together = rows(classifier.classify(texts))
    order = random.Random(1).sample(range(MANY), MANY)
    other = rows(load(200).classify([texts[i] for i in order]))
    assert other == [together[i] for i in order]
    chosen = order[:ALONE]
    assert [rows(classifier.classify([texts[i]]))[0] for i in chosen] == [together[i] for i in chosen]
    by_length = sorted(chosen, key=lambda i: len(texts[i]))
    assert rows(classifier.classify([texts[i] for i in by_length])) == [together[i] for i in by_length]
    among_long = rows(classifier.classify([part for i in chosen for part in (LONG, texts[i])]))
    assert among_long[1::2] == [together[i] for i in chosen]
    among_short = rows(classifier.classify([part for i in chosen for part in ("Up", texts[i])]))
    assert among_short[1::2] == [together[i] for i in chosen]


def test_of_the_preset_on_onnx_runtime() -> None:
    check(lambda budget: Classifier.load("en", backend="onnx", batch_tokens=budget, cache=0))


def test_of_a_small_graph_on_onnx_runtime(tiny_served: Path) -> None:
    check(lambda budget: Classifier.load(tiny_served, backend="onnx", batch_tokens=budget, cache=0))


def test_on_pytorch_in_float32(tiny_served: Path) -> None:
    once = Classifier.load(tiny_served, backend="torch", device="cpu", cache=0)
    check(lambda budget: once)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_to_the_last_bit(tiny_checkpoint: Path, dtype: str) -> None:
    from models.serving.torch_backend import TorchBackend

    draw = np.random.default_rng(4)
    ids = [draw.integers(4, 90, draw.integers(2, 32)).tolist() for _ in range(400)]
    backend = TorchBackend(load_checkpoint(tiny_checkpoint)[0], 32, dtype=dtype)  # type: ignore[arg-type]
    together = backend.logits(ids, pooled=True)
    backwards = backend.logits(ids[::-1], pooled=True)
    for one, other in zip(together, backwards, strict=True):
        assert one is not None
        assert other is not None
        assert np.array_equal(one, other[::-1])
    for i in range(0, 400, 20):
        for one, other in zip(together, backend.logits([ids[i]], pooled=True), strict=True):
            assert one is not None
            assert other is not None
            assert np.array_equal(one[i], other[0])
