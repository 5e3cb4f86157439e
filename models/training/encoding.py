"""From texts to token ids, and from token ids to tensors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from models.errors import ModelError


def open_tokenizer(base: str, max_length: int) -> Tokenizer:
    """The tokenizer of a base (folder or hub id), truncating at `max_length` and not padding."""
    folder = Path(base)
    file = folder / "tokenizer.json"
    if folder.is_dir() and not file.is_file():
        raise ModelError(f"{folder} has no tokenizer.json: save the base with its fast tokenizer")
    tokenizer = Tokenizer.from_file(str(file)) if folder.is_dir() else Tokenizer.from_pretrained(base)
    tokenizer.enable_truncation(max_length)
    tokenizer.no_padding()
    return tokenizer


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
