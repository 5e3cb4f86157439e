from __future__ import annotations

from pathlib import Path

import pytest

from models.errors import ModelError
from models.explain import Explanation, explain
from models.explain.opening import open_differentiable
from models.serving.classifier import Classifier
from models.taxonomy import TONES, topic_ids
from models.training.checkpoint import load_checkpoint

TEXT = "profit doubled and the firm is in oslo"


def value(explanation: Explanation, head: str, word: str) -> float:
    words = [one.text for one in explanation.words]
    return explanation.head(head).attributions[words.index(word)]


def check(explanation: Explanation) -> None:
    assert [head.head for head in explanation.heads] == ["tone", "topic"]
    assert " ".join(word.text for word in explanation.words) == TEXT
    assert explanation.read == len(TEXT)
    for head in explanation.heads:
        assert sum(head.attributions) + head.completeness_error == pytest.approx(head.difference)
    assert explanation.head("tone").label in TONES
    assert explanation.head("topic").label in topic_ids()


def test_a_checkpoint_by_integrated_gradients(tiny_checkpoint: Path) -> None:
    explanation = explain(TEXT, tiny_checkpoint, method="ig")
    check(explanation)
    assert (explanation.model, explanation.method) == ("tiny-1", "integrated gradients")
    assert explanation.baseline == "every token replaced by [PAD]"
    for head in explanation.heads:
        assert head.relative_error <= 0.01 or abs(head.completeness_error) <= 1e-3 or head.steps == 1024


def test_the_telling_word_tells(tiny_checkpoint: Path, tiny_served: Path) -> None:
    for explanation in (
        explain("profit doubled", tiny_checkpoint, method="ig"),
        explain("profit doubled", tiny_served, method="occlusion"),
    ):
        assert explanation.head("tone").label == "positive"
        assert value(explanation, "tone", "doubled") > value(explanation, "tone", "profit")
        assert value(explanation, "tone", "doubled") > 0


def test_a_served_model_by_occlusion_answers_as_it_serves(tiny_served: Path) -> None:
    classifier = Classifier.load(tiny_served, threads=1)
    explanation = explain(TEXT, classifier)
    check(explanation)
    assert (explanation.model, explanation.method) == (classifier.model, "occlusion")
    scores = classifier.classify([TEXT, ""])
    tone = explanation.head("tone")
    place = TONES.index(tone.label)
    assert place == scores.tone[0]
    assert tone.probability == pytest.approx(scores.tones[0, place] / 1000, abs=6e-4)
    assert tone.baseline_probability == pytest.approx(scores.tones[1, place] / 1000, abs=6e-4)


def test_a_served_model_by_integrated_gradients(tiny_served: Path) -> None:
    explanation = explain(TEXT, tiny_served)  # torch is here, so that is what auto takes
    check(explanation)
    assert explanation.method == "integrated gradients"
    assert explanation.model.startswith("tiny-1@")
    assert explanation.model.endswith("(in float32)")


def test_a_transformers_folder_and_its_checkpoint_agree(tiny_checkpoint: Path, tmp_path: Path) -> None:
    from models.export.hf import export_hf

    network, tokenizer, _ = load_checkpoint(tiny_checkpoint)
    export_hf(
        tmp_path,
        network,
        tokenizer,
        tones=TONES,
        topics=topic_ids(),
        temperatures=(1.0, 1.0),
        max_length=32,
        card="",
    )
    ours, theirs = explain("profit doubled", tiny_checkpoint), explain("profit doubled", tmp_path)
    assert theirs.method == "integrated gradients"
    for a, b in zip(ours.heads, theirs.heads, strict=True):
        assert (a.head, a.label) == (b.head, b.label)
        assert a.probability == pytest.approx(b.probability, abs=1e-4)
        assert list(a.attributions) == pytest.approx(list(b.attributions), rel=0.05, abs=0.02)


def test_one_head_alone(tiny_checkpoint: Path, tiny_served: Path) -> None:
    for model in (open_differentiable(tiny_checkpoint), Classifier.load(tiny_served, threads=1)):
        assert [head.head for head in explain("oil rose", model, heads=["topic"]).heads] == ["topic"]
        with pytest.raises(ModelError, match="no head 'mood'; it has tone, topic"):
            explain("oil rose", model, heads=["mood"])


def test_a_long_text_is_explained_as_far_as_it_is_read(tiny_checkpoint: Path, tiny_served: Path) -> None:
    text = "shares plunge " * 40
    for model, method in ((tiny_checkpoint, "ig"), (tiny_served, "occlusion")):
        explanation = explain(text, model, method=method, heads=["tone"])  # type: ignore[arg-type]
        assert len(explanation.words) == 30  # of 32 tokens, two are [CLS] and [SEP]
        assert explanation.read == explanation.words[-1].end


@pytest.mark.parametrize("text", ["🚀🚀", "利润", "\ud800", "<script>alert(1)</script>", "?!"])
def test_any_script_is_explained(tiny_served: Path, text: str) -> None:
    for method in ("ig", "occlusion"):
        explanation = explain(text, tiny_served, method=method, heads=["tone"])  # type: ignore[arg-type]
        assert len(explanation.heads[0].attributions) == len(explanation.words)
        assert explanation.words or "\ufffd" in explanation.text  # which the tokenizer drops


@pytest.mark.parametrize("text", ["", " \t ", "https://example.com/a"])
def test_nothing_to_read_is_said(tiny_served: Path, text: str) -> None:
    with pytest.raises(ModelError, match="nothing to explain"):
        explain(text, tiny_served)


def test_models_that_are_none(tmp_path: Path, tiny_served: Path) -> None:
    with pytest.raises(ModelError, match="neither a preset"):
        explain("profit", "no-such-model")
    with pytest.raises(ModelError, match="neither a checkpoint"):
        explain("profit", tmp_path)
    with pytest.raises(ModelError, match="has no gradients"):
        explain("profit", Classifier.load(tiny_served, threads=1), method="ig")
    (tmp_path / "config.json").write_text('{"architectures": ["BertForSequenceClassification"]}')
    with pytest.raises(ModelError, match="transformers cannot read"):
        explain("profit", tmp_path)


def test_without_torch_occlusion_answers(tiny_served: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.explain.api.find_spec", lambda name: None)
    assert explain("oil rose", tiny_served).method == "occlusion"
    with pytest.raises(ModelError, match=r"pip install -e '.\[train\]'"):
        explain("oil rose", tiny_served, method="ig")
