"""From texts to token ids, and from token ids to tensors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

from models.errors import ModelError

_VOCABULARIES = ("vocab.txt", "vocab.json", "*.model")


def open_tokenizer(base: str, max_length: int) -> Tokenizer:
    """The tokenizer of a base (its folder), truncating at `max_length` and not padding."""
    file = Path(base) / "tokenizer.json"
    tokenizer = Tokenizer.from_file(str(file)) if file.is_file() else _converted(base)
    tokenizer.enable_truncation(max_length)
    tokenizer.no_padding()
    return tokenizer


def _converted(base: str) -> Tokenizer:
    """The fast tokenizer that transformers makes of a base with a bare vocabulary."""
    # Of no vocabulary at all transformers makes a tokenizer that knows five tokens.
    if not any(file for name in _VOCABULARIES for file in Path(base).glob(name)):
        raise ModelError(f"{base} has no tokenizer.json: save the base with its fast tokenizer")
    from transformers import AutoTokenizer

    try:
        slow: Any = AutoTokenizer.from_pretrained(base, use_fast=True)
        return Tokenizer.from_str(slow.backend_tokenizer.to_str())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError) as error:
        raise ModelError(
            f"{base} has no tokenizer.json, and none can be made of what it has "
            f"({str(error).splitlines()[0]}): save the base with its fast tokenizer"
        ) from error


def encode(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """Token ids of every text."""
    return [encoding.ids for encoding in tokenizer.encode_batch_fast(list(texts))]


def pad(ids: Sequence[Sequence[int]], pad_id: int, length: int | None = None) -> tuple[Tensor, Tensor]:
    """Pad token ids to `length`, else to the longest; returns ids and mask, both (batch, length)."""
    length = length or max(map(len, ids))
    padded = torch.full((len(ids), length), pad_id)
    mask = torch.zeros((len(ids), length), dtype=torch.long)
    for row, tokens in enumerate(ids):
        padded[row, : len(tokens)] = torch.tensor(tokens)
        mask[row, : len(tokens)] = 1
    return padded, mask
