import torch
from torch import nn

from models.training.averaging import WeightAverage


def test_the_average_follows_and_gives_the_weights_back() -> None:
    network = nn.Linear(2, 1, bias=False)
    nn.init.zeros_(network.weight)
    average = WeightAverage(network, decay=0.9)
    for _ in range(50):
        with torch.no_grad():
            network.weight.fill_(1.0)
        average.update()
    assert 0.9 < float(average.average["weight"].mean()) < 1
    with average.applied():
        assert torch.equal(network.weight, average.average["weight"])
    assert torch.equal(network.weight, torch.ones(1, 2))


def test_frozen_parameters_are_left_alone() -> None:
    network = nn.Linear(2, 1)
    network.bias.requires_grad_(False)
    assert set(WeightAverage(network, decay=0.9).average) == {"weight"}
