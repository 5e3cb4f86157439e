"""The classifier that the settings ask for."""

from __future__ import annotations

from models.serving.classifier import Classifier
from pipeline.settings import Settings
from pipeline.versions import model_path


def load_classifier(settings: Settings, name: str | None = None) -> Classifier:
    """Load and check it, or another by name; raises ModelError when that cannot be done, with what to do."""
    model = settings.model
    return Classifier.load(
        model_path(settings, name),
        backend=model.backend,
        device=model.device,
        threads=model.threads,
        long_texts=model.long_texts,
        cache=model.cache,
    )
