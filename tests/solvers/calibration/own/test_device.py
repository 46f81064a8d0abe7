"""A device's own coefficients at points of an unbounded scale, and what of hardware and coefficients they stand for."""

from dataclasses import replace

import numpy as np
import pytest

from solvers.calibration.own.device import Device, beside, on
from solvers.cost.coefficients import DEFAULT
from tests.solvers.calibration.own.test_micro import HARDWARE

DEVICE = Device(("flops_per_s", "dispatch_s"), np.log([1e12, 1e-5]), np.array([[0.1, 0.0], [0.2, 0.3]]), apart=0.5)


def test_values_follow_the_factor_of_the_covariance() -> None:
    found = DEVICE.at(np.array([1.0, -1.0, 2.0]))

    assert found == pytest.approx({"flops_per_s": 1e12 * np.exp(0.1), "dispatch_s": 1e-5 * np.exp(-0.1)})


def test_steps_have_a_factor_of_their_own() -> None:
    assert DEVICE.beyond(np.array([[0.0, 0.0, 2.0], [1.0, 1.0, 0.0]])).tolist() == [1.0, 0.0]


def test_rates_are_shares_of_the_hardware_and_the_rest_are_coefficients() -> None:
    values = {"flops_per_s": 1.5e12, "memory_bytes_per_s": 5e9, "dispatch_s": 3e-6}

    assert on(HARDWARE, values) == replace(HARDWARE, achievable_compute=0.75, achievable_memory=0.25)
    assert beside(DEFAULT, values) == replace(DEFAULT, dispatch_s=3e-6)
    assert (on(HARDWARE, {}), beside(DEFAULT, {})) == (HARDWARE, DEFAULT)
