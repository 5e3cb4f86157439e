"""Which parameters learn: all, those of the top layers, or low-rank additions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import nn

from models.errors import ModelError
from models.training.network import ToneTopicNetwork
from models.training.recipe import Recipe


def choose_parameters(network: ToneTopicNetwork, recipe: Recipe) -> Any:
    """Freeze what is not to learn; with `lora` put additions in and return their PEFT model, else None."""
    encoder: Any = network.encoder
    if recipe.tune == "lora":
        return _add_low_rank(encoder, recipe)
    if recipe.freeze_word_embeddings:
        # Half of a small encoder's parameters, moved by little and only for words that occur.
        encoder.get_input_embeddings().requires_grad_(False)
    if recipe.tune == "top":
        layers = encoder.encoder.layer
        encoder.requires_grad_(False)
        for layer in list(layers)[max(0, len(layers) - recipe.top_layers) :]:
            layer.requires_grad_(True)
    return None


def _add_low_rank(encoder: Any, recipe: Recipe) -> Any:
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=recipe.lora_rank,
        lora_alpha=recipe.lora_alpha,
        lora_dropout=recipe.lora_dropout,
        target_modules=list(recipe.lora_targets),
    )
    try:
        return get_peft_model(encoder, config)
    except ValueError as error:
        raise ModelError(f"lora_targets: {error}") from error


def save_adapter(adapter: Any, network: ToneTopicNetwork, folder: Path) -> None:
    """Write additions and heads, which make the network anew on top of its base."""
    adapter.save_pretrained(folder, save_embedding_layers=False)
    heads = {
        f"{name}.{part}": tensor.detach().contiguous().cpu()
        for name, head in (("tone", network.tone), ("topic", network.topic))
        for part, tensor in head.state_dict().items()
    }
    save_file(heads, folder / "heads.safetensors")


def merge(adapter: Any, network: ToneTopicNetwork) -> None:
    """Add the low-rank additions to the weights they belong to: a plain encoder remains."""
    merged: nn.Module = adapter.merge_and_unload()
    network.encoder = merged.requires_grad_(True)
