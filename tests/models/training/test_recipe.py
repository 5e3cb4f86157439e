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
        ('name = "x"\nbase = "b"\nsets = ["fpb"]\nepoch = 3\n', "epoch: Extra inputs are not permitted"),
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
