"""Small programmes of a few hours: two machines, and the first of them reserved."""

import numpy as np

from solvers.fleet.programme.case import Configuration, Programme, Supply


def supply(price, hours, **more):
    return Supply(gpus=1, price_usd=np.full(hours, price), most=more.pop("most", 40), **more)


def programme_of_hours(*, seed=0, hours=4, reserved=(), limits=(), **more) -> Programme:
    """Two offers of two machines, and each of the first at its `reserved` prices; three classes."""
    rng = np.random.default_rng(seed)
    capacities = rng.uniform(1.0, 5.0, (2, 3)) * [[1.0], [3.0]]
    offers = [supply(1.0, hours), supply(2.6, hours)] + [supply(one, hours, steady=True) for one in reserved]
    of = [0, 1, *(0 for _ in reserved)]
    return Programme(
        rates_per_s=(rng.uniform(1.0, 9.0, (hours, 3)),),
        configurations=tuple(Configuration(0, o, 1, capacities[machine]) for o, machine in enumerate(of)),
        offers=tuple(offers),
        limits=tuple(limits),
        **more,
    )
