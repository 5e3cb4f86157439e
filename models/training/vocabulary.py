"""Leave a base encoder the part of its vocabulary that the texts at hand use.

A multilingual encoder spends most of its weights on words of languages that are not served. Where a token
never wins in the texts that are read, leaving it out changes nothing: a Unigram tokenizer finds the same best
segmentation without it.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Collection, Iterable
from hashlib import sha256
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import AutoModel

from models.errors import ModelError
from models.files import file_sha256
from models.training.base import cached_folder, resolve_base
from models.training.distillation import read_texts

_PORTION = 5_000
_SPECIAL = re.compile(r"\[[A-Z]+\]|</?[a-z]+>")
"""As `[PAD]`, `[CLS]`, `<unk>`, `</s>`, be they marked as special in the tokenizer or not."""


def token_counts(tokenizer: Tokenizer, texts: Iterable[str]) -> Counter[int]:
    """How often every token id comes up in the texts."""
    counts: Counter[int] = Counter()
    texts = iter(texts)
    while portion := list(islice(texts, _PORTION)):
        for encoding in tokenizer.encode_batch_fast(portion):
            counts.update(encoding.ids)
    return counts


def kept_tokens(tokenizer: Tokenizer, counts: Counter[int], min_count: int) -> list[int]:
    """Ids to keep, in ascending order: special tokens, tokens that come up often enough, single characters.

    A character of its own is kept when it comes up at all, alone or inside a token that is dropped, so that
    few texts meet an unknown token.
    """
    pieces = {i: piece for piece, i in tokenizer.get_vocab().items()}
    letters = {letter for i in counts for letter in pieces[i]}
    return [
        i
        for i in sorted(pieces)
        if counts[i] >= min_count or _SPECIAL.fullmatch(pieces[i]) or pieces[i].removeprefix("##") in letters
    ]


def pruned_tokenizer(tokenizer: Tokenizer, kept: Collection[int]) -> Tokenizer:
    """The tokenizer with the kept tokens alone, numbered anew in the order of their old ids."""
    description: dict[str, Any] = json.loads(tokenizer.to_str())
    number = {old: new for new, old in enumerate(sorted(kept))}
    model = description["model"]
    if model["type"] == "Unigram":
        model["vocab"] = [entry for old, entry in enumerate(model["vocab"]) if old in number]
        model["unk_id"] = number[model["unk_id"]]
    elif model["type"] == "WordPiece":
        vocabulary = {piece: number[old] for piece, old in model["vocab"].items() if old in number}
        model["vocab"] = dict(sorted(vocabulary.items(), key=lambda item: item[1]))
    else:
        raise ModelError(
            f"vocabulary: cannot prune a {model['type']} tokenizer, only Unigram and WordPiece ones"
        )
    for added in description["added_tokens"]:
        added["id"] = number[added["id"]]
    processor = description["post_processor"] or {}
    for token in (processor.get("special_tokens") or {}).values():
        token["ids"] = [number[old] for old in token["ids"]]
    for end in ("sep", "cls"):
        if end in processor:
            processor[end][1] = number[processor[end][1]]
    return Tokenizer.from_str(json.dumps(description, ensure_ascii=False))


def prune_base(base: Path, out: Path, kept: Collection[int]) -> None:
    """Write the base in folder `base` to `out` with the kept tokens alone, in the order of their ids."""
    tokenizer = _open(base / "tokenizer.json")
    encoder = AutoModel.from_pretrained(
        base, use_safetensors=True, dtype=torch.float32, add_pooling_layer=False
    )
    words = encoder.get_input_embeddings().weight.detach()
    order = sorted(kept)
    encoder.resize_token_embeddings(len(order))
    encoder.get_input_embeddings().weight.data = words[order].clone()
    if encoder.config.pad_token_id is not None:
        encoder.config.pad_token_id = order.index(encoder.config.pad_token_id)
    out.mkdir(parents=True, exist_ok=True)
    encoder.save_pretrained(out)
    pruned_tokenizer(tokenizer, order).save(str(out / "tokenizer.json"))


def tokens_of(base: Path, tokenizer_file: Path) -> list[int]:
    """Ids that the base gives to the tokens of another, smaller tokenizer of the same kind."""
    ids = _open(base / "tokenizer.json").get_vocab()
    wanted = _open(tokenizer_file).get_vocab()
    unknown = sorted(set(wanted) - set(ids))
    if unknown:
        raise ModelError(
            f"{tokenizer_file} has {len(unknown)} tokens that the base lacks, as {unknown[0]!r}: "
            "it was not made from this base"
        )
    return sorted(ids[piece] for piece in wanted)


def base_with_vocabulary(base: Path, tokenizer_file: Path) -> Path:
    """The base in folder `base` with the tokens of `tokenizer_file` alone, made once and kept."""
    digest = sha256((file_sha256(base / "tokenizer.json") + file_sha256(tokenizer_file)).encode()).hexdigest()
    folder = cached_folder(f"{base.name}-vocabulary-{digest[:12]}")
    if not (folder / "config.json").is_file():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder.parent) as made:
            prune_base(base, Path(made) / "base", tokens_of(base, tokenizer_file))
            (Path(made) / "base").rename(folder)
    return folder


def _open(file: Path) -> Tokenizer:
    if not file.is_file():
        raise ModelError(f"no tokenizer at {file}")
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def main() -> int:
    """Make a tokenizer of the tokens that the texts of CSV files use."""
    parser = argparse.ArgumentParser(prog="python -m models.training.vocabulary", description=__doc__)
    parser.add_argument("base", help="folder, or pip:NAME")
    parser.add_argument("texts", nargs="+", metavar="CSV[:COLUMN]")
    parser.add_argument("--min-count", type=int, default=12, help="keep tokens that come up so often (12)")
    parser.add_argument("--out", type=Path, required=True, help="the tokenizer.json to write")
    arguments = parser.parse_args()
    try:
        tokenizer = _open(Path(resolve_base(arguments.base)) / "tokenizer.json")
        texts = (text for source in arguments.texts for text in read_texts(source))
        kept = kept_tokens(tokenizer, token_counts(tokenizer, texts), arguments.min_count)
        pruned_tokenizer(tokenizer, kept).save(str(arguments.out))
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"kept {len(kept):,} of {tokenizer.get_vocab_size():,} tokens; wrote {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
