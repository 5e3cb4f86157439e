"""Write a model as folders that plain transformers reads, without code of ours.

    DIR/            tone:  pipeline("text-classification", model=DIR)
    DIR/topic/      topic: pipeline("text-classification", model=DIR/topic)
    DIR/encoder/    the encoder alone, to train on: AutoModel.from_pretrained(DIR/encoder)

Each holds config.json, model.safetensors and the tokenizer; the model card is DIR/README.md. How mean pooling
fits into those architectures: `models.export.mean_pooling`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tokenizers import Tokenizer
from torch import nn
from transformers import PreTrainedTokenizerFast

from models.errors import ModelError
from models.export.mean_pooling import sequence_classifier
from models.training.network import ToneTopicNetwork

TONE_FOLDER: Final = ""
TOPIC_FOLDER: Final = "topic"
ENCODER_FOLDER: Final = "encoder"

_SPECIAL: Final[Mapping[str, tuple[str, ...]]] = {
    "unk_token": ("[UNK]", "<unk>"),
    "cls_token": ("[CLS]", "<s>"),
    "sep_token": ("[SEP]", "</s>"),
    "mask_token": ("[MASK]", "<mask>"),
}


def export_hf(
    out: Path,
    network: ToneTopicNetwork,
    tokenizer: Tokenizer,
    *,
    tones: Sequence[str],
    topics: Sequence[str],
    temperatures: tuple[float, float],
    max_length: int,
    card: str,
) -> None:
    """Write the three folders and the card; probabilities are those of the network under `temperatures`.

    Raises ModelError when `out` cannot be written to or the encoder is of a kind that does not fit.
    """
    encoder: Any = network.encoder
    heads: dict[str, tuple[nn.Linear, Sequence[str], float]] = {
        TONE_FOLDER: (network.tone, tones, temperatures[0]),
        TOPIC_FOLDER: (network.topic, topics, temperatures[1]),
    }
    # Build first, write then: an encoder that does not fit leaves nothing behind.
    models = {
        folder: sequence_classifier(encoder, head, labels, temperature=temperature)
        for folder, (head, labels, temperature) in heads.items()
    }
    try:
        for folder, model in {**models, ENCODER_FOLDER: encoder}.items():
            model.save_pretrained(out / folder)
            save_tokenizer(out / folder, tokenizer, network.pad_id, max_length)
        (out / "README.md").write_text(card, encoding="utf-8")
    except OSError as error:
        raise ModelError(f"cannot write to {out}: {error.strerror or error}") from error


def save_tokenizer(folder: Path, tokenizer: Tokenizer, pad_id: int, max_length: int) -> None:
    """Write tokenizer.json and its config as AutoTokenizer reads them, in transformers 4.46 to 5."""
    special = {"pad_token": tokenizer.id_to_token(pad_id)}
    for role, spellings in _SPECIAL.items():
        known = [token for token in spellings if tokenizer.token_to_id(token) is not None]
        if known:
            special[role] = known[0]
    wrapped = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=Tokenizer.from_str(tokenizer.to_str()),
        model_max_length=max_length,
        model_input_names=["input_ids", "attention_mask"],
        **special,
    )
    wrapped.save_pretrained(folder)
    # transformers 5 writes a class name that 4 does not know; both know this one.
    file = folder / "tokenizer_config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    config["tokenizer_class"] = "PreTrainedTokenizerFast"
    file.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
