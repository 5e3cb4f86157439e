from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from models.continual.corrections import Divided
from models.continual.planning import MOST_REPEATS, Options, plan
from models.continual.rehearsal import Rehearsal
from models.data import Example, Task
from models.errors import ModelError
from models.evaluation.rows import Rows

TRAINING = {"recipe": {"name": "tiny-1", "base": "pip:x", "sets": ["fpb"], "teachers": ["t"], "epochs": 9}}


def rows(source: str, count: int, label: int | None = None, task: Task = "tone") -> tuple[Example, ...]:
    return tuple(
        Example(
            f"{source}-{n}", source, task, f"{source} {n}", f"{source} {n}", n % 3 if label is None else label
        )
        for n in range(count)
    )


CORRECTIONS = rows("corrections_tone", 60)
DIVIDED = Divided(train=CORRECTIONS[:40], dev=CORRECTIONS[40:45], held_out=CORRECTIONS[45:])
REHEARSAL = Rehearsal(train=rows("fpb", 560), dev=rows("fpb", 20))
PROTECTED = Rows({"fpb": rows("test", 30)}, ("macro",))


def planned(**changes: Any) -> Any:
    given = {
        "corrections": DIVIDED,
        "rehearsal": REHEARSAL,
        "protected": PROTECTED,
        "training": TRAINING,
        "options": Options(),
    }
    return plan(**(given | changes))


def test_corrections_make_up_their_share_of_the_rows() -> None:
    weight = planned(options=Options(share=0.3)).recipe.weights["corrections_tone"]
    assert weight * 40 / (weight * 40 + 560) == pytest.approx(0.3)


def test_few_corrections_are_not_repeated_without_end_and_many_not_left_out() -> None:
    few = planned(corrections=replace(DIVIDED, train=CORRECTIONS[:3]))
    assert few.recipe.weights == {"corrections_tone": MOST_REPEATS}
    many = planned(rehearsal=replace(REHEARSAL, train=rows("fpb", 10)))
    assert many.recipe.weights == {"corrections_tone": 1.0}


def test_no_test_row_is_trained_on_chosen_by_or_held_out() -> None:
    known = CORRECTIONS[:2] + CORRECTIONS[41:42] + CORRECTIONS[50:51]
    found = planned(protected=Rows({"fpb": known}, ("macro",)))
    parts = found.corrections
    left = {row.key for part in (parts.train, parts.dev, parts.held_out, found.corpus.train) for row in part}
    assert not left & {row.key for row in known}
    assert found.leaked == 4
    assert "4 corrections are not learned" in found.notices()[0]


def test_a_recipe_goes_on_from_the_current_model_and_not_from_how_that_began() -> None:
    recipe = planned(options=Options(epochs=2, name="desk-1")).recipe
    assert (recipe.name, recipe.epochs, recipe.sets, recipe.teachers) == ("desk-1", 2, ("fpb",), ())
    assert planned().recipe.name == "tiny-1"


def test_nothing_to_learn_and_nothing_to_rehearse_are_told() -> None:
    with pytest.raises(ModelError, match="no correction to learn"):
        planned(corrections=replace(DIVIDED, train=()))
    with pytest.raises(ModelError, match=r"nothing to rehearse.*--rehearsal"):
        planned(rehearsal=Rehearsal((), ()))
    with pytest.raises(ModelError, match=r"model\.json does not say"):
        planned(training={})


def test_what_a_person_should_know_is_said() -> None:
    one_class = replace(DIVIDED, train=rows("corrections_tone", 40, label=0), held_out=())
    own_words = replace(REHEARSAL, judged=rows("rehearsal_tone", 5))
    said = " ".join(planned(corrections=one_class, rehearsal=own_words).notices())
    assert "every correction of tone says the same" in said
    assert "no correction is held out" in said
    assert "no labels but the current model's own" in said
    assert planned().notices() == []
