import numpy as np
import pytest

from solvers.scaling import halves


def test_half_of_an_interval_is_a_share_of_its_middle() -> None:
    assert halves.half({"value": 2.0, "low": 1.75, "high": 2.75}) == 0.25


def test_that_of_ln_loss_is_the_half_of_what_it_becomes() -> None:
    estimate = {"value": 2.0, "low": 2.0 * np.exp(-0.1), "high": 2.0 * np.exp(0.1)}

    assert halves.of_log(0.1) == pytest.approx(halves.half(estimate), rel=1e-12)


def test_an_interval_around_a_value_has_that_half() -> None:
    found = halves.around(2.0, 0.25)

    assert found == {"value": 2.0, "low": 1.5, "high": 2.5}
    assert halves.half(found) == 0.25


def test_halves_are_told_in_two_digits() -> None:
    shares = (0.0191, 0.5, 0.994, 0.9951, 1.0, 1.5)

    assert [halves.said(share) for share in shares] == ["1.9 %", "50 %", "99 %", "100 %", "100 %", "150 %"]
