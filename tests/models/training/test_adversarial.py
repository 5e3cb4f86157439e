import pytest
import torch
from torch import nn

from models.training.adversarial import WordDisturbance


@pytest.mark.parametrize("frozen", [True, False])
def test_the_disturbance_goes_where_the_loss_grows_and_is_as_long_as_said(frozen: bool) -> None:
    torch.manual_seed(1)
    words = nn.Embedding(20, 8).requires_grad_(not frozen)
    top = nn.Linear(8, 1)
    seen: list[torch.Tensor] = []

    def loss() -> torch.Tensor:
        vectors = words(torch.tensor([[1, 2, 3], [4, 5, 6]]))
        seen.append(vectors.detach().clone())
        return torch.tanh(top(vectors)).square().sum()

    disturbance = WordDisturbance(words, share=0.1)
    before = loss()
    before.backward()
    with disturbance.applied():
        after = loss()
        after.backward()
    assert after > before
    moved = (seen[1] - seen[0]).flatten(1).norm(dim=1)
    torch.testing.assert_close(moved, 0.1 * seen[0].flatten(1).norm(dim=1))
    loss()
    assert torch.equal(seen[2], seen[0])
    assert (words.weight.grad is None) == frozen


def test_nothing_is_disturbed_in_eval_mode_or_before_a_backward_pass() -> None:
    words = nn.Embedding(20, 8).eval()
    disturbance = WordDisturbance(words, share=0.1)
    words(torch.tensor([[1, 2]]))
    with pytest.raises(RuntimeError, match="run a pass in training mode"), disturbance.applied():
        pass
    disturbance.remove()
    assert not words._forward_hooks
