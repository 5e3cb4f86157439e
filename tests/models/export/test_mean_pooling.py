from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import (
    AutoModel,
    BertConfig,
    CamembertConfig,
    DistilBertConfig,
    PretrainedConfig,
    RobertaConfig,
    XLMRobertaConfig,
)

from models.errors import ModelError
from models.export.mean_pooling import sequence_classifier

SIZES = {
    "vocab_size": 60,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 40,
}


def encoder_of(config: PretrainedConfig) -> Any:
    torch.manual_seed(5)
    encoder = AutoModel.from_config(config, add_pooling_layer=False).eval()
    for parameter in encoder.parameters():
        if parameter.ndim > 1:  # initial weights are so small that every text reads alike
            nn.init.normal_(parameter, std=0.3)
        else:
            parameter.data += torch.randn_like(parameter) * 0.3
    return encoder


def head_of(classes: int, scale: float = 1.0) -> nn.Linear:
    head = nn.Linear(32, classes)
    nn.init.normal_(head.weight, std=scale)
    nn.init.normal_(head.bias, std=scale)
    return head


def texts(rows: int = 24) -> tuple[Tensor, Tensor]:
    """Random token ids of every length from 2 to 25, padded to 28."""
    ids, mask = torch.ones(rows, 28, dtype=torch.long), torch.zeros(rows, 28, dtype=torch.long)
    for row in range(rows):
        ids[row, : row + 2] = torch.randint(4, 60, (row + 2,))
        mask[row, : row + 2] = 1
    return ids, mask


@torch.inference_mode()
def reference(encoder: Any, head: nn.Linear, ids: Tensor, mask: Tensor) -> Tensor:
    states = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
    weight = mask.unsqueeze(-1)
    return head((states * weight).sum(1) / weight.sum(1))


@pytest.mark.parametrize("classes", [2, 3, 20, 30])
@pytest.mark.parametrize("config", [BertConfig, RobertaConfig, XLMRobertaConfig, CamembertConfig])
def test_probabilities_are_those_of_the_mean_pooled_head(
    config: type[PretrainedConfig], classes: int
) -> None:
    encoder, head = encoder_of(config(**SIZES, pad_token_id=1)), head_of(classes)
    ids, mask = texts()
    model = sequence_classifier(encoder, head, [f"class {i}" for i in range(classes)], temperature=1.3)
    with torch.inference_mode():
        said = model(input_ids=ids, attention_mask=mask).logits.softmax(-1)
    expected = (reference(encoder, head, ids, mask) / 1.3).softmax(-1)
    assert expected.max() > 0.8  # the texts are told apart, and with confidence
    assert (said - expected).abs().max() < 5e-5


def test_padding_has_no_influence() -> None:
    encoder, head = encoder_of(BertConfig(**SIZES)), head_of(3)
    model = sequence_classifier(encoder, head, ["a", "b", "c"])
    ids, mask = texts()
    with torch.inference_mode():
        padded = model(input_ids=ids, attention_mask=mask).logits
        alone = torch.cat(
            [
                model(input_ids=row[: m.sum()][None], attention_mask=m[: m.sum()][None]).logits
                for row, m in zip(ids, mask, strict=True)
            ]
        )
    assert (padded - alone).abs().max() < 1e-3


def test_the_encoder_is_left_as_it_was() -> None:
    encoder = encoder_of(BertConfig(**SIZES))
    before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    sequence_classifier(encoder, head_of(3), ["a", "b", "c"])
    assert encoder.config.num_hidden_layers == 2
    assert all(torch.equal(tensor, before[name]) for name, tensor in encoder.state_dict().items())


def test_half_precision_costs_no_more_than_in_the_encoder_itself() -> None:
    encoder, head = encoder_of(BertConfig(**SIZES)), head_of(3, scale=0.3)
    ids, mask = texts()
    expected = reference(encoder, head, ids, mask).softmax(-1)
    for dtype in (torch.bfloat16, torch.float16):
        model = sequence_classifier(encoder, head, ["a", "b", "c"]).to(dtype)
        with torch.inference_mode():
            said = model(input_ids=ids, attention_mask=mask).logits.float().softmax(-1)
        rounded = encoder_of(BertConfig(**SIZES)).to(dtype)
        with torch.inference_mode():
            states = rounded(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        weight = mask.unsqueeze(-1)
        alone = head((states * weight).sum(1) / weight.sum(1)).softmax(-1)
        assert (said - expected).abs().max() < 2 * (alone - expected).abs().max() + 1e-3


def test_labels_stand_in_the_config() -> None:
    model = sequence_classifier(encoder_of(BertConfig(**SIZES)), head_of(2), ["bad", "good"])
    assert model.config.id2label == {0: "bad", 1: "good"}
    assert model.config.label2id == {"bad": 0, "good": 1}


def test_other_encoders_are_refused_with_a_way_out() -> None:
    config = DistilBertConfig(vocab_size=60, dim=32, n_layers=1, n_heads=2, hidden_dim=64)
    with pytest.raises(ModelError, match=r"distilbert.*--to onnx"):
        sequence_classifier(AutoModel.from_config(config), head_of(3), ["a", "b", "c"])


def test_more_classes_than_the_encoder_has_room_for_are_refused() -> None:
    with pytest.raises(ModelError, match="31 classes do not fit"):
        sequence_classifier(encoder_of(BertConfig(**SIZES)), head_of(31), [str(i) for i in range(31)])


def test_labels_must_match_the_head() -> None:
    with pytest.raises(ModelError, match="3 classes, but there are 2 labels"):
        sequence_classifier(encoder_of(BertConfig(**SIZES)), head_of(3), ["a", "b"])
