import numpy as np
import pytest

from solvers.laws.law import loss_at
from solvers.laws.loss import chinchilla
from solvers.laws.loss.skaling import LAW


def test_the_loss_is_the_papers_formula() -> None:
    of = {"E": 1.7, "A": 2000.0, "B": 8000.0, "a": 0.6, "b": 0.5, "k": 0.4}

    found = loss_at(LAW, of, params=1e9, tokens=2e10)

    assert found == pytest.approx(1.7 + (2000.0 / 1e9**0.6 + 8000.0 / 2e10**0.5) ** 0.4, rel=1e-12)


def test_with_a_power_of_one_it_is_chinchilla() -> None:
    of = {"E": 1.7, "A": 400.0, "B": 2000.0}

    found = loss_at(LAW, {**of, "a": 0.3, "b": 0.35, "k": 1.0}, params=[1e8, 1e10], tokens=[1e11, 1e9])

    same = loss_at(chinchilla.LAW, {**of, "alpha": 0.3, "beta": 0.35}, params=[1e8, 1e10], tokens=[1e11, 1e9])
    assert np.abs(found / same - 1).max() < 1e-12
