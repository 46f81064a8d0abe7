"""The cheapest fleet: which units of which offers, hour by hour, and who serves what. Exact.

Given     services s with classes k of requests at rates r[t, k] a second in the hours t; configurations c of a service
          on an offer, whose replica has g_c GPUs and carries q[c, k] requests a second of class k when it gets no
          others; offers o of units of G_o GPUs at p[o, t] dollars
Choose    units U[o, t] and replicas y[c, t], whole numbers; shares x[t, k, c] of each class's load
Minimise  the mean over t of sum_o p[o, t] U[o, t]                        (or grams of carbon in place of dollars)
Subject   sum_c x[t, k, c] = 1                                            every class with load is carried
          sum_k r[t, k] x[t, k, c] / q[c, k] <= (1 - h) y[c, t]           replicas keep a share h free
          sum over c of o: g_c y[c, t] <= G_o U[o, t]                     replicas stand on units
          U[o, t] <= available; U[o, t] the same in all hours where the offer is reserved
          sum_o w[l, o] U[o, t] <= m[l, t]                                limits: availability, power, GPUs
          mean over t of sum_o p[o, t] U[o, t] <= budget, and grams of carbon likewise
          the same shares' rows with h = 0 and other shares for each loss, y without what is lost
Assume    a replica that serves several classes has time for each in proportion (q is of a replica with that class
          alone); replicas fit into units without waste as GPUs divide them; counts may change each hour at no cost
"""

import math
from dataclasses import replace

import numpy as np

from solvers.base import Progress, silent
from solvers.fleet.programme.apart import keeps, services_of, solved_apart
from solvers.fleet.programme.balance import balanced
from solvers.fleet.programme.block import Block, Question
from solvers.fleet.programme.case import Ints, Mix, Programme
from solvers.fleet.programme.counts import carbon_of, objective_of, prices_of, stood_on
from solvers.fleet.programme.cuts import pools_of, scenes_of
from solvers.fleet.programme.hours import Outcome, by_hours
from solvers.fleet.programme.one import MOST_NODES
from solvers.fleet.programme.search import distinct, part_of
from solvers.fleet.programme.shares import count_of
from solvers.fleet.programme.without import counted_for, variants

# A budget may be passed by this share, for the sake of rounding; rounds of rows for the programme with fractions.
ROUNDING, ROUNDS = 1e-9, 200
# Shares of all distinct hours up to which they are solved in one model, and where a node may be lost (measured: 24
# hours of one service, 14 of them distinct, in 0.4 s in place of 1.0 with 756 shares; with any node lost in 0.1 in
# place of 0.3 with 252, but in 5.7 in place of 0.8 with 1,176).
AT_ONCE, AT_ONCE_LOST = 800, 300


def solve(programme: Programme, progress: Progress = silent, *, gap: float = 0.0) -> Mix | None:
    """The best mix to a relative `gap`, its shares balanced; None where no counts will do.

    ValueError where nothing can serve a class.
    """
    lost = unserved(programme)
    if lost:
        raise ValueError(f"no configuration serves class {lost[0][1]} of service {lost[0][0]}")
    mix = cheapest(programme, progress, gap=gap)
    return None if mix is None else balanced(counted_for(programme, mix), mix)


def cheapest(programme: Programme, progress: Progress = silent, *, gap: float = 0.0) -> Mix | None:
    """The best mix to a relative `gap`, without its shares; None where no counts will do."""
    progress(stage="Choosing the mix", fraction=0.0, candidates=0)
    found = [_cheapest(one, gap=gap) for one in variants(programme)]
    mix = min((one for one in found if one is not None), key=lambda one: one.value, default=None)
    progress(stage="Choosing the mix", fraction=1.0, candidates=0 if mix is None else mix.search.get("nodes", 0))
    if mix is None:
        return None
    return replace(mix, bound=min(one.bound for one in found if one is not None))


def _cheapest(programme: Programme, *, gap: float) -> Mix | None:
    if unserved(programme) or programme.head_room >= 1.0:
        return None
    free = replace(programme, budget_usd_per_hour=math.inf, most_carbon_g_per_hour=math.inf)
    mix = _mix(free, _counts(free, gap=gap))
    if mix is not None and not _within(programme, mix):
        mix = None if _hopeless(programme, mix) else _mix(programme, at_once(programme, gap=gap))
    return mix


def _counts(programme: Programme, *, gap: float) -> Outcome | None:
    """The best counts of a programme without budgets."""
    if services := services_of(programme, gap=gap):
        outcome = solved_apart(programme, services)
        if outcome is None or keeps(programme, outcome):
            return outcome
    return together_once(programme, gap=gap) if _few(programme) else by_hours(programme, gap=gap)


def _few(programme: Programme) -> bool:
    """Whether reserved units couple so few shares that one model of all hours is solved sooner than they are apart."""
    if programme.hours == 1 or not any(one.steady for one in programme.offers):
        return False
    scenes = scenes_of(programme)
    most = AT_ONCE_LOST if any(scene.lost for scene in scenes) else AT_ONCE
    return count_of(pools_of(programme, scenes), distinct(programme)[0]) <= most


def together_once(programme: Programme, *, gap: float = 0.0) -> Outcome | None:
    """All hours in one model without budgets, those that are alike as one that is paid as often as there are of it."""
    hours, alike = distinct(programme)
    outcome = at_once(part_of(programme, hours, np.bincount(alike)), gap=gap)
    if outcome is None:
        return None
    return replace(outcome, units=outcome.units[:, alike], replicas=outcome.replicas[:, alike])


def at_once(programme: Programme, *, gap: float = 0.0) -> Outcome | None:
    """All hours in one model: for budgets in the mean, which every hour has a part in."""
    block = _whole(programme)
    found = block.solve(gap=gap, nodes=MOST_NODES * programme.hours)
    if found is None:
        return None
    counts = block.counts
    return Outcome(found.x[counts.unit], found.x[counts.replica], found.bound, {"nodes": found.nodes, "programmes": 1})


def relaxed(programme: Programme) -> float | None:
    """The objective in the mean over the hours if fractions of units and replicas could be had, to a share of 1e-6."""
    found = [_relaxed(one) for one in variants(programme)]
    return min((one for one in found if one is not None), default=None)


def _relaxed(programme: Programme) -> float | None:
    if unserved(programme) or programme.head_room >= 1.0:
        return None
    block = _whole(programme)
    answer = block.relaxed(rounds=ROUNDS, gained=0.0, roughly=False)
    return answer.value * block.counts.scale / programme.hours if answer.x.size else None


def _whole(programme: Programme) -> Block:
    scenes = scenes_of(programme)
    return Block(Question(programme, np.arange(programme.hours), scenes, pools_of(programme, scenes)))


def _mix(programme: Programme, outcome: Outcome | None) -> Mix | None:
    if outcome is None:
        return None
    units = np.minimum(outcome.units, stood_on(programme, outcome.replicas))
    return mix_of(programme, units, outcome.replicas, outcome.bound, outcome.search)


def _within(programme: Programme, mix: Mix) -> bool:
    """Whether a mix keeps to the budgets."""
    carbon = float((carbon_of(programme) * mix.units).sum()) / programme.hours
    return (
        mix.cost_usd_per_hour <= programme.budget_usd_per_hour * (1.0 + ROUNDING)
        and carbon <= programme.most_carbon_g_per_hour * (1.0 + ROUNDING)
    )  # fmt: skip


def _hopeless(programme: Programme, mix: Mix) -> bool:
    """Whether the best there is without budgets is above its own."""
    carbon = programme.objective == "carbon"
    most = programme.most_carbon_g_per_hour if carbon else programme.budget_usd_per_hour
    return mix.bound > most * (1.0 + ROUNDING)


def mix_of(programme: Programme, units: Ints, replicas: Ints, bound: float, search: dict[str, int]) -> Mix:
    """A mix of these counts, without shares; `bound` is summed over the hours."""
    value = float((objective_of(programme) * units).sum()) / programme.hours
    emits = any(offer.carbon_g is not None for offer in programme.offers)
    return Mix(
        units=units,
        replicas=replicas,
        shares=(),
        value=value,
        bound=min(value, bound / programme.hours),
        cost_usd_per_hour=float((prices_of(programme) * units).sum()) / programme.hours,
        carbon_g_per_hour=float((carbon_of(programme) * units).sum()) / programme.hours if emits else None,
        search=search,
    )


def unserved(programme: Programme) -> list[tuple[int, int]]:
    """Services and classes with load that no configuration can serve."""
    found = []
    for service, rates in enumerate(programme.rates_per_s):
        served = np.zeros(rates.shape[1], dtype=bool)
        for one in programme.configurations:
            if one.service == service:
                served |= one.capacity_per_s > 0
        found += [(service, int(k)) for k in np.flatnonzero(~served & (rates > 0).any(axis=0))]
    return found
