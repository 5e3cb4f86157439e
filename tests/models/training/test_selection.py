import torch

from models.data import Example
from models.training.selection import SetScore, macro_f1, mean_macro_f1, set_scores


def row(source: str, label: int, classes: tuple[int, ...] = ()) -> Example:
    return Example("1", source, "tone", "a text", "a text", label, classes=classes)


def test_macro_f1_is_the_mean_over_the_classes_that_occur() -> None:
    labels, guesses = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 0, 0, 2])
    assert macro_f1(labels, guesses) == (2 * 2 / (2 + 3) + 0) / 2
    assert macro_f1(labels, labels) == 1


def test_sets_are_scored_apart_and_over_their_own_classes() -> None:
    neutral_first = torch.tensor([[0.1, 9.0, 0.5], [0.5, 9.0, 0.1]])
    heads = (neutral_first.repeat(2, 1), torch.zeros(4, 20))
    rows = [row("three", 1), row("three", 0), row("two", 2, (0, 2)), row("two", 0, (0, 2))]
    scores = set_scores(heads, rows)
    assert (scores["three"].accuracy, scores["two"].accuracy) == (0.5, 1.0)
    assert scores["two"].rows == 2


def test_a_handful_of_rows_weighs_little_in_the_mean_and_large_sets_weigh_alike() -> None:
    large = {"one": SetScore(200, 0.9, 0.8), "two": SetScore(5000, 0.9, 0.6)}
    assert mean_macro_f1(large) == (0.8 + 0.6) / 2
    with_few = mean_macro_f1(large | {"few": SetScore(10, 0.0, 0.0)})
    assert abs(with_few - (0.8 + 0.6) / 2.1) < 1e-12
    assert mean_macro_f1({"few": SetScore(10, 0.5, 0.4)}) == 0.4
