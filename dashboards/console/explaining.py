"""Why a document got its tone: the words that spoke for it and against, by the method that is at hand."""

from __future__ import annotations

from threading import Lock
from typing import Any

from dashboards.console.views.say import Json, Say
from dashboards.text import printable
from models.errors import ModelError
from models.explain import Explanation, explain
from models.explain.api import gradients_at_hand
from pipeline.model import load_classifier
from pipeline.records import ScoredDocument
from pipeline.settings import Settings
from pipeline.versions import model_path

_WORDS = 120
"""Words that are shown; the model reads about as many."""


class Explainer:
    """Keeps the model at hand once somebody asked; safe to call from several threads, one at a time works."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = Lock()
        self._model: Any = None

    def explain(self, document: ScoredDocument, say: Say) -> Json:
        """What the page shows under a story; a problem is told, not raised."""
        text = f"{document.title}\n{document.body}".strip()
        try:
            with self._lock:
                told = explain(text, self._opened(), heads=("tone",))
        except ModelError as error:
            return {"problem": say("no_explanation", why=printable(str(error)))}
        return explanation_view(told, document, say)

    def _opened(self) -> Any:
        if self._model is None:
            if gradients_at_hand():
                from models.explain.opening import open_differentiable

                try:
                    self._model = open_differentiable(model_path(self._settings))
                except ModelError:
                    self._model = load_classifier(self._settings)
            else:
                self._model = load_classifier(self._settings)
        return self._model


def explanation_view(told: Explanation, document: ScoredDocument, say: Say) -> Json:
    """An explanation as it is shown; weights are shares of the strongest word's, from -1 to 1."""
    head = told.head("tone")
    strongest = max((abs(weight) for weight in head.attributions), default=0.0) or 1.0
    words = [
        {"text": printable(word.text, 80), "weight": round(weight / strongest, 3)}
        for word, weight in zip(told.words, head.attributions, strict=True)
    ]
    by = say("method_ig") if told.method == "integrated gradients" else say("method_occlusion")
    says = say(
        "explanation",
        tone=say(f"tone_{head.label}"),
        probability=f"{head.probability:.0%}",
        method=by,
        model=printable(told.model),
    )
    if told.model.split(" ")[0] != document.model:
        says += " " + say("other_model", model=printable(document.model))
    return {"words": words[:_WORDS], "says": says}
