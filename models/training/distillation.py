"""What larger or better networks say of the rows, to learn from beside the labels (Hinton et al. 2015)."""

from __future__ import annotations

import csv
import gzip
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TextIO

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import log_softmax

from models.data import data_folder
from models.errors import ModelError
from models.files import file_sha256
from models.text import model_input, text_key
from models.training.checkpoint import load_checkpoint
from models.training.encoding import encode
from models.training.precision import mixed_precision
from models.training.selection import logits

Pair = tuple[Tensor, Tensor]


def find_texts(source: str) -> Path:
    """The CSV of `PATH` or `PATH:COLUMN`, in the working folder or else under the data folder."""
    path = Path(source.partition(":")[0])
    if path.is_file():
        return path
    file = data_folder() / path
    if not file.is_file():
        raise ModelError(f"there is no file of texts {path}, neither here nor in {data_folder()}")
    return file


def read_texts(source: str) -> Iterator[str]:
    """The texts of a CSV (also .gz), `PATH` or `PATH:COLUMN`; the column is `text` where none is named."""
    file, column = find_texts(source), source.partition(":")[2] or "text"
    with _open(file) as lines:
        rows = csv.DictReader(lines)
        if column not in (rows.fieldnames or ()):
            raise ModelError(f"{file} has no column {column!r}, only {', '.join(rows.fieldnames or ())}")
        for row in rows:
            yield model_input(row[column] or "")


def _open(file: Path) -> TextIO:
    if file.suffix == ".gz":
        return gzip.open(file, "rt", encoding="utf-8", newline="")
    return file.open(encoding="utf-8", newline="")


def unlabelled_texts(texts: Iterable[str], *, known: Iterable[str], rows: int, seed: int) -> list[str]:
    """A seeded sample of at most `rows` texts (0: all), each once, none whose `text_key` is among the known.

    The known keys are those of labelled, development and test rows: no test text may be trained on.
    """
    seen = set(known)
    fresh = []
    for text in texts:
        key = text_key(text)
        if key and key not in seen:
            seen.add(key)
            fresh.append(text)
    if rows and rows < len(fresh):
        fresh = random.Random(f"{seed}/distil").sample(fresh, rows)  # noqa: S311 (no secret)
    return fresh


def fingerprint(teachers: Sequence[Path], texts: Sequence[str]) -> str:
    """Hash over the teachers' weights and the texts: equal ones give equal answers."""
    digest = sha256()
    for teacher in teachers:
        digest.update(file_sha256(teacher / "network.safetensors").encode())
    for text in texts:
        digest.update(sha256(text.encode()).digest())
    return digest.hexdigest()


def teach(
    teachers: Sequence[Path],
    texts: Sequence[str],
    topics: Sequence[str],
    *,
    cache: Path | None = None,
    device: torch.device | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Pair:
    """Mean log-probabilities of the teachers, (n, tones) and (n, topics), in the texts' order.

    Every teacher reads the texts with its own tokenizer. The answers are kept in the file `cache` and read
    from there when teachers and texts are still the same. `progress` hears (texts answered, answers in all).
    """
    stamp = fingerprint(teachers, texts)
    if cache is not None and (known := _read(cache, stamp)) is not None:
        return known
    sums: list[Tensor] = []
    done = 0
    for folder in teachers:
        network, tokenizer, training = load_checkpoint(folder)
        theirs = tuple(training.get("topics", topics))
        if theirs != tuple(topics):
            raise ModelError(f"teachers: {folder} tells other topics than the ones to be trained")
        if device is not None:
            network.to(device)
        tokenizer.enable_truncation(training.get("recipe", {}).get("max_length", 96))
        ids = encode(tokenizer, texts)
        # In portions, so that a person sees how far it is; short texts run beside short ones.
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        heads = [torch.empty(len(ids), 3), torch.empty(len(ids), len(topics))]
        for start in range(0, len(order), 4096):
            rows = order[start : start + 4096]
            with mixed_precision(network.tone.weight.device):
                answers = logits(network, [ids[i] for i in rows], network.pad_id, budget=8192)
            for head, answer in zip(heads, answers, strict=True):
                head[rows] = log_softmax(answer, dim=1)
            done += len(rows)
            if progress:
                progress(done, len(order) * len(teachers))
        sums = heads if not sums else [ours + new for ours, new in zip(sums, heads, strict=True)]
    tone, topic = (total / len(teachers) for total in sums)
    if cache is not None:
        cache.parent.mkdir(parents=True, exist_ok=True)
        partial = cache.with_suffix(".partial")
        save_file({"tone": tone, "topic": topic}, partial, metadata={"fingerprint": stamp})
        partial.replace(cache)
    return tone, topic


def _read(cache: Path, wanted: str) -> Pair | None:
    if not cache.is_file():
        return None
    with safe_open(cache, framework="pt") as file:
        if (file.metadata() or {}).get("fingerprint") != wanted:
            return None
        return file.get_tensor("tone"), file.get_tensor("topic")
