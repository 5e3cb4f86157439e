import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from models.data import Example
from models.training.losses import batch_loss, divergence, make_targets, restricted_cross_entropy


def example(task: str, label: int, classes: tuple[int, ...] = ()) -> Example:
    return Example("1", "own", task, "a text", "a text", label, classes=classes)  # type: ignore[arg-type]


@given(st.integers(0, 2**31), st.floats(0, 0.5))
def test_over_all_classes_it_is_plain_cross_entropy(seed: int, smoothing: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    logits = 5 * torch.randn(6, 4, generator=generator)
    labels = torch.randint(4, (6,), generator=generator)
    ours = restricted_cross_entropy(logits, labels, torch.ones(6, 4, dtype=torch.bool), smoothing)
    theirs = cross_entropy(logits, labels, label_smoothing=smoothing, reduction="none")
    torch.testing.assert_close(ours, theirs)


@given(st.integers(0, 2**31), st.floats(0, 0.5))
def test_over_some_classes_it_is_cross_entropy_without_the_others(seed: int, smoothing: float) -> None:
    logits = torch.randn(5, 3, generator=torch.Generator().manual_seed(seed)).requires_grad_()
    labels = torch.tensor([0, 2, 2, 0, 2])
    allowed = torch.tensor([[True, False, True]]).expand(5, 3)
    ours = restricted_cross_entropy(logits, labels, allowed, smoothing)
    two = cross_entropy(logits[:, [0, 2]], labels // 2, label_smoothing=smoothing, reduction="none")
    torch.testing.assert_close(ours, two)
    ours.sum().backward()
    assert logits.grad is not None
    assert torch.equal(logits.grad[:, 1], torch.zeros(5))


def test_divergence_is_zero_for_the_teacher_alone() -> None:
    logits = torch.randn(4, 5)
    assert divergence(logits + 3, torch.log_softmax(logits, 1), 2.0).abs().max() < 1e-5
    assert (divergence(torch.randn(4, 5), torch.log_softmax(logits, 1), 2.0) > 0).all()


def test_rows_of_both_tasks_share_a_batch() -> None:
    targets = make_targets([example("tone", 2), example("topic", 1)], 0, (3, 4))
    heads = (torch.randn(2, 3), torch.randn(2, 4))
    expected = (
        cross_entropy(heads[0][:1], torch.tensor([2])) + cross_entropy(heads[1][1:], torch.tensor([1]))
    ) / 2
    torch.testing.assert_close(batch_loss(heads, targets, smoothing=0.0), expected)


def test_labels_and_teachers_share_the_loss_and_every_row_learns_on_both_heads() -> None:
    teacher = (torch.log_softmax(torch.randn(2, 3), 1), torch.log_softmax(torch.randn(2, 4), 1))
    targets = make_targets([example("tone", 2)], 1, (3, 4), teacher=teacher)
    heads = (torch.randn(2, 3, requires_grad=True), torch.randn(2, 4, requires_grad=True))
    loss = batch_loss(heads, targets, smoothing=0.0, distil_weight=0.25, distil_temperature=2.0)
    labelled = cross_entropy(heads[0][:1], torch.tensor([2]))
    taught = sum(divergence(head, says, 2.0).sum() for head, says in zip(heads, teacher, strict=True))
    torch.testing.assert_close(loss, (0.75 * labelled + 0.25 * taught) / 2)
    loss.backward()
    assert all(head.grad is not None and bool(head.grad.abs().sum(1).all()) for head in heads)


def test_a_heavier_row_counts_more() -> None:
    heads = (torch.randn(2, 3), torch.randn(2, 4))
    rows = [example("tone", 2), example("tone", 0)]
    targets = make_targets(rows, 0, (3, 4), weight=torch.tensor([1.5, 0.5]))
    each = cross_entropy(heads[0], torch.tensor([2, 0]), reduction="none")
    torch.testing.assert_close(batch_loss(heads, targets, smoothing=0.0), (1.5 * each[0] + 0.5 * each[1]) / 2)


def test_a_batch_takes_its_rows() -> None:
    targets = make_targets([example("tone", 2, (0, 2)), example("topic", 1)], 1, (3, 4))
    part = targets[torch.tensor([2, 0])]
    assert part.task.tolist() == [-1, 0]
    assert part.allowed[0].tolist() == [[True, True, True], [True, False, True]]
