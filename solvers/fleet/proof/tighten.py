"""Loads that the programme has to plan for, so that what it chooses holds when it is simulated.

Symbols: m[s, t] what the load of service s in hour t is multiplied by, N the replicas that the programme chose for it,
u how busy they then are (1 at the most), r the hour's rate. By its capacities N carries m r / u. Where N does not hold,
    m <- m / u (1 + STEP)        the least load that rules N out, and everything that carries less
so the next plan is the next cheapest one, and the first that holds is the cheapest of those tried. Where requests miss
by far, the rate r' at which N does hold is looked for, roughly, and the hour's load goes there at once:
    m <- m r / (r' u)
Hours of equal replicas and weights differ by their rates alone: the highest is simulated, and where it fails, the
others' are halved until the highest that holds is found.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from solvers.fleet.programme.case import Floats, Mix, Programme
from solvers.fleet.programme.solve import solve
from solvers.fleet.proof.case import loaded
from solvers.fleet.proof.holding import SIZE, TIGHTENING, Holding
from solvers.fleet.proof.looked import Asked, look
from solvers.serving.goodput import edge

# How much further a plan that failed is ruled out, growing with each failure; what is missed by far; how the rate that
# holds is then looked for.
STEP, FAR = 0.003, 0.04
CLOSE, SEEDS, LOWEST = 0.04, 2, 1.0 / 32.0
ROUNDS = 30
# Digits of weights that plans are told apart by.
DIGITS = 9


@dataclass(frozen=True)
class Group:
    """Hours in which a service has the same replicas and weights, the busiest first."""

    service: int
    hours: tuple[int, ...]


def hour_of(plain: Programme, mix: Mix, service: int, hour: int) -> Asked:
    """A service at an hour as it is simulated."""
    mine = np.array([one.service == service for one in plain.configurations])
    rate = float(plain.rates_per_s[service][hour].sum())
    replicas = np.where(mine, mix.replicas[:, hour], 0)
    return Asked(service, rate, replicas, np.round(mix.shares[service][hour], DIGITS))


def asked_at(plain: Programme, mix: Mix, service: int, hour: int) -> Asked:
    """The same with the head-room used up, which it has to hold with."""
    one = hour_of(plain, mix, service, hour)
    return one.at(one.rate_per_s / (1.0 - plain.head_room))


def groups(plain: Programme, mix: Mix) -> list[Group]:
    """All hours with load, grouped."""
    found: dict[tuple[object, ...], list[int]] = {}
    for service, rates in enumerate(plain.rates_per_s):
        total = rates.sum(axis=1)
        for hour in np.argsort(-total, kind="stable").tolist():
            if total[hour] > 0:
                asked = asked_at(plain, mix, service, hour)
                found.setdefault(asked.at(0.0).key, []).append(hour)
    services = [int(key[0]) for key in found]  # type: ignore[call-overload]
    return [Group(service, tuple(hours)) for service, hours in zip(services, found.values(), strict=True)]


def busy(programme: Programme, mix: Mix, service: int, hour: int) -> float:
    """How much of the time of a service's busiest replicas the programme counts as used, head-room left out."""
    highest = 0.0
    for c, one in enumerate(programme.configurations):
        if one.service == service and mix.replicas[c, hour] > 0:
            able = one.capacity_per_s > 0
            load = programme.rates_per_s[service][hour, able] * mix.shares[service][hour, able, c]
            highest = max(highest, float((load / one.capacity_per_s[able]).sum()) / mix.replicas[c, hour])
    return highest / (1.0 - programme.head_room)


@dataclass
class Tightening:
    """The search: `plain` is the programme without loads; `loads` [T] of each service only grow."""

    plain: Programme
    holding: Holding
    loads: tuple[Floats, ...]
    failures: tuple[Floats, ...] = field(init=False)
    rounds: int = 0

    def __post_init__(self) -> None:
        self.failures = tuple(np.zeros_like(load) for load in self.loads)

    @property
    def programme(self) -> Programme:
        """The question with its loads."""
        return loaded(self.plain, self.loads)

    def run(self, seen: Callable[[int, Mix], None]) -> Mix | None:
        """The first plan that holds wherever it has to; None where the limits leave none, or ROUNDS were not enough."""
        while self.rounds < ROUNDS:
            self.rounds += 1
            asked = self.programme
            mix = solve(asked)
            if mix is None:
                return None
            seen(self.rounds, mix)
            failed = [group for group in groups(self.plain, mix) if not self.holds(mix, group, 0)]
            if not failed:
                return mix
            for group in failed:
                self.tighten(asked, mix, group)
        return None

    def holds(self, mix: Mix, group: Group, place: int) -> bool:
        """Whether a group holds at one of its hours."""
        return self.holding.of(asked_at(self.plain, mix, group.service, group.hours[place])).holds

    def tighten(self, asked: Programme, mix: Mix, group: Group) -> None:
        """Loads that rule out what failed."""
        service, first = group.service, group.hours[0]
        one = asked_at(self.plain, mix, service, first)
        target = self.holding.pools.slo(service).attainment
        carried = self.loads[service][first] / busy(asked, mix, service, first)
        if self.holding.of(one).mean < target - FAR:
            hours, held = np.array(group.hours), self.held_rate(one)
            self.loads[service][hours] = np.maximum(self.loads[service][hours], carried * one.rate_per_s / held)
        self.rule_out(mix, Group(service, group.hours[: self._failing(mix, group)]))

    def rule_out(self, mix: Mix, group: Group) -> None:
        """Loads of these hours that what was chosen for them does not carry."""
        service, asked = group.service, self.programme
        least = [self.loads[service][hour] / busy(asked, mix, service, hour) for hour in group.hours]
        for hour, load in zip(group.hours, least, strict=True):
            self.failures[service][hour] += 1
            more = load * (1.0 + STEP * self.failures[service][hour])
            self.loads[service][hour] = max(self.loads[service][hour], more)

    def _failing(self, mix: Mix, group: Group) -> int:
        """How many of the hours fail, of which the first does."""
        fails, holds = 0, len(group.hours)
        while holds - fails > 1:
            middle = (fails + holds) // 2
            fails, holds = (fails, middle) if self.holds(mix, group, middle) else (middle, holds)
        return fails + 1

    def held_rate(self, one: Asked) -> float:
        """About the highest rate that these replicas do hold at; rather too high."""
        pools = self.holding.pools
        slo = pools.slo(one.service)

        def shares(rate: float) -> tuple[float, ...]:
            return tuple(look(pools, one.at(rate), seed=seed, size=SIZE).share(slo) for seed in TIGHTENING[:SEEDS])

        found = edge(
            shares, target=slo.attainment, guess=0.9 * one.rate_per_s, floor=LOWEST * one.rate_per_s,
            ceiling=one.rate_per_s, close=CLOSE,
        )  # fmt: skip
        return found.above_per_s or one.rate_per_s
