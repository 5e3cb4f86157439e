import torch

from models.training.precision import has_bf16, mixed_precision

CPU = torch.device("cpu")


def test_products_are_bf16_only_where_wanted() -> None:
    one = torch.ones(2, 2)
    with mixed_precision(CPU, "bf16"):
        assert (one @ one).dtype == torch.bfloat16
    with mixed_precision(CPU, "float32"):
        assert (one @ one).dtype == torch.float32
    with mixed_precision(CPU, "auto"):
        assert ((one @ one).dtype == torch.bfloat16) == has_bf16(CPU)
    assert (one @ one).dtype == torch.float32
