"""PyTorch's backend on the CPU; on a GPU the same code runs in bfloat16."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import torch

from models.errors import ModelError
from models.serving.packed_encoder import product_with_gelu
from models.serving.tokens import TokenRows
from models.serving.torch_backend import TorchBackend
from models.training.selection import logits
from tests.networks import network_of

LONGEST = 30


def texts(count: int) -> list[list[int]]:
    draw = np.random.default_rng(1)
    return [draw.integers(5, 60, draw.integers(1, LONGEST + 1)).tolist() for _ in range(count)]


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("bert", {}),
        ("bert", {"hidden_act": "relu"}),
        ("bert", {"hidden_act": "gelu_new"}),
        ("roberta", {}),
    ],
)
def test_float32_is_the_network_s_own_arithmetic(kind: str, changes: dict[str, Any]) -> None:
    network = network_of(kind, **changes)
    ids = texts(150)
    tone, topic = logits(network, ids, network.pad_id)
    with torch.inference_mode():
        states = [network.encoder(input_ids=torch.tensor([row])).last_hidden_state.mean(1) for row in ids]
    found = TorchBackend(network, LONGEST).logits(ids, pooled=True)
    assert found.pooled is not None
    assert np.abs(found.tone - tone.numpy()).max() < 1e-5
    assert np.abs(found.topic - topic.numpy()).max() < 1e-5
    assert np.abs(found.pooled - torch.cat(states).numpy()).max() < 1e-5


def test_bfloat16_is_close_to_it() -> None:
    ids = texts(100)
    exact = TorchBackend(network_of("bert"), LONGEST).logits(ids)
    backend = TorchBackend(network_of("bert"), LONGEST, dtype="bfloat16")
    assert backend.arithmetic == "bfloat16 on cpu"
    rough = backend.logits(ids)
    assert rough.tone.dtype == np.float32
    assert np.abs(rough.tone - exact.tone).max() < 0.02


def test_a_text_s_result_is_the_same_to_the_bit_wherever_it_stands() -> None:
    backend = TorchBackend(network_of("bert"), LONGEST)
    ids = texts(60)
    together = backend.logits(ids)
    backwards = backend.logits(ids[::-1])
    assert np.array_equal(together.tone, backwards.tone[::-1])
    for row in range(0, 60, 7):
        alone = backend.logits([ids[row]])
        assert np.array_equal(alone.tone[0], together.tone[row])
        assert np.array_equal(alone.topic[0], together.topic[row])


def test_what_training_allows_of_precision_does_not_reach_the_reference() -> None:
    ids = texts(20)
    expected = TorchBackend(network_of("bert"), LONGEST).logits(ids)
    torch.set_float32_matmul_precision("medium")
    try:
        found = TorchBackend(network_of("bert"), LONGEST).logits(ids)
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision("highest")
    assert np.array_equal(found.tone, expected.tone)


def test_threads_take_turns() -> None:
    backend = TorchBackend(network_of("bert"), LONGEST)
    ids = texts(40)
    expected = backend.logits(ids)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda start: backend.logits(ids[start::4]), range(4)))
    for start, answer in enumerate(answers):
        assert np.array_equal(answer.tone, expected.tone[start::4])


def test_rows_and_lists_are_one() -> None:
    backend = TorchBackend(network_of("bert"), LONGEST)
    backend.chunk = 7
    ids = texts(40)
    lists, rows = backend.logits(ids, pooled=True), backend.logits(TokenRows.of(ids), pooled=True)
    for one, other in zip(lists, rows, strict=True):
        assert one is not None
        assert other is not None
        assert np.array_equal(one, other)


def test_no_texts_have_no_rows() -> None:
    found = TorchBackend(network_of("bert"), LONGEST).logits([])
    assert found.tone.shape == (0, 3)
    assert found.topic.shape == (0, 5)


def test_what_it_cannot_run_is_refused_with_a_way_out() -> None:
    with pytest.raises(ModelError, match=r"cannot run a distilbert .* Serve the model with ONNX Runtime"):
        TorchBackend(network_of("distilbert"), LONGEST)
    odd = deepcopy(network_of("bert"))
    odd.encoder.config.hidden_act = "silu"  # type: ignore[union-attr]
    with pytest.raises(ModelError, match="with silu"):
        TorchBackend(odd, LONGEST)


@pytest.mark.parametrize(
    ("device", "said"),
    [
        ("gpu", "there is no device 'gpu': cpu, cuda or cuda:N"),
        ("meta", "runs on cpu or cuda, not on 'meta'"),
    ],
)
def test_a_device_that_is_none_is_refused(device: str, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        TorchBackend(network_of("bert"), LONGEST, device=device)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_it_says_what_to_do() -> None:
    with pytest.raises(ModelError, match="PyTorch sees no CUDA device"):
        TorchBackend(network_of("bert"), LONGEST, device="cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
def test_on_a_gpu_bfloat16_is_close_and_the_same_in_any_company() -> None:
    ids = texts(2000)
    exact = TorchBackend(network_of("bert"), LONGEST).logits(ids)
    backend = TorchBackend(network_of("bert"), LONGEST, device="cuda", tokens=4096)
    together = backend.logits(ids)
    assert np.abs(together.tone - exact.tone).max() < 0.02
    assert np.array_equal(backend.logits(ids[::-1]).tone[::-1], together.tone)
    assert np.array_equal(backend.logits([ids[7]]).topic[0], together.topic[7])


def test_the_fused_product_is_gelu_of_the_linear_layer() -> None:
    linear, hidden = torch.nn.Linear(32, 64), torch.randn(7, 32)
    expected = torch.nn.functional.gelu(linear(hidden))
    assert (product_with_gelu(linear, hidden) - expected).abs().max().item() < 2e-3
