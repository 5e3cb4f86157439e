"""The table of `benchmarks/models.py`, and how a figure is held against it."""

from pathlib import Path

import pytest

from benchmarks.models import BARS, Bar, Line, Measured, line, lines, lost_by_int8, number
from models.data import TESTS, Corpus
from models.evaluation.evaluate import evaluate
from models.evaluation.rows import Rows
from models.serving.classifier import Classifier
from models.taxonomy import topic_ids


def test_every_bar_is_on_a_test_or_a_speed() -> None:
    sets = {*TESTS, "fpb_all_agree"}
    assert len(BARS) == len({(bar.preset, bar.figure) for bar in BARS})
    for bar in BARS:
        name, _, what = bar.figure.partition(" ")
        if what in ("accuracy", "macro-F1", "ECE", "lowest recall"):
            assert name in sets
            assert bar.relation == ("≤" if what == "ECE" else "≥")


@pytest.mark.parametrize(
    ("relation", "measured", "verdict"),
    [("≥", 0.75, "pass"), ("≥", 0.7499, "miss"), ("≤", 0.75, "pass"), ("≤", 0.7501, "miss"), ("≤", None, "")],
)
def test_a_figure_on_its_bar_passes(relation: str, measured: float | None, verdict: str) -> None:
    said = line("en", "x", Bar("en", "x", relation, 0.75), Measured(measured, "why"))
    assert said == Line("en", "x", relation, 0.75, measured, verdict, "why")


def test_bars_come_first_and_what_was_not_measured_is_said() -> None:
    said = lines("en", {"fpb accuracy": Measured(0.9), "guba accuracy": Measured(0.5), "other": Measured(1)})
    assert said[0].verdict == "pass"
    assert {one.note for one in said[1:-1]} == {"not measured"}
    assert (said[-1].figure, said[-1].bar, said[-1].verdict) == ("guba accuracy", None, "")


def test_int8_is_held_against_the_checkpoint_it_came_from(
    tiny_served: Path, tiny_checkpoint: Path, tiny_corpus: Corpus
) -> None:
    rows = Rows({"own": tuple(e for e in tiny_corpus.train if e.task == "tone")}, topic_ids())
    served = Classifier.load(tiny_served, backend="onnx", threads=1)
    exact = Classifier.load(tiny_checkpoint, backend="torch", device="cpu")
    lost = lost_by_int8(evaluate(served, rows), evaluate(exact, rows))
    assert lost.value is not None
    assert abs(lost.value) <= 0.05
    assert lost.note.startswith("most on own; own ")


def test_numbers_are_printed_as_what_they_are() -> None:
    assert [number(value) for value in (0.865, 0.0012, 0.0, 10.25, 250_000, None)] == [
        "0.865",
        "0.0012",
        "0.000",
        "10.2",
        "250,000",
        "-",
    ]
