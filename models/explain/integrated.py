"""Integrated gradients over the word embeddings (Sundararajan et al. 2017), by captum."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import torch
from captum.attr import LayerIntegratedGradients  # type: ignore[import-untyped]
from tokenizers import Tokenizer
from torch import Tensor, nn

from models.explain.explanation import HeadExplanation, probability
from models.explain.words import Span, join_tokens, sum_by_word

TOLERANCE: Final = 0.01
"""Completeness error that is good enough, as a share of the difference."""
NEGLIGIBLE: Final = 1e-3
"""An error of so many log-odds is good enough whatever the difference: it moves no probability by .0003."""
FIRST_STEPS: Final = 16
MAX_STEPS: Final = 1024
_TOKENS_AT_ONCE: Final = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Differentiable:
    """A model whose gradients can be taken."""

    name: str
    tokenizer: Tokenizer
    """Truncates as the model needs it, and does not pad."""
    labels: Mapping[str, Sequence[str]]
    """By head, its classes in the order of its logits."""
    logits: Mapping[str, Callable[[Tensor, Tensor], Tensor]]
    """By head: token ids and mask, (batch, length) → logits (batch, classes), temperature applied."""
    embeddings: Mapping[str, nn.Module]
    """By head: the module that turns token ids into vectors."""
    pad_id: int


def integrate(
    model: Differentiable, text: str, *, tolerance: float = TOLERANCE, max_steps: int = MAX_STEPS
) -> tuple[list[Span], int, tuple[HeadExplanation, ...]]:
    """Words, how many characters of the text were read, and what each word adds to every head's answer.

    The path runs to the text from the same text with every token but the special ones replaced by the padding
    token's vector, positions kept (of padding, mask and unknown token the first leaves the topic the most
    open). The integral is taken by Gauss-Legendre quadrature, with twice the steps until the completeness
    error is within `tolerance` of the difference or `max_steps` would be passed.
    """
    encoding = model.tokenizer.encode(text)
    tokens = [Span(*offsets) for offsets in encoding.offsets]
    special = [bool(flag) for flag in encoding.special_tokens_mask]
    read = max((token.end for token, skip in zip(tokens, special, strict=True) if not skip), default=0)
    words, owners = join_tokens(
        text, [Span(0, 0) if skip else t for t, skip in zip(tokens, special, strict=True)]
    )
    owners = [-1 if skip else owner for owner, skip in zip(owners, special, strict=True)]
    words = [word for word in words if word.start < read]
    ids = torch.tensor([encoding.ids])
    silent = torch.where(torch.tensor([special]), ids, model.pad_id)
    with _exact_products():
        heads = tuple(
            _explain(model, head, ids, silent, owners, len(words), tolerance, max_steps)
            for head in model.labels
        )
    return words, read, heads


def _explain(
    model: Differentiable,
    head: str,
    ids: Tensor,
    silent: Tensor,
    owners: Sequence[int],
    words: int,
    tolerance: float,
    max_steps: int,
) -> HeadExplanation:
    logits, embedding = model.logits[head], model.embeddings[head]
    with torch.no_grad():
        mask = torch.ones_like(ids)
        answer = logits(ids, mask)[0]
        label = int(answer.argmax())
        odds = float(_log_odds(answer[None], label))
        # Positions must follow from the text itself, so the vectors are put in, not the ids.
        with _output_replaced(embedding, embedding(silent)):
            silent_odds = float(_log_odds(logits(ids, mask), label))
    difference = odds - silent_odds

    def target(tokens: Tensor) -> Tensor:
        return _log_odds(logits(tokens, torch.ones_like(tokens)), label)

    method = LayerIntegratedGradients(target, embedding)
    enough = max(tolerance * abs(difference), NEGLIGIBLE)
    steps = FIRST_STEPS
    while True:
        parts = method.attribute(
            ids,
            baselines=silent,
            n_steps=steps,
            method="gausslegendre",
            internal_batch_size=max(1, _TOKENS_AT_ONCE // ids.shape[1]),
        )
        values = parts.sum(-1)[0].tolist()
        if abs(difference - sum(values)) <= enough or 2 * steps > max_steps:
            break
        steps *= 2
    return HeadExplanation(
        head=head,
        label=model.labels[head][label],
        probability=probability(odds),
        baseline_probability=probability(silent_odds),
        difference=difference,
        attributions=sum_by_word(values, owners, words),
        steps=steps,
    )


def _log_odds(logits: Tensor, label: int) -> Tensor:
    others = torch.cat([logits[:, :label], logits[:, label + 1 :]], dim=1)
    return logits[:, label] - others.logsumexp(dim=1)


@contextmanager
def _output_replaced(module: nn.Module, output: Tensor) -> Iterator[None]:
    handle = module.register_forward_hook(lambda *_: output)
    try:
        yield
    finally:
        handle.remove()


@contextmanager
def _exact_products() -> Iterator[None]:
    """Products in full float32: in bfloat16, which training allows, the integral would not converge."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
