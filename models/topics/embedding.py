"""Sentence vectors of a served model, without PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from models.serving.classifier import Classifier
from models.serving.opening import model_folder
from models.topics.described import Embed
from models.topics.sentence_map import FILE, Floats, load_map


def open_embed(model: str | Path, *, threads: int = 0) -> Embed:
    """Open a model (a preset, a folder, `hub:owner/name`) for comparing texts by meaning.

    Its mean states go through its sentence map, where it has one. Raises ModelError when there is no such
    model, its graph gives no states, or the map is another model's.
    """
    folder = model_folder(model)
    # A map is made for the exported graph; a checkpoint of training has neither.
    exported = (folder / "model.onnx").is_file()
    classifier = Classifier.load(model, backend="onnx" if exported else "auto", threads=threads)
    file = folder / FILE
    if not file.is_file():
        return classifier.embed
    to_sentence = load_map(file, classifier.model)

    def embed(texts: Sequence[str]) -> Floats:
        return to_sentence(classifier.embed(texts))

    return embed
