from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModel

from models.training.quantisation_noise import QuantisationNoise, ends_feed_forward, fake_quantise


@given(st.floats(-8, 0), st.floats(0.1, 8))
def test_values_within_the_limits_move_by_half_a_step_at_most(low: float, high: float) -> None:
    values = torch.linspace(low, high, 1001)
    rounded = fake_quantise(values, torch.tensor([low, high]))
    step = (high - low) / 255
    assert (rounded - values).abs().max() <= step * 1.01, "half a step, and half a step for the zero point"
    assert len(rounded.unique()) <= 256
    assert fake_quantise(torch.zeros(1), torch.tensor([low, high])).item() == 0


def test_the_gradient_passes_where_nothing_is_clipped() -> None:
    values = torch.tensor([-3.0, 0.4, 0.9, 3.0], requires_grad=True)
    fake_quantise(values, torch.tensor([-1.0, 1.0])).sum().backward()
    assert values.grad is not None
    assert values.grad.tolist() == [0.0, 1.0, 1.0, 0.0]


@given(st.integers(0, 2**31))
def test_it_rounds_as_torch_does(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    values = 4 * torch.randn(100, generator=generator)
    limits = torch.tensor([-1.0, 3.0])
    scale = torch.tensor(4 / 255)
    zero_point = torch.round(1 / scale).to(torch.int32)
    theirs = torch.fake_quantize_per_tensor_affine(values, scale, zero_point, 0, 255)
    apart = (fake_quantise(values, limits) - theirs).abs()
    assert apart.max() <= scale * 1.01, "ties may fall to either side"
    assert (apart > 1e-5).sum() <= 1


@pytest.fixture
def encoder(tiny_base: Path) -> torch.nn.Module:
    return AutoModel.from_pretrained(tiny_base, add_pooling_layer=False).train()


def test_it_only_observes_until_it_is_active(encoder: torch.nn.Module) -> None:
    ids = torch.tensor([[2, 5, 6, 3]])
    encoder.eval()
    plain = encoder(ids).last_hidden_state
    noise = QuantisationNoise(encoder, percentile=0.99)
    assert torch.equal(encoder(ids).last_hidden_state, plain)
    assert noise.ranges == {}, "eval mode observes nothing"
    encoder.train()
    encoder(ids)
    ranges = noise.as_json()
    encoder.eval()
    noise.active = True
    rounded = encoder(ids).last_hidden_state
    assert 0 < (rounded - plain).abs().max() < 0.3
    assert noise.as_json() == ranges
    noise.remove()
    assert torch.equal(encoder(ids).last_hidden_state, plain)


def test_query_key_and_value_share_one_range_and_outliers_are_clipped(encoder: torch.nn.Module) -> None:
    noise = QuantisationNoise(encoder, percentile=0.9, momentum=0.5)
    for _ in range(3):
        encoder(torch.randint(4, 40, (4, 16)))
    of = noise.as_json()
    attention = "encoder.layer.0.attention.self"
    assert of[f"{attention}.query"] == of[f"{attention}.key"] == of[f"{attention}.value"]
    wide = QuantisationNoise(encoder, percentile=1.0)
    encoder(torch.randint(4, 40, (4, 16)))
    ends = [name for name in of if ends_feed_forward(name)]
    assert len(ends) == 2
    assert all(of[name][1] < wide.as_json()[name][1] for name in ends)


def test_gradients_reach_the_parts_below(encoder: torch.nn.Module) -> None:
    noise = QuantisationNoise(encoder)
    encoder(torch.tensor([[2, 5, 6, 3]]))
    noise.active = True
    encoder(torch.tensor([[2, 5, 6, 3]])).last_hidden_state.square().sum().backward()
    assert all(
        p.grad is not None and p.grad.abs().sum() > 0
        for n, p in encoder.named_parameters()
        if "query.weight" in n
    )
