from collections import Counter
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import AutoModel

from models.errors import ModelError
from models.training.vocabulary import (
    base_with_vocabulary,
    kept_tokens,
    prune_base,
    pruned_tokenizer,
    token_counts,
)

TEXTS = ["profit doubled", "shares plunge", "the meeting is in may"]


def unigram() -> Tokenizer:
    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    pieces += [
        ("▁", -3.0),
        ("▁bank", -4.0),
        ("▁banks", -5.0),
        ("run", -6.0),
        ("银行", -5.0),
        ("银", -8.0),
        ("行", -8.0),
    ]
    pieces += [(letter, -9.0) for letter in "abdefknrsu"]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return tokenizer


def pruned(tokenizer: Tokenizer, texts: list[str], min_count: int = 1) -> Tokenizer:
    return pruned_tokenizer(tokenizer, kept_tokens(tokenizer, token_counts(tokenizer, texts), min_count))


def test_texts_at_hand_are_cut_as_before(tiny_base: Path) -> None:
    wordpiece = Tokenizer.from_file(str(tiny_base / "tokenizer.json"))
    for tokenizer, texts in ((wordpiece, TEXTS), (unigram(), ["bank run", "banks", "银行"])):
        smaller = pruned(tokenizer, texts)
        assert smaller.get_vocab_size() < tokenizer.get_vocab_size()
        for text in texts:
            assert smaller.encode(text).tokens == tokenizer.encode(text).tokens


def test_ids_are_dense_and_keep_their_order() -> None:
    tokenizer = unigram()
    smaller = pruned(tokenizer, ["bank run"])
    vocabulary = smaller.get_vocab()
    assert sorted(vocabulary.values()) == list(range(len(vocabulary)))
    pieces = sorted(vocabulary, key=lambda piece: vocabulary[piece])
    assert pieces == sorted(pieces, key=lambda piece: tokenizer.get_vocab()[piece])


def test_rare_tokens_go_and_their_characters_stay() -> None:
    tokenizer = unigram()
    counts = Counter({tokenizer.token_to_id("银行"): 1, tokenizer.token_to_id("▁bank"): 9})
    kept = {tokenizer.id_to_token(i) for i in kept_tokens(tokenizer, counts, min_count=5)}
    assert {"银", "行", "▁bank", "<s>", "</s>", "<pad>", "<unk>"} <= kept
    assert not {"银行", "▁banks", "run", "s"} & kept


@torch.inference_mode()
def test_a_pruned_base_says_the_same_of_the_texts(tiny_base: Path, tmp_path: Path) -> None:
    tokenizer = Tokenizer.from_file(str(tiny_base / "tokenizer.json"))
    prune_base(tiny_base, tmp_path, kept_tokens(tokenizer, token_counts(tokenizer, TEXTS), 1))
    smaller = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    before, after = (AutoModel.from_pretrained(folder).eval() for folder in (tiny_base, tmp_path))
    for text in TEXTS:
        whole = before(torch.tensor([tokenizer.encode(text).ids])).last_hidden_state
        part = after(torch.tensor([smaller.encode(text).ids])).last_hidden_state
        torch.testing.assert_close(whole, part)


def test_a_vocabulary_is_taken_from_a_tokenizer_file(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    file = tmp_path / "small.json"
    pruned(Tokenizer.from_file(str(tiny_base / "tokenizer.json")), TEXTS).save(str(file))
    folder = base_with_vocabulary(tiny_base, file)
    made, wanted = (Tokenizer.from_file(str(each)) for each in (folder / "tokenizer.json", file))
    assert made.get_vocab() == wanted.get_vocab()
    assert base_with_vocabulary(tiny_base, file) == folder


def test_a_foreign_vocabulary_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    file = tmp_path / "foreign.json"
    unigram().save(str(file))
    with pytest.raises(ModelError, match="was not made from this base"):
        base_with_vocabulary(tiny_base, file)
