"""Train with the rounding that the served model will do, so that it loses nothing by it.

Inputs of the encoder layers' linear products are rounded to uint8 with one static range a product, and the
gradient passes straight through (Jacob et al. 2018). Values beyond a range are clipped and get no gradient.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

SAMPLE = 1 << 15
"""Values at most that a percentile is taken of."""


def encoder_products(encoder: nn.Module) -> dict[str, nn.Module]:
    """The linear products of the encoder's layers, by their names within the encoder.

    A product with a low-rank addition is one product.
    """
    layers = {name: module for name, module in encoder.named_modules() if ".layer." in f".{name}"}
    extended = tuple(f"{name}." for name, module in layers.items() if hasattr(module, "base_layer"))
    return {
        name: module
        for name, module in layers.items()
        if (isinstance(module, nn.Linear) or hasattr(module, "base_layer")) and not name.startswith(extended)
    }


def ends_feed_forward(name: str) -> bool:
    """Whether the product ends a feed-forward part; its input, after GELU, has outliers."""
    return name.endswith("output.dense") and "attention" not in name


class QuantisationNoise:
    """Hooks that observe, and from `active` on also round, the inputs of an encoder's products."""

    def __init__(self, encoder: nn.Module, *, percentile: float = 0.9999, momentum: float = 0.99) -> None:
        self.percentile = percentile
        self.momentum = momentum
        self.active = False
        self.ranges: dict[str, Tensor] = {}
        """Product → its input's (lowest, highest), float32."""
        self._last: tuple[Tensor, Tensor] | None = None
        self._hooks = [
            module.register_forward_pre_hook(self._hook(name))
            for name, module in encoder_products(encoder).items()
        ]

    def _hook(self, name: str) -> Any:
        def hook(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            value, *rest = inputs
            if module.training:
                self._observe(name, value.detach())
            if not self.active or name not in self.ranges:
                return inputs
            # Query, key and value read one tensor: it is rounded once. Their ranges are the same, too.
            if self._last is None or self._last[0] is not value:
                self._last = (value, fake_quantise(value, self.ranges[name]))
            return (self._last[1], *rest)

        return hook

    @torch.no_grad()
    def _observe(self, name: str, value: Tensor) -> None:
        if ends_feed_forward(name) and self.percentile < 1:
            flat = value.flatten()
            sample = flat[:: -(-len(flat) // SAMPLE)].float()
            above = max(1, round((1 - self.percentile) * len(sample)))
            seen = torch.stack([value.min().float(), sample.topk(above).values[-1]])
        else:
            seen = torch.stack(torch.aminmax(value)).float()
        # Zero must be one of the steps: padding and dropout make many of it.
        seen = torch.stack([seen[0].clamp(max=0), seen[1].clamp(min=0)])
        known = self.ranges.get(name)
        self.ranges[name] = seen if known is None else torch.lerp(seen, known, self.momentum)

    def forget(self) -> None:
        """Let go of the last rounded tensor, at the end of a step."""
        self._last = None

    def remove(self) -> None:
        """Take the hooks off; the ranges stay."""
        self.forget()
        for hook in self._hooks:
            hook.remove()

    def as_json(self) -> dict[str, list[float]]:
        """Product → [lowest, highest], for `training.json`."""
        return {name: [float(low), float(high)] for name, (low, high) in self.ranges.items()}


def fake_quantise(value: Tensor, limits: Tensor) -> Tensor:
    """Round to 256 even steps between lowest and highest limit; gradients pass where nothing is clipped."""
    scale = ((limits[1] - limits[0]) / 255).clamp(min=1e-8)
    zero_point = torch.round(-limits[0] / scale)
    rounded: Tensor = _Round.apply(value, scale, zero_point)  # type: ignore[no-untyped-call]
    return rounded


class _Round(torch.autograd.Function):
    """As `torch.fake_quantize_per_tensor_affine`, which takes five times as long on a processor."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, scale: Tensor, zero_point: Tensor) -> Tensor:
        steps = (value.float() / scale).round_().add_(zero_point)
        ctx.save_for_backward((steps >= 0) & (steps <= 255))
        return steps.clamp_(0, 255).sub_(zero_point).mul_(scale).to(value.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (inside,) = ctx.saved_tensors
        return gradient * inside, None, None


def ranges_from(saved: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Ranges as they were saved."""
    return {name: limits.clone() for name, limits in saved.items()}
