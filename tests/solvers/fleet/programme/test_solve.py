"""The programme's answers, by hand and against other ways to the same question."""

import numpy as np
import pytest

from solvers.fleet.programme.case import Configuration, Programme, Supply
from solvers.fleet.programme.solve import cheapest, relaxed, solve
from tests.solvers.fleet.programme.cases import small
from tests.solvers.fleet.programme.enumerated import least


def melange(**changed: object) -> Programme:
    """The example of Melange's repository: two inputs by two outputs on A10G and A100 [griggs2024melange]."""
    fields: dict[str, object] = {
        "rates_per_s": (30.0 * np.array([[0.2, 0.1, 0.5, 0.2]]),),
        "configurations": (
            Configuration(0, 0, 1, np.array([2.0, 1.0, 5.0, 2.0])),
            Configuration(0, 1, 1, np.array([20.0, 20.0, 40.0, 20.0])),
        ),
        "offers": (Supply(1, np.array([1.01]), 1000), Supply(1, np.array([3.67]), 1000)),
    }
    return Programme(**(fields | changed))  # type: ignore[arg-type]


def test_melanges_example_costs_4_68_with_one_gpu_of_each_type() -> None:
    mix = solve(melange())

    assert mix is not None
    assert (mix.units.tolist(), round(mix.cost_usd_per_hour, 9), mix.gap) == ([[1], [1]], 4.68, 0.0)


def test_no_mix_fits_into_too_small_a_budget() -> None:
    assert solve(melange(budget_usd_per_hour=4.67)) is None


def test_a_class_that_nothing_serves_is_named() -> None:
    served = Configuration(0, 0, 1, np.array([2.0, 1.0, 5.0, 0.0]))

    with pytest.raises(ValueError, match="no configuration serves class 3 of service 0"):
        solve(melange(configurations=(served,)))


def test_fractions_of_gpus_would_all_be_a100s() -> None:
    assert relaxed(melange()) == pytest.approx((6 / 20 + 3 / 20 + 15 / 40 + 6 / 20) * 3.67)


@pytest.mark.parametrize("first", range(0, 200, 20))
def test_small_programmes_cost_what_trying_all_counts_finds(first: int) -> None:
    programmes = [small(seed) for seed in range(first, first + 20)]

    found = [cheapest(one) for one in programmes]

    assert [None if one is None else round(one.gap, 9) for one in found] == [
        None if one is None else 0.0 for one in found
    ]
    assert [None if one is None else pytest.approx(one.value, rel=1e-6, abs=1e-6) for one in found] == [
        least(one) for one in programmes
    ]


def test_gpus_that_cost_nothing_are_taken_first_and_none_stands_idle() -> None:
    plain = melange()
    owned = Supply(1, np.zeros(1), 1)

    mix = cheapest(melange(offers=(plain.offers[0], owned)))

    assert mix is not None
    assert (mix.units.tolist(), round(mix.value, 9)) == ([[1], [1]], 1.01)
