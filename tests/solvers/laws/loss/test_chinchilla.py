import numpy as np
import pytest

from solvers.laws.law import loss_at
from solvers.laws.loss.chinchilla import LAW


def test_the_loss_is_the_papers_formula() -> None:
    of = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}

    found = loss_at(LAW, of, params=[7e10, 1e9], tokens=[1.4e12, 1e10])

    by_hand = [1.69 + 406.4 / n**0.34 + 410.7 / d**0.28 for n, d in ((7e10, 1.4e12), (1e9, 1e10))]
    assert found == pytest.approx(np.array(by_hand), rel=1e-12)


def test_the_printed_coefficients_want_93_tokens_a_parameter_and_the_refit_18() -> None:
    flops = 5.76e23

    ratios = {}
    for one in (LAW.published[0], LAW.published[2]):
        of = one.coefficients
        # The optimum of equation 4 [hoffmann2022chinchilla].
        g = (of["alpha"] * of["A"] / (of["beta"] * of["B"])) ** (1 / (of["alpha"] + of["beta"]))
        params = g * (flops / 6) ** (of["beta"] / (of["alpha"] + of["beta"]))
        ratios[one.source] = flops / 6 / params**2

    assert ratios == pytest.approx({"hoffmann2022chinchilla": 92.6, "besiroglu2024chinchilla": 17.9}, rel=0.01)
