import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.export.temperature import GRID, fit_temperature


@settings(deadline=None, max_examples=25)
@given(st.sampled_from([0.5, 1.0, 1.7, 2.5]), st.integers(0, 1000))
def test_logits_that_are_too_bold_by_a_factor_get_that_factor_back(factor: float, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    honest = torch.randn(4000, 3, generator=generator)
    labels = torch.multinomial(honest.softmax(1), 1, generator=generator)[:, 0]
    assert abs(fit_temperature(honest * factor, labels) - factor) < 0.25 * factor


def test_a_class_that_a_set_does_not_know_has_no_say() -> None:
    two = torch.tensor([[2.0, 0.0], [1.0, 0.5], [0.0, 1.0]])
    labels = torch.tensor([0, 1, 1])
    unknown = torch.full((3, 1), -torch.inf)
    three = torch.cat([two[:, :1], unknown, two[:, 1:]], dim=1)
    assert fit_temperature(two, labels) == fit_temperature(three, labels * 2)


def test_the_search_has_ends() -> None:
    certain = torch.tensor([[9.0, 0.0]])
    assert fit_temperature(certain, torch.tensor([0])) == GRID[0]
    assert fit_temperature(certain, torch.tensor([1])) == GRID[-1]
