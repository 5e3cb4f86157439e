from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from torch import Tensor, nn

from models.explain.integrated import Differentiable, integrate

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "up", "down", "flat", "very"]


class Bag(nn.Module):
    """Mean of vectors, then a linear layer, then perhaps a bend."""

    def __init__(self, classes: int, bend: float = 0.0) -> None:
        super().__init__()
        torch.manual_seed(classes)
        self.words = nn.Embedding(len(WORDS), 4)
        self.out = nn.Linear(4, classes)
        self.bend = bend

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        out: Tensor = self.out(self.words(ids).mean(1))
        return out + self.bend * torch.sin(20 * out)


def model_of(bag: Bag, classes: int) -> Differentiable:
    tokenizer = Tokenizer(WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.enable_truncation(12)
    return Differentiable(
        name="bag",
        tokenizer=tokenizer,
        labels={"tone": [f"class {i}" for i in range(classes)]},
        logits={"tone": bag},
        embeddings={"tone": bag.words},
        pad_id=0,
    )


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(WORDS[4:]), min_size=1, max_size=9))
def test_a_linear_model_is_explained_exactly(words: list[str]) -> None:
    bag = Bag(classes=2)
    spans, read, (head,) = integrate(model_of(bag, 2), " ".join(words))
    label = int(head.label[-1])
    vectors = bag.words.weight.detach()
    direction = (bag.out.weight[label] - bag.out.weight[1 - label]).detach() / (len(words) + 2)
    expected = [float((vectors[WORDS.index(word)] - vectors[0]) @ direction) for word in words]
    assert list(head.attributions) == pytest.approx(expected, abs=1e-5)
    assert abs(head.completeness_error) < 1e-5
    assert (len(spans), read) == (len(words), len(" ".join(words)))


def test_steps_double_until_the_error_is_small() -> None:
    rough = model_of(Bag(classes=3, bend=0.5), 3)
    _, _, (head,) = integrate(rough, "up very down flat up")
    assert head.relative_error <= 0.01 or abs(head.completeness_error) <= 1e-3
    assert head.steps >= 16


def test_at_the_limit_the_error_is_what_it_is() -> None:
    rough = model_of(Bag(classes=3, bend=40.0), 3)
    _, _, (head,) = integrate(rough, "up very down flat up", max_steps=16, tolerance=0.0)
    assert head.steps == 16
    assert sum(head.attributions) + head.completeness_error == pytest.approx(head.difference)


def test_what_is_cut_off_is_not_read() -> None:
    text = "up " * 10 + "down down"
    spans, read, (head,) = integrate(model_of(Bag(2), 2), text)
    assert (read, len(spans), len(head.attributions)) == (len("up " * 10) - 1, 10, 10)


def test_precision_is_put_back(precision: str) -> None:
    integrate(model_of(Bag(2), 2), "up")
    assert torch.get_float32_matmul_precision() == precision


@pytest.fixture(params=["medium", "highest"])
def precision(request: pytest.FixtureRequest) -> Iterator[str]:
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(request.param)
    yield request.param
    torch.set_float32_matmul_precision(before)
