import itertools

import pytest

from solvers.laws.fit.bench import made, recovery_error, replication
from solvers.laws.loss import get
from tests.solvers.laws.points import chinchilla


def test_five_parameters_without_noise_come_back_to_nine_digits() -> None:
    assert recovery_error() <= 1e-9


def test_the_points_of_chinchilla_give_the_refits_figures() -> None:
    found = replication(chinchilla(), clock=itertools.count().__next__, draws=400)

    assert found["objective"] <= 0.00101827403
    assert found["coefficients"] == pytest.approx(
        {"A": 477.83, "B": 2143.4, "E": 1.81722, "alpha": 0.34731, "beta": 0.367172}, rel=1e-3
    )
    spread = {"A": 117, "B": 1277, "E": 0.025, "alpha": 0.0146, "beta": 0.0204}
    assert found["spread"] == pytest.approx(spread, rel=0.2)
    assert (found["fit_s"], found["bootstrap_s"]) == (1, 1)


def test_made_points_are_fitted_back_to_what_made_them() -> None:
    found = replication(made(), clock=itertools.count().__next__, draws=50)

    truth = get("chinchilla").published[-1].coefficients
    off = {name: abs(found["coefficients"][name] - value) / found["spread"][name] for name, value in truth.items()}
    assert max(off.values()) < 3.0
