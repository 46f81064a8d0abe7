"""How sure the numbers are: the fleets that would be needed if steps took what each draw of the calibration says.

A draw d has one factor s of a step's seconds for each configuration, from one set of coefficients for all of them, so
that what is wrong of one is wrong of the others alike; GPUs with a calibration of their own are drawn apart. Steps s
times as long carry, by the static model,
    capacity(limits / s) / s        in place of        capacity(limits)
and that ratio goes on top of what simulation made of the capacity. Each draw is solved again; low and high are the
quantiles of an 80 % interval. Capacities that the user measured are taken as measured.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from solvers.base import Estimate
from solvers.cost.serving.steps import decode_steps
from solvers.fleet.programme.case import Floats, Mix, Programme
from solvers.fleet.programme.solve import cheapest
from solvers.fleet.programme.without import only_offers
from solvers.fleet.supply.case import Ready
from solvers.fleet.supply.modelled import capacities
from solvers.fleet.why.answered import Answered
from solvers.fleet.why.changed import with_capacities
from solvers.serving.doubt import LEVEL, drawn_factors
from solvers.serving.setup import Setup
from solvers.serving.study import Study

# Draws that are solved again, of those that the calibration has.
DRAWS = 8
# How far from its best a fleet of a draw may be: much less than draws differ.
NEAR = 0.002
# Decodes of a step that is taken for all: a quarter of the most, 32 at the most (as serving's plans do).
PART, MOST = 0.25, 32.0


@dataclass(frozen=True)
class Drawn:
    """The cheapest mix of each draw, and that of the best single type, None where there is none; and those of none."""

    base: Mix
    alone: Mix | None
    mixes: tuple[Mix | None, ...]
    single: tuple[Mix | None, ...]

    @property
    def lost(self) -> int:
        """Draws without a plan."""
        return sum(mix is None for mix in self.mixes)

    def estimate(self, value: float, of: Callable[[Mix], float]) -> Estimate:
        """A quantity of the plan, between its quantiles over the draws."""
        own = of(self.base)
        scale = value / own if own > 0 else 1.0
        return _between(value, [scale * of(mix) for mix in self.mixes if mix is not None])

    def saving(self, value: float) -> Estimate:
        """The saving against the best single type, draw by draw; where that has no plan, it is left out."""
        pairs = zip(self.mixes, self.single, strict=True)
        saved = [_saved(one, other) for one, other in pairs if one and other]
        own = _saved(self.base, self.alone) if self.alone else value
        return _between(value, [value + one - own for one in saved])


def _saved(one: Mix, other: Mix) -> float:
    return 1.0 - one.value / other.value if other.value > 0 else 0.0


def _between(value: float, values: list[float]) -> Estimate:
    if not values:
        return Estimate(value, value, value)
    low, high = np.quantile(values, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0]).tolist()
    return Estimate(value, min(low, value), max(high, value))


def drawn(answered: Answered, single: tuple[int, ...]) -> Drawn:
    """Every draw solved again; `single` are the offers of the best single type."""
    ratios = [ratio_of(answered, one) for one in answered.supplies.ready]
    mixes, alone = [], []
    for draw in range(DRAWS if any((ratio != 1.0).any() for ratio in ratios) else 0):
        own = [
            c.capacity_per_s * ratio[draw] for c, ratio in zip(answered.programme.configurations, ratios, strict=True)
        ]
        programme = with_capacities(answered.programme, own)
        mixes.append(cheapest(programme, gap=NEAR))
        alone.append(_alone(programme, single, mixes[-1]))
    base = cheapest(only_offers(answered.programme, single)) if single and mixes else None
    return Drawn(answered.mix, base, tuple(mixes), tuple(alone))


def _alone(programme: Programme, single: tuple[int, ...], mix: Mix | None) -> Mix | None:
    """The cheapest mix of these offers: that of all where it buys none but these."""
    if not single or mix is None:
        return None
    bought = np.flatnonzero(mix.units.max(axis=1)).tolist()
    return mix if set(bought) <= set(single) else cheapest(only_offers(programme, single), gap=NEAR)


def ratio_of(answered: Answered, one: Ready) -> Floats:
    """What a configuration carries of each class with each draw, over what it carries: [DRAWS, K_s]."""
    carried = answered.supplies.services[one.service]
    if one.study is None or one.setup is None or one.measured:
        return np.ones((DRAWS, len(carried.classes)))
    limits = answered.spec.services[one.service].slo.limits
    plain = capacities(one, carried, limits)
    steps = step_factors(one.study, one.setup)
    some = [capacities(one, carried, {name: limit / s for name, limit in limits.items()}) / s for s in steps.tolist()]
    ratios: Floats = np.divide(some, plain, out=np.ones((DRAWS, len(plain))), where=plain > 0)
    return ratios


def step_factors(study: Study, setup: Setup) -> Floats:
    """Seconds of a step with each draw, over its seconds [DRAWS]."""
    decodes = np.array([max(1.0, min(PART * setup.max_num_seqs, MOST))])
    job = study.shop.job(setup)
    steps = decode_steps(decodes, np.array([study.shape.context]), job=job)
    offsets = study.shop.offsets(setup, apart=False)[:DRAWS]
    draws = study.shop.draws[:DRAWS]
    return drawn_factors(steps, job, draws, center=study.shop.coefficients, offsets=offsets)
