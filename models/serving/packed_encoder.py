"""A BERT encoder with its heads over packed texts: products run over all tokens, attention within a text."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from inspect import signature
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.errors import ModelError
from models.training.network import ToneTopicNetwork

MODEL_TYPES = ("bert", "roberta", "xlm-roberta")
_ACTIVATIONS = ("gelu", "gelu_new", "gelu_pytorch_tanh", "relu")


class Packed(NamedTuple):
    """A pack on the device."""

    ids: Tensor
    """(tokens,) int32."""
    positions: Tensor
    """(tokens,) int32, each token's place in its text; 0 where no text is."""
    starts: Tensor
    """(texts + 1,) int32, where each text begins; places without a text begin and end where the last ends."""


class _Layer(nn.Module):
    """The parameters of one encoder layer; query, key and value as one product."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        parts = [getattr(layer.attention.self, name) for name in ("query", "key", "value")]
        self.mixed = nn.Linear(parts[0].in_features, 3 * parts[0].out_features)
        self.mixed.weight = nn.Parameter(torch.cat([part.weight for part in parts]).detach().clone())
        self.mixed.bias = nn.Parameter(torch.cat([part.bias for part in parts]).detach().clone())
        self.out, self.out_norm = layer.attention.output.dense, layer.attention.output.LayerNorm
        self.inner = layer.intermediate.dense
        self.outer, self.outer_norm = layer.output.dense, layer.output.LayerNorm


class PackedEncoder(nn.Module):
    """A `ToneTopicNetwork`'s arithmetic without padding: a `Packed` → tone, topic and pooled, float32.

    It takes the network's parameters over: use the network no more. Raises ModelError for encoders that are
    built otherwise than BERT.
    """

    def __init__(self, network: ToneTopicNetwork, longest: int) -> None:
        super().__init__()
        encoder: Any = network.encoder
        config = encoder.config
        activation = getattr(config, "hidden_act", "another activation")
        if config.model_type not in MODEL_TYPES or activation not in _ACTIVATIONS:
            raise ModelError(
                f"the torch backend cannot run a {config.model_type} with {activation}: it runs "
                f"{', '.join(MODEL_TYPES)} with {', '.join(_ACTIVATIONS)}. Serve the model with ONNX Runtime"
            )
        self.longest = longest
        """Tokens of the longest text that may come."""
        self._heads: int = config.num_attention_heads
        self._activation: str = activation
        offset = 0 if config.model_type == "bert" else config.pad_token_id + 1
        tables = encoder.embeddings
        self.words = tables.word_embeddings.weight
        # Every text is of the first type: its vector becomes part of the positions'.
        places = tables.position_embeddings.weight[offset:] + tables.token_type_embeddings.weight[:1]
        self.places = nn.Parameter(places.detach().clone())
        self.norm = tables.LayerNorm
        self.layers = nn.ModuleList(_Layer(layer) for layer in encoder.encoder.layer)
        # The heads are tiny and stay float32.
        self.tone, self.topic = network.tone, network.topic
        self._add_norm: Callable[..., Tensor] = add_norm
        self._fused = False

    def to_dtype(self, dtype: torch.dtype) -> PackedEncoder:
        """Keep the encoder in `dtype`; the heads stay float32."""
        for part in (self.norm, self.layers):
            part.to(dtype)
        self.words = nn.Parameter(self.words.detach().to(dtype))
        self.places = nn.Parameter(self.places.detach().to(dtype))
        return self

    def fuse(self) -> PackedEncoder:
        """Take kernels that do several steps at once: less memory is moved. Needs Triton, hence CUDA."""
        self._add_norm = torch.compile(add_norm, dynamic=False)
        self._fused = self._activation != "relu"
        return self

    def unfuse(self) -> None:
        """Take PyTorch's own kernels again."""
        self._add_norm, self._fused = add_norm, False

    def forward(self, pack: Packed) -> tuple[Tensor, Tensor, Tensor]:
        """Tone (texts, 3), topic (texts, topics), pooled (texts, width); rows without a text mean nothing."""
        words = functional.embedding(pack.ids, self.words)
        places = functional.embedding(pack.positions, self.places)
        hidden = self._normed(words, places, self.norm)
        within = Within.of(pack, self.longest, hidden)
        for layer in self.layers:
            hidden = self._layer(layer, hidden, within)
        counts = pack.starts.diff().clamp(min=1).unsqueeze(1)
        sums = torch.segment_reduce(
            hidden.float(), "sum", offsets=pack.starts.long(), axis=0, unsafe=True, initial=0
        )
        pooled = sums / counts
        return self.tone(pooled), self.topic(pooled), pooled

    def _layer(self, layer: Any, hidden: Tensor, within: Within) -> Tensor:
        query, key, value = layer.mixed(hidden).view(len(hidden), 3, self._heads, -1).unbind(1)
        mixed = within.attention(query, key, value).reshape(len(hidden), -1)
        hidden = self._normed(hidden, layer.out(mixed), layer.out_norm)
        return self._normed(hidden, layer.outer(self._inner(layer.inner, hidden)), layer.outer_norm)

    def _inner(self, linear: nn.Linear, hidden: Tensor) -> Tensor:
        if self._fused:
            return product_with_gelu(linear, hidden)
        if self._activation == "relu":
            return functional.relu(linear(hidden))
        return functional.gelu(linear(hidden), approximate="none" if self._activation == "gelu" else "tanh")

    def _normed(self, one: Tensor, other: Tensor, norm: Any) -> Tensor:
        return self._add_norm(one, other, norm.weight, norm.bias, norm.eps)


def add_norm(one: Tensor, other: Tensor, weight: Tensor, bias: Tensor, epsilon: float) -> Tensor:
    """Layer norm of a sum."""
    return functional.layer_norm(one + other, weight.shape, weight, bias, epsilon)


def product_with_gelu(linear: nn.Linear, hidden: Tensor) -> Tensor:
    """GELU (by tanh on CUDA) of a linear layer, inside the product's kernel where the device can do that."""
    made: Tensor = torch._addmm_activation(linear.bias, hidden, linear.weight.t(), use_gelu=True)
    return made


class Within:
    """Attention of every token to the tokens of its own text."""

    def __init__(self, starts: Tensor, longest: int, places: Tensor | None, mask: Tensor | None) -> None:
        self._starts = starts
        self._longest = longest
        self._places = places
        self._mask = mask

    @classmethod
    def of(cls, pack: Packed, longest: int, hidden: Tensor) -> Within:
        """By the variable-length kernel where PyTorch has it for these tensors, else by padding within."""
        if hidden.is_cuda and hidden.dtype in (torch.bfloat16, torch.float16) and _variable_length():
            return cls(pack.starts, longest, None, None)
        starts, lengths = pack.starts[:-1, None].long(), pack.starts.diff()[:, None]
        steps = torch.arange(longest, device=hidden.device)[None]
        # Every text is padded to the longest there may be, so that its sums do not depend on its neighbours.
        return cls(
            pack.starts,
            longest,
            (starts + steps).clamp(max=len(hidden) - 1),
            (steps < lengths)[:, None, None, :],
        )

    def attention(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """(tokens, heads, head width) each → the same; rows that belong to no text hold anything."""
        if self._places is None or self._mask is None:
            variable_length: Any = _variable_length()
            mixed: Tensor = variable_length(
                query, key, value, self._starts, self._starts, self._longest, self._longest
            )
            return mixed
        query_, key_, value_ = (part[self._places].transpose(1, 2) for part in (query, key, value))
        # A place without a text would attend to nothing, which is not a number: let it attend to everything.
        mask = self._mask | ~self._mask.any(dim=-1, keepdim=True)
        mixed = functional.scaled_dot_product_attention(query_, key_, value_, attn_mask=mask)
        texts = torch.bucketize(
            torch.arange(len(query), device=query.device), self._starts[1:].long(), right=True
        ).clamp(max=len(self._places) - 1)
        steps = (torch.arange(len(query), device=query.device) - self._starts[texts]).clamp(
            0, self._longest - 1
        )
        back: Tensor = mixed.transpose(1, 2)[texts, steps.long()]
        return back


@cache
def _variable_length() -> Any:
    """PyTorch's attention over packed texts (from 2.10 on), for CUDA; None where there is none."""
    try:
        from torch.nn.attention.varlen import varlen_attn
    except ImportError:
        return None
    # One split where it can be said: several would add up in an order that depends on the other texts.
    return (
        partial(varlen_attn, num_splits=1)
        if "num_splits" in signature(varlen_attn).parameters
        else varlen_attn
    )
