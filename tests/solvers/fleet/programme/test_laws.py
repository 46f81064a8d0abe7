"""What must hold of the least cost whatever the programme: more asked or less there is never cheaper."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers.fleet.programme.case import Loss, Programme, Supply
from solvers.fleet.programme.solve import cheapest
from tests.solvers.fleet.programme.cases import small

SEEDS = st.integers(0, 10_000)
FEW = settings(max_examples=3, deadline=None, derandomize=True)


def cost(programme: Programme) -> float:
    mix = cheapest(programme)
    return np.inf if mix is None else mix.value


def priced(programme: Programme, factor: float) -> Programme:
    return replace(
        programme,
        objective="cost",
        offers=tuple(replace(one, price_usd=one.price_usd * factor) for one in programme.offers),
    )


def harder(programme: Programme) -> list[Programme]:
    """More load, higher prices, less of an offer, more head-room, one more loss, an offer less."""
    offers = programme.offers
    return [
        replace(programme, rates_per_s=tuple(rates * 1.2 for rates in programme.rates_per_s)),
        replace(programme, offers=tuple(replace(one, price_usd=one.price_usd + 1.0) for one in offers)),
        replace(programme, offers=(replace(offers[0], most=offers[0].most - 1), *offers[1:])),
        replace(programme, head_room=programme.head_room + 0.1),
        replace(programme, losses=(*programme.losses, Loss("zone", (1,)))),
        replace(
            programme,
            configurations=tuple(one for one in programme.configurations if one.offer != len(offers) - 1),
        ),
    ]


@FEW
@given(SEEDS)
def test_more_asked_or_less_there_is_never_cheaper(seed: int) -> None:
    programme = replace(small(seed), objective="cost")

    least = cost(programme)

    assert all(cost(each) >= least * (1 - 1e-6) - 1e-6 for each in harder(programme))


@FEW
@given(SEEDS)
def test_prices_scale_the_cost(seed: int) -> None:
    programme = replace(small(seed), budget_usd_per_hour=np.inf)

    assert cost(priced(programme, 3.0)) == pytest.approx(3.0 * cost(priced(programme, 1.0)), rel=1e-6, abs=1e-6)


@FEW
@given(SEEDS)
def test_the_order_of_classes_and_offers_leaves_the_cost(seed: int) -> None:
    programme = small(seed)
    count = len(programme.offers)
    offers: tuple[Supply, ...] = programme.offers[::-1]
    turned = replace(
        programme,
        rates_per_s=tuple(rates[:, ::-1] for rates in programme.rates_per_s),
        configurations=tuple(
            replace(one, offer=count - 1 - one.offer, capacity_per_s=one.capacity_per_s[::-1])
            for one in programme.configurations[::-1]
        ),
        offers=offers,
        limits=tuple(replace(one, weights=one.weights[::-1]) for one in programme.limits),
        losses=tuple(replace(one, offers=tuple(count - 1 - n for n in one.offers)) for one in programme.losses),
    )

    assert cost(turned) == pytest.approx(cost(programme), rel=1e-6, abs=1e-6)
