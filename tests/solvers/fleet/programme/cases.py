"""Small programmes drawn by chance, with every feature in a share of them."""

from dataclasses import replace

import numpy as np

from solvers.fleet.programme.case import Configuration, Floats, Limit, Loss, Programme, Supply


def small(seed: int) -> Programme:
    """One to three hours, one or two services, two or three offers of two types, few GPUs of each."""
    rng = np.random.default_rng(seed)
    hours, services = int(rng.integers(1, 4)), int(rng.integers(1, 3))
    offers = int(rng.integers(2, 4))
    types = rng.integers(0, 2, offers)
    units = rng.choice([1, 1, 1, 2], offers)
    scale = 10.0 ** rng.integers(-3, 7)
    rates = tuple(
        scale * rng.uniform(0.3, 1.6, (hours, 1)) * rng.dirichlet(np.ones(3), hours if rng.random() < 0.5 else 1)
        for _ in range(services)
    )
    base = scale * np.exp(rng.normal(0.0, 0.6, (services, 2, 3)))
    base[rng.random(base.shape) < 0.1] = 0.0
    configurations = [
        Configuration(s, o, int(g), base[s, types[o]] * g**0.8 * (0.9 if o == 2 else 1.0))
        for s in range(services)
        for o in range(offers)
        for g in ([1, 2] if units[o] == 2 and rng.random() < 0.5 else [1])
    ]
    supplies = tuple(
        Supply(
            gpus=int(units[o]),
            price_usd=np.round(rng.choice([0.0, 1.0, 30.0]) * rng.uniform(0.5, 2.0, hours), 2),
            most=int(rng.integers(1, 4)),
            steady=bool(rng.random() < 0.35),
            node_gpus=int(units[o]),
            carbon_g=rng.uniform(50, 200, hours),
        )
        for o in range(offers)
    )
    limits = (Limit("gpus", units.astype(np.float64), np.full(hours, 5.0)),) if rng.random() < 0.3 else ()
    losses = []
    if rng.random() < 0.2:
        losses.append(Loss("node", tuple(range(offers)), node=True))
    if rng.random() < 0.2:
        losses.append(Loss("zone", (0,)))
    return Programme(
        rates_per_s=rates,
        configurations=tuple(configurations),
        offers=supplies,
        limits=limits,
        losses=tuple(losses),
        head_room=float(rng.choice([0.0, 0.1])),
        budget_usd_per_hour=float(rng.uniform(5, 60)) if rng.random() < 0.2 else np.inf,
        most_carbon_g_per_hour=float(rng.uniform(200, 800)) if rng.random() < 0.2 else np.inf,
        objective="carbon" if rng.random() < 0.2 else "cost",
    )


def on_nodes(seed: int) -> Programme:
    """One hour and service with GPUs of nodes of two to four, one of which may be lost.

    The service has two setups on every offer, so that a node may hold replicas of both.
    """
    rng = np.random.default_rng(seed)
    plain = small(seed)
    first = [one for one in plain.configurations if one.gpus == 1 and one.service == 0]
    more = [replace(one, gpus=int(rng.integers(1, 3)), capacity_per_s=_another(rng, one)) for one in first]
    offers = tuple(
        replace(one, gpus=1, price_usd=one.price_usd[:1], carbon_g=None, most=int(most), node_gpus=int(node))
        for one, most, node in zip(plain.offers, rng.integers(3, 7, 3), rng.integers(2, 5, 3), strict=False)
    )
    node = Loss("node", tuple(range(len(offers))), node=True)
    return Programme((plain.rates_per_s[0][:1],), (*first, *more), offers, losses=(node,))


def _another(rng: np.random.Generator, one: Configuration) -> Floats:
    """What another setup on the same GPU carries: better at some sizes, worse at others."""
    return np.roll(one.capacity_per_s, 1) * rng.uniform(0.7, 1.6)
