import numpy as np
import pytest

from solvers.laws.law import loss_at
from solvers.laws.loss.farseer import LAW
from solvers.laws.loss.terms import box_cox
from tests.solvers.laws.points import column, table


def test_the_loss_is_the_papers_formula() -> None:
    of = LAW.published[0].coefficients
    n, d = 1e9, 2e10

    found = loss_at(LAW, of, params=n, tokens=d)

    floor = np.exp(of["s"] * n ** of["q"] + of["S"])
    data = np.exp(of["B"] * n ** of["b"] + of["Q"]) * d ** -np.exp(of["A"] * n ** of["a"] + of["E"])
    assert found == pytest.approx(floor + data, rel=1e-11)


def test_the_published_coefficients_describe_their_own_runs_to_a_quarter_percent() -> None:
    rows = table("farseer_lt_1e21")

    found = loss_at(LAW, LAW.published[0].coefficients, params=column(rows, "N"), tokens=column(rows, "D"))

    assert np.abs(found / column(rows, "loss") - 1).mean() < 0.0025


def test_powers_near_zero_are_logarithms_and_change_smoothly() -> None:
    u = np.array([-8.0, -1e-3, 0.0, 1e-9, 2.0, 9.0])

    at_zero, slope = box_cox(np.zeros(1), u)
    below, above = (box_cox(np.array([q]), u)[0] for q in (-1e-5, 1e-5))

    assert at_zero == pytest.approx(u)
    assert slope == pytest.approx((above - below) / 2e-5, rel=1e-6, abs=1e-12)
