"""How far given machines are from carrying a load, and who serves what then.

Given     classes k at rates r[k]; families f with b[f] machines, of which one needs a[k, f] seconds for a request
Choose    shares x[k, f] of each class, and u
Minimise  u + e sum over k, f of r[k] a[k, f] x[k, f] / d[f]                 e: a tiny weight of the total load, or 0
Subject   sum_f x[k, f] = 1;   sum_k r[k] a[k, f] x[k, f] <= b[f] + u d[f]   for a direction d > 0
Prices    the duals p[f] of the second rows, with sum_f p[f] d[f] = 1: for any such p >= 0
          sum_k r[k] min_f a[k, f] (p[f] + e / d[f]) - sum_f p[f] b[f]  <=  the least value
          so that machines y can carry the load only if  sum_f p[f] y[f] >= sum_k r[k] min_f a[k, f] p[f]  (a cut)
Method    with few shares, as it stands. With many, groups of classes first, then the shares whose price is near the
          least of their class, then those that the prices still ask for, until both sides meet.
"""

from dataclasses import dataclass

import numpy as np

from solvers.fleet.programme.case import Bools, Floats, Ints
from solvers.fleet.programme.families import Families
from solvers.optimise.milp import Model, Rows

# Shares up to which the programme is solved as it stands, how near a share's price is to the least of its class to be
# looked at, and where both sides have met.
FEW, NEAR, NEARER, MET = 4000, 0.3, 1e-3, 1e-8
# Share of what groups of classes find short that is short for sure: then it is not asked more exactly.
MOST = 0.3
# What a price is at least, as a share: so that no family looks free.
FLOOR = 1e-12
# Rounds of asking for more shares; each takes in all that the prices ask for, so that few are needed.
ROUNDS = 60


@dataclass(frozen=True)
class Deal:
    """The least u (infinite where a class is not served), prices [F] and shares [K, F]."""

    u: float
    prices: Floats
    shares: Floats


@dataclass(frozen=True)
class Load:
    """Rates [K], seconds [K, F], machines [F] there and their direction [F], and the weight of the total load.

    With `sign` the question is whether u is above 0, not by how much.
    """

    rates: Floats
    seconds: Floats
    machines: Floats
    direction: Floats
    weight: float = 0.0
    sign: bool = False

    def least(self, prices: Floats) -> float:
        """What the value is at least, by these prices."""
        each = (self.seconds * (prices + self.weight / self.direction)).min(axis=1)
        return float(self.rates @ each - prices @ self.machines)


def dealt(load: Load, families: Families) -> Deal:
    """The best deal. Families that are not to be used have infinite seconds; their direction does not matter."""
    asked, used = load.rates > 0, np.isfinite(load.seconds).any(axis=0)
    served = np.isfinite(load.seconds)
    prices, shares = np.zeros(len(load.machines)), np.zeros(load.seconds.shape)
    if not asked.any() or not served[asked].any(axis=1).all():
        return Deal(np.inf if asked.any() else -np.inf, prices, shares)
    part = Load(
        load.rates[asked],
        load.seconds[np.ix_(asked, used)],
        load.machines[used],
        load.direction[used],
        load.weight,
        load.sign,
    )
    if part.seconds.size <= FEW:
        found = _solved(part, np.isfinite(part.seconds))
    else:
        first = rough(part, families.group[asked])
        found = (
            Deal(first.u, _priced(first.prices, part.direction), np.zeros(0))
            if _plain(part, first)
            else _sifted(part, first.prices)
        )
    prices[used] = found.prices
    shares[np.ix_(asked, used)] = found.shares if found.shares.size else 0.0
    return Deal(found.u, prices, shares)


def _plain(load: Load, first: Deal) -> bool:
    """Whether groups of classes say for sure that u is not above 0, or that it is and by most of what they say."""
    least = load.least(_priced(first.prices, load.direction))
    return load.sign and (first.u <= 0 or least > MOST * first.u)


def rough(load: Load, group: Ints) -> Deal:
    """The deal of groups of classes with their mean seconds: a possible one, so its u is too high if anything."""
    _, label = np.unique(group, return_inverse=True)
    rates = np.bincount(label, weights=load.rates).astype(np.float64)
    seconds = np.array([np.bincount(label, weights=load.rates * one) for one in load.seconds.T]).T / rates[:, None]
    if not np.isfinite(seconds).any(axis=1).all():
        return Deal(np.inf, np.ones(len(load.machines)) / load.direction.sum(), seconds)
    return _solved(Load(rates, seconds, load.machines, load.direction, load.weight), np.isfinite(seconds))


def _sifted(load: Load, prices: Floats) -> Deal:
    """The best deal by way of the shares that prices near these ask for."""
    prices = _priced(prices, load.direction)
    centre, low, columns = prices, load.least(prices), _near(load, prices, NEAR)
    found = Deal(np.inf, prices, np.zeros(0))
    for _ in range(ROUNDS):
        found, before = _solved(load, columns), int(columns.sum())
        for one in (_priced(found.prices, load.direction), _priced((found.prices + centre) / 2, load.direction)):
            columns |= _near(load, one, NEARER)
            value = load.least(one)
            if value > low:
                low, centre = value, one
        met = _value(load, found) - low <= MET * max(1.0, abs(low))
        if met or columns.sum() == before or (load.sign and (found.u <= 0 or low > 0)):
            break
    return found if found.u <= 0 or not load.sign else Deal(found.u, centre, found.shares)


def _value(load: Load, found: Deal) -> float:
    each = load.rates @ (np.where(found.shares > 0, load.seconds, 0.0) * found.shares)
    return found.u + load.weight * float((each / load.direction).sum())


def _priced(prices: Floats, direction: Floats) -> Floats:
    prices = np.maximum(prices, 0.0) + FLOOR / direction
    return prices / (prices @ direction)


def _near(load: Load, prices: Floats, how: float) -> Bools:
    """Shares [K, F] whose price is within `how` of the least of their class."""
    each = load.seconds * (prices + load.weight / load.direction)
    near: Bools = np.isfinite(each) & (each <= each.min(axis=1, keepdims=True) * (1.0 + how))
    return near


def _solved(load: Load, columns: Bools) -> Deal:
    """The best deal with these shares only; a class with one of them has no choice."""
    free = columns.sum(axis=1) > 1
    shares = np.where(columns & ~free[:, None], 1.0, 0.0)
    work = load.rates[:, None] * np.where(columns, load.seconds, 0.0) / load.direction
    fixed = (work * shares).sum(axis=0)
    k, f = np.nonzero(columns & free[:, None])
    row = np.cumsum(free) - 1
    classes, families, size = int(free.sum()), len(load.machines), len(k)
    cost = np.concatenate([load.weight * work[k, f], [1.0]])
    least = np.concatenate([np.zeros(size), [-np.inf]])
    model = Model(cost, lower=least, upper=np.full(size + 1, np.inf))
    model.add(
        Rows(
            row=np.concatenate([row[k], classes + f, classes + np.arange(families)]),
            column=np.concatenate([np.arange(size), np.arange(size), np.full(families, size)]),
            value=np.concatenate([np.ones(size), work[k, f], np.full(families, -1.0)]),
            lower=np.concatenate([np.ones(classes), np.full(families, -np.inf)]),
            upper=np.concatenate([np.ones(classes), load.machines / load.direction - fixed]),
        )
    )
    answer = model.solve()
    shares[k, f] = np.clip(answer.x[:-1], 0.0, 1.0)
    return Deal(float(answer.x[-1]), -answer.duals[classes:] / load.direction, shares)
