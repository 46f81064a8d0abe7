"""Hours solved apart, and what is bought for all of them."""

from dataclasses import replace

import numpy as np

from solvers.fleet.programme.balance import utilisation
from solvers.fleet.programme.case import Programme
from solvers.fleet.programme.solve import at_once, cheapest, solve
from tests.solvers.fleet.programme.test_solve import melange


def day() -> Programme:
    """Melange's example over four hours, its A100s also reserved at 0.6 of their price."""
    plain = melange()
    on_demand, reserved = plain.offers[1], replace(plain.offers[1], price_usd=np.array([0.6 * 3.67]), steady=True)
    return replace(
        plain,
        rates_per_s=(np.array([[0.5], [1.0], [2.5], [1.0]]) * plain.rates_per_s[0],),
        configurations=(*plain.configurations, replace(plain.configurations[1], offer=2)),
        offers=(plain.offers[0], on_demand, reserved),
    )


def test_hours_apart_cost_what_all_at_once_do() -> None:
    apart, whole = cheapest(day()), at_once(day())

    assert apart is not None
    assert whole is not None
    assert round(apart.value * 4, 6) == round(whole.bound, 6)
    assert len(set(apart.units[2].tolist())) == 1


def test_no_replica_has_more_than_its_time() -> None:
    mix = solve(day())

    assert mix is not None
    assert utilisation(day(), mix).max() <= 1 + 1e-6
    assert np.allclose(mix.shares[0].sum(axis=2), 1.0)
