from __future__ import annotations

import numpy as np
import pytest

from alerts.settings import DetectorSettings
from alerts.spread import Spread

SETTINGS = DetectorSettings(windows=(60,), profile_half_life_days=3650)


def learn(negative: np.ndarray, total: np.ndarray, expected: float, share: float) -> Spread:
    spread = Spread(SETTINGS, 1)
    for y, n in zip(negative, total, strict=True):
        spread.learn(0, np.array([y]), np.array([n]), np.array([expected]), np.array([share]), np.ones(1))
    return spread


@pytest.mark.parametrize("dispersion", [0.05, 0.4])
def test_finds_the_dispersion_of_a_negative_binomial(dispersion: float) -> None:
    random = np.random.default_rng(5)
    y = random.poisson(random.gamma(1 / dispersion, 10 * dispersion, 3000)).astype(np.float64)
    spread = learn(y, 3 * y, 10.0, 1 / 3)
    assert spread.dispersion[0, 0] == pytest.approx(dispersion, rel=0.25)


def test_poisson_counts_have_hardly_any() -> None:
    y = np.random.default_rng(5).poisson(10.0, 3000).astype(np.float64)
    assert learn(y, 3 * y, 10.0, 1 / 3).dispersion[0, 0] < 0.02


def test_finds_the_correlation_of_shares() -> None:
    random = np.random.default_rng(6)
    weight = 1 / 0.1 - 1
    share = random.beta(0.25 * weight, 0.75 * weight, 3000)
    n = np.full(3000, 40.0)
    y = random.binomial(40, share).astype(np.float64)
    assert learn(y, n, 10.0, 0.25).correlation[0, 0] == pytest.approx(0.1, rel=0.25)


def test_keys_that_are_learning_are_left_out() -> None:
    spread = Spread(SETTINGS, 1)
    before = spread.dispersion.copy()
    spread.learn(0, np.full(1, 99.0), np.full(1, 99.0), np.full(1, 9.0), np.full(1, 0.3), np.zeros(1))
    assert (spread.dispersion == before).all()
