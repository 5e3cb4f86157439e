"""Why a document got its tone, as the page shows it."""

from __future__ import annotations

from dashboards.console.explaining import Explainer, explanation_view
from dashboards.console.views.say import Say
from models.explain import Explanation, HeadExplanation, Word
from pipeline.settings import ModelSettings, Settings
from tests.records import document

TOLD = Explanation(
    text="Bank fails again",
    model="en@1",
    method="occlusion",
    baseline="the empty text",
    words=(Word("Bank", 0, 4), Word("fails", 5, 10), Word("again", 11, 16)),
    read=16,
    heads=(
        HeadExplanation(
            head="tone",
            label="negative",
            probability=0.93,
            baseline_probability=0.2,
            difference=4.0,
            attributions=(1.0, 4.0, -2.0),
        ),
    ),
)


def test_words_weigh_against_the_strongest() -> None:
    view = explanation_view(TOLD, document(model="en@1"), Say("en"))
    assert [(word["text"], word["weight"]) for word in view["words"]] == [
        ("Bank", 0.25),
        ("fails", 1.0),
        ("again", -0.5),
    ]
    assert view["says"] == (
        "negative, 93% sure. By leaving out each word in turn; underlined words speak against it. "
        "Model: en@1."
    )


def test_another_model_than_the_one_that_scored_is_named() -> None:
    assert "en@0" in explanation_view(TOLD, document(model="en@0"), Say("zh"))["says"]


def test_a_model_that_is_not_there_is_told() -> None:
    explainer = Explainer(Settings(model=ModelSettings(path="/none/such")))
    assert "such" in explainer.explain(document(), Say("en"))["problem"]
