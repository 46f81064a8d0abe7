"""How soon the cheapest mix is known: many small programmes, and one of a thousand classes over a day.

The small ones are of 80 classes of request sizes on 4 GPU types in one hour, drawn with fixed seeds, at the published
prices [griggs2024melange]; timed is the whole solution with its balanced shares, and the median of them is told. Beside
it stands what the same load costs where each class is cut into 8 equal parts of which each goes to one type, as in that
paper. The large one has 1,000 classes, 24 hours and 20 configurations: types on demand, reserved at 0.6 of that price,
and ten spot GPUs of each at 0.4, and no more than 40 GPUs of the two dearest. Once its hours differ in their rate
alone, once in the mix of classes as well. Both are solved once however often this is repeated.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from statistics import median
from typing import Any

import numpy as np

from solvers.fleet.programme.case import Configuration, Floats, Limit, Programme, Supply
from solvers.fleet.programme.solve import solve
from solvers.optimise.milp import Model, Rows

SEED = 20
INSTANCES, CLASSES = 100, 80
LARGE_CLASSES, LARGE_CONFIGURATIONS, HOURS = 1000, 20, 24
# Price and number of each type by term, and GPUs of the two dearest types together.
TERMS, DEAREST = ((1.0, 100_000), (0.6, 100_000), (0.4, 10)), 40
# Dollars an hour of L4, A10G, A100-80 and H100.
PRICES = (0.70, 1.01, 3.67, 7.516)
# Parts that a class is cut into, and nodes that their search may take: the best it has then is compared.
SLICES, SLICE_NODES = 8, 20
# Requests a second of all classes together; how a GPU's throughput grows with its price and spreads over classes.
RATES, LARGE_RATE, GROWTH, SPREAD = (1.0, 64.0), 64.0, 1.1, 0.4


def drawn(seed: int, *, classes: int, types: int, hours: int, rate: float | None = None, mixes: int = 1) -> Programme:
    """A programme with one offer for each type: long requests take longer, dearer GPUs less time.

    `mixes` of classes: one for all hours, or as many as there are hours.
    """
    rng = np.random.default_rng(seed)
    prices = np.array(PRICES) if types == len(PRICES) else np.exp(rng.uniform(np.log(0.5), np.log(12.0), types))
    tokens = np.exp(rng.uniform(np.log(25.0), np.log(32_000.0), classes))
    work = tokens / tokens.mean()
    capacity = prices[:, None] ** GROWTH / work**0.8 * np.exp(rng.normal(0.0, SPREAD, (types, classes)))
    total = np.exp(rng.uniform(*np.log(RATES))) if rate is None else rate
    day = 0.6 - 0.4 * np.cos(2.0 * np.pi * np.arange(hours) / hours) if hours > 1 else np.ones(1)
    return Programme(
        rates_per_s=(total * day[:, None] * rng.dirichlet(np.ones(classes), mixes),),
        configurations=tuple(Configuration(0, n, 1, one) for n, one in enumerate(capacity)),
        offers=tuple(Supply(1, np.full(hours, price), 100_000) for price in prices),
    )


def sliced(programme: Programme, *, slices: int, nodes: int | None) -> float:
    """The least cost of one hour where each class is cut into equal parts and no part is shared [griggs2024melange].

    Parts of a class are alike, so how many go to each type says it all: whole numbers [K, C].
    """
    rates = programme.rates_per_s[0][0]
    capacity = np.array([one.capacity_per_s for one in programme.configurations]).T
    prices = np.array([one.price_usd[0] for one in programme.offers])
    classes, types = capacity.shape
    parts, size = np.arange(classes * types).reshape(classes, types), classes * types
    upper: Floats = np.concatenate([np.full(size, float(slices)), np.full(types, np.inf)])
    model = Model(np.concatenate([np.zeros(size), prices]), lower=np.zeros(size + types), upper=upper, whole=upper > 0)
    model.add(
        Rows(
            row=np.concatenate(
                [np.repeat(np.arange(classes), types), classes + np.tile(np.arange(types), classes + 1)]
            ),
            column=np.concatenate([parts.ravel(), parts.ravel(), size + np.arange(types)]),
            value=np.concatenate([np.ones(size), (rates[:, None] / slices / capacity).ravel(), np.full(types, -1.0)]),
            lower=np.concatenate([np.full(classes, float(slices)), np.full(types, -np.inf)]),
            upper=np.concatenate([np.full(classes, float(slices)), np.zeros(types)]),
        )
    )
    return model.solve(nodes=nodes).value


def run(clock: Callable[[], float]) -> dict[str, Any]:
    """One repeat, timed by the caller's `clock` (seconds)."""
    seconds = []
    for seed in range(SEED, SEED + INSTANCES):
        programme = drawn(seed, classes=CLASSES, types=len(PRICES), hours=1)
        start = clock()
        solve(programme)
        seconds.append(clock() - start)
    return {
        "seconds_80x4": median(seconds),
        "worst_seconds_80x4": max(seconds),
        "instances": INSTANCES,
        **_ratios(INSTANCES),
        **_large(clock, "1000x20x24", 1),
        **_large(clock, "1000x20x24_mixes", HOURS),
        "workload": (
            f"{INSTANCES} programmes of {CLASSES} classes on {len(PRICES)} GPU types in one hour, to the optimum; "
            f"two of {LARGE_CLASSES} classes, {LARGE_CONFIGURATIONS} configurations and {HOURS} hours, "
            "in one the mix of classes differs in every hour"
        ),
    }


@cache
def _ratios(instances: int) -> dict[str, float]:
    """What the cut classes cost over what the shared ones do."""
    ratios = []
    for seed in range(SEED, SEED + instances):
        programme = drawn(seed, classes=CLASSES, types=len(PRICES), hours=1)
        mix = solve(programme)
        if mix is not None:
            ratios.append(sliced(programme, slices=SLICES, nodes=SLICE_NODES) / mix.value)
    return {"least_slices_cost_ratio": min(ratios), "mean_slices_cost_ratio": float(np.mean(ratios))}


def large(*, mixes: int = 1) -> Programme:
    """Types on three terms over a day, with a limit of the dearest; `mixes` of classes as in `drawn`."""
    types = -(-LARGE_CONFIGURATIONS // len(TERMS))
    plain = drawn(SEED, classes=LARGE_CLASSES, types=types, hours=HOURS, rate=LARGE_RATE, mixes=mixes)
    pairs = [(n, term) for n in range(types) for term in range(len(TERMS))][:LARGE_CONFIGURATIONS]
    price = np.array([one.price_usd[0] for one in plain.offers])
    dear = np.isin([n for n, _ in pairs], np.argsort(price)[-2:]).astype(np.float64)
    return replace(
        plain,
        configurations=tuple(replace(plain.configurations[n], offer=index) for index, (n, _) in enumerate(pairs)),
        offers=tuple(
            Supply(1, plain.offers[n].price_usd * TERMS[term][0], TERMS[term][1], steady=term == 1) for n, term in pairs
        ),
        limits=(Limit("dearest", dear, np.full(HOURS, float(DEAREST))),),
    )


@cache
def _large(clock: Callable[[], float], name: str, mixes: int) -> dict[str, Any]:
    programme = large(mixes=mixes)
    start = clock()
    mix = solve(programme)
    seconds = clock() - start
    return {f"seconds_{name}": seconds, f"gap_{name}": None if mix is None else mix.gap}
