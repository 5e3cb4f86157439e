"""Which model the settings name: a preset, a folder, or a version of the registry."""

from __future__ import annotations

from models.continual.registry import Registry
from pipeline.settings import Settings

PREFIX = "registry:"


def registry(settings: Settings) -> Registry:
    """The model versions of `model.registry`, by default STATE_DIR/models."""
    return Registry(settings.model.registry or settings.state_dir / "models")


def model_path(settings: Settings, name: str | None = None) -> str:
    """What `Classifier.load` takes for a model's name, by default `model.path`.

    Raises ModelError when the registry has no such version.

    Looked up once: whoever has loaded a version keeps it until it starts anew.
    """
    path = settings.model.path if name is None else name
    if not path.startswith(PREFIX):
        return path
    return str(registry(settings).path(path.removeprefix(PREFIX)))
