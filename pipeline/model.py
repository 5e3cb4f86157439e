"""The classifier that the settings ask for."""

from __future__ import annotations

from collections.abc import Sequence

from models.serving.classifier import Classifier
from pipeline.errors import UsageError
from pipeline.settings import Settings
from pipeline.versions import model_path


def load_classifier(settings: Settings, name: str | None = None) -> Classifier:
    """Load and check it, or another by name.

    Raises:
        ModelError: that cannot be done; says what to do.
        UsageError: a watchlist is narrowed to a topic that the model does not know.
    """
    model = settings.model
    classifier = Classifier.load(
        model_path(settings, name),
        backend=model.backend,
        device=model.device,
        threads=model.threads,
        long_texts=model.long_texts,
        cache=model.cache,
    )
    check_topics(settings, classifier.topics)
    return classifier


def check_topics(settings: Settings, topics: Sequence[str]) -> None:
    """Raise UsageError where a watchlist is narrowed to a topic that there is not."""
    for name, watchlist in settings.watchlists.items():
        for topic in watchlist.topics:
            if topic not in topics:
                raise UsageError(
                    f"`watchlists.{name}.topics`: the model knows no topic {topic!r}. "
                    f"Its topics: {', '.join(topics)}."
                )
