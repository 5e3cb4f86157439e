"""Mean pooling inside an architecture that transformers knows, a `…ForSequenceClassification`.

BERT's and RoBERTa's classifiers read the first token through a tanh; ours reads the mean over all tokens. One
more encoder layer closes the gap, so that no code of ours need travel with the weights:

1. Its queries and keys are zero, so attention is uniform over the tokens that the mask lets through. Its
   values are the head's logits of each token, hence its output is the logits of the mean.
2. What the residual connection adds, the first token's own state, was scaled down by `FADE` before (in the
   encoder's last layer norm; values and output scale up again), so that it no longer matters.
3. Two further places hold ±`ANCHOR`. They outweigh the logits, which sum to zero, so that both layer norms of
   the layer divide by a constant. Its feed-forward part adds nothing.
4. The pooler's tanh sees values so small that it is the identity, and the classifier scales them back.

Probabilities differ from the network's by less than 3e-5 in float32; in bfloat16 and float16 by no more than
the encoder's own rounding (measured on all-MiniLM-L6-v2, heads of 3 and 20 classes).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor, nn
from transformers import AutoModelForSequenceClassification

from models.errors import ModelError

FADE: Final = 2.0**-14
"""Scale of the encoder's last states. A power of two costs no precision; this one still fits float16."""
ANCHOR: Final = 2.0**13
SMALL: Final = 2.0**-4
"""Keeps what the tanh sees small."""

MODEL_TYPES: Final = ("bert", "roberta", "xlm-roberta", "camembert")
"""Encoders whose layer and classifier are as described above."""


class _Classifier(NamedTuple):
    """The linear layers between the first token's state and the logits."""

    dense: nn.Linear
    out: nn.Linear


@torch.no_grad()
def sequence_classifier(
    encoder: Any, head: nn.Linear, labels: Sequence[str], *, temperature: float = 1.0
) -> Any:
    """The transformers model whose softmax is that of `head(mean of the encoder's states) / temperature`.

    `encoder` is a BertModel, RobertaModel or XLMRobertaModel, `head` a linear layer with an output a label.
    Logits are those of the head up to a constant that all classes share. Raises ModelError for encoders of
    another kind, or with fewer dimensions than classes + 2.
    """
    width, classes = encoder.config.hidden_size, len(labels)
    kind = encoder.config.model_type
    if kind not in MODEL_TYPES:
        raise ModelError(
            f"a {kind} encoder with mean pooling cannot be written as a plain transformers classifier "
            f"(that works for {', '.join(MODEL_TYPES)}): export it with --to onnx"
        )
    if head.out_features != classes:
        raise ModelError(f"the head has {head.out_features} classes, but there are {classes} labels")
    if classes + 2 > width:
        raise ModelError(
            f"{classes} classes do not fit an encoder that is {width} wide: export with --to onnx"
        )

    config = deepcopy(encoder.config)
    config.num_hidden_layers += 1
    config.id2label = dict(enumerate(labels))
    config.label2id = {label: i for i, label in enumerate(labels)}
    config.problem_type = "single_label_classification"
    build: Callable[[Any], Any] = AutoModelForSequenceClassification.from_config
    model = build(config).float().eval()
    body = getattr(model, model.base_model_prefix)
    body.load_state_dict(encoder.state_dict(), strict=False)

    norm = body.encoder.layer[-2].output.LayerNorm
    norm.weight.mul_(FADE)
    norm.bias.mul_(FADE)
    weight, bias = _centred(head, temperature)
    _fill_layer(body.encoder.layer[-1], weight)
    # The first norm divides by the deviation of (ANCHOR, -ANCHOR, 0, ...), the second by 1, epsilon aside.
    scale = (width / 2) ** 0.5 / ANCHOR / (1 + config.layer_norm_eps) ** 0.5
    _fill_classifier(_classifier(model), classes, 1 / (scale * SMALL), bias)
    return model


def _centred(head: nn.Linear, temperature: float) -> tuple[Tensor, Tensor]:
    """Weight and bias, temperature folded in, of logits that sum to zero; their softmax is the same."""
    weight, bias = head.weight.double() / temperature, head.bias.double() / temperature
    return (weight - weight.mean(0)).float(), (bias - bias.mean()).float()


def _fill_layer(layer: Any, weight: Tensor) -> None:
    attention, classes = layer.attention, len(weight)
    for linear in (
        attention.self.query,
        attention.self.key,
        attention.self.value,
        attention.output.dense,
        layer.intermediate.dense,
        layer.output.dense,
    ):
        _clear(linear)
    for norm in (attention.output.LayerNorm, layer.output.LayerNorm):
        norm.weight.fill_(1)
        norm.bias.zero_()
    attention.self.value.weight[:classes] = weight / FADE**0.5
    places = range(classes)
    attention.output.dense.weight[places, places] = 1 / FADE**0.5
    attention.output.dense.bias[classes] = ANCHOR
    attention.output.dense.bias[classes + 1] = -ANCHOR


def _fill_classifier(classifier: _Classifier, classes: int, scale: float, bias: Tensor) -> None:
    _clear(classifier.dense)
    _clear(classifier.out)
    places = range(classes)
    classifier.dense.weight[places, places] = SMALL
    classifier.out.weight[places, places] = scale
    classifier.out.bias.copy_(bias)


def _classifier(model: Any) -> _Classifier:
    if model.base_model_prefix == "bert":
        return _Classifier(model.bert.pooler.dense, model.classifier)
    return _Classifier(model.classifier.dense, model.classifier.out_proj)


def _clear(linear: nn.Linear) -> None:
    linear.weight.zero_()
    linear.bias.zero_()
