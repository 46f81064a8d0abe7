"""Loads and factors that the programme has to plan with, so that what it chooses holds when it is simulated.

Symbols: m[s, t] what the load of service s in hour t is multiplied by, N the replicas that the programme chose for it,
u how busy they then are (1 at the most), r the hour's rate. By its capacities N carries m r / u. Where N does not hold,
    m <- m / u (1 + STEP)        the least load that rules N out, and everything that carries less
so the next plan is the next cheapest one, and the first that holds is the cheapest of those tried (`choosing` has how
they are chosen). Where requests miss by far in all pools, the rate r' at which N does hold is looked for, roughly and
rather too high, and the hour goes there at once, by LEAP at the most:
    m <- m r / (r' u)
Where they miss by far in some pools and not in others, those are fitted to the classes that they got.
Hours of equal replicas and weights differ by their rates alone: the highest is simulated, and where it fails, the
others' are halved until the highest that holds is found.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from solvers.fleet.asked import programme_of
from solvers.fleet.programme.case import Floats, Mix, Programme
from solvers.fleet.programme.without import only_offers
from solvers.fleet.proof.case import loaded
from solvers.fleet.proof.choosing import Choosing
from solvers.fleet.proof.drawn import slices
from solvers.fleet.proof.fits import Fits
from solvers.fleet.proof.groups import Group, asked_at, busy, groups
from solvers.fleet.proof.holding import SIZE, TIGHTENING, Holding
from solvers.fleet.proof.looked import Asked, Looked, look, shares_of
from solvers.fleet.proof.pools import Pools
from solvers.serving.goodput import edge

# How much further a plan that failed is ruled out, growing with each failure; what is missed by far, and how far at
# once a load goes then; how the rate that holds is looked for.
STEP, FAR, LEAP = 0.003, 0.04, 1.25
CLOSE, SEEDS = 0.04, TIGHTENING[:2]
# Plans that are simulated, and times that one is solved again because it wants what was not simulated yet.
ROUNDS, FITTED = 40, 40

Seen = Callable[[str, int, Mix], None]


@dataclass(frozen=True)
class Tried:
    """A plan, with the programme and the loads that it was chosen for; `exact` where none is cheaper."""

    mix: Mix
    programme: Programme
    loads: tuple[Floats, ...]
    exact: bool

    def carried(self, service: int, hour: int) -> float:
        """The load of a service in an hour that its replicas carry at the most."""
        return float(self.loads[service][hour]) / busy(self.programme, self.mix, service, hour)


@dataclass
class Tightening:
    """The search: `plain` is the programme by the static model; `loads` [T] of each service only grow.

    `kept` are the offers that it may use (None: all); it ends without a plan where none is better than `below`.
    """

    pools: Pools
    kept: tuple[int, ...] | None = None
    below: float = math.inf
    plain: Programme = field(init=False)
    fits: Fits = field(init=False)
    holding: Holding = field(init=False)
    loads: tuple[Floats, ...] = field(init=False)
    failures: tuple[Floats, ...] = field(init=False)
    choosing: Choosing = field(default_factory=Choosing)
    rounds: int = 0

    def __post_init__(self) -> None:
        spec, supplies = self.pools.spec, self.pools.supplies
        self.plain = self._kept(programme_of(spec, supplies, np.ones(len(supplies.ready))))
        self.fits, self.holding = Fits(self.pools), Holding(self.pools)
        self.loads = tuple(np.ones(spec.hours) for _ in spec.services)
        self.failures = tuple(np.zeros(spec.hours) for _ in spec.services)

    @property
    def programme(self) -> Programme:
        """The question with what is known by now."""
        return self._kept(self.unkept())

    def unkept(self) -> Programme:
        """The same with all offers."""
        return loaded(programme_of(self.pools.spec, self.pools.supplies, self.fits.factors), self.loads)

    def _kept(self, programme: Programme) -> Programme:
        return programme if self.kept is None else only_offers(programme, self.kept)

    def run(self, seen: Seen) -> Tried | None:
        """The first plan that holds wherever it has to; None where there is none, or ROUNDS were not enough."""
        while self.rounds < ROUNDS:
            self.rounds += 1
            tried = self.fitted(seen)
            if tried is None or tried.mix.bound >= self.below:
                return None
            seen("simulating the fleet", self.rounds, tried.mix)
            failed = [group for group in groups(self.plain, tried.mix) if not self.holds(tried.mix, group, 0)]
            if not failed and tried.exact:
                return tried
            if not failed:
                self.choosing.settle()
            lowered: set[int] = set()
            for group in failed:
                if group.service not in lowered and self.tighten(tried, group):
                    lowered.add(group.service)
        return None

    def fitted(self, seen: Seen) -> Tried | None:
        """The cheapest plan, of replicas that were simulated."""
        for _ in range(FITTED):
            asked = self.programme
            chosen = self.choosing.plan(asked)
            if chosen is None:
                if not self.fits.widen():
                    return None
                continue
            mix = chosen.mix
            wanted = mix.replicas.max(axis=1)
            if not sum([self.fits.fit(c, int(wanted[c])) for c in np.flatnonzero(wanted).tolist()]):
                self.choosing.keep(asked, mix)
                return Tried(mix, asked, tuple(load.copy() for load in self.loads), chosen.exact)
            seen("simulating replicas", self.rounds, mix)
        return None

    def holds(self, mix: Mix, group: Group, place: int) -> bool:
        """Whether a group holds at one of its hours."""
        return self.holding.of(asked_at(self.plain, mix, group.service, group.hours[place])).holds

    def tighten(self, tried: Tried, group: Group) -> bool:
        """Loads that rule out what failed; or whether factors were lowered instead."""
        service, first = group.service, group.hours[0]
        one = asked_at(self.plain, tried.mix, service, first)
        if self.holding.of(one).mean < self.pools.slo(service).attainment - FAR:
            missed, parts = self._missed(one), slices(one.shares)
            if sum([self.fits.lower(c, parts[c]) for c in missed]):
                return True
            if not missed:
                leap = tried.carried(service, first) * min(one.rate_per_s / self.held_rate(one), LEAP)
                hours = np.array(group.hours)
                self.loads[service][hours] = np.maximum(self.loads[service][hours], leap)
        self.rule_out(tried, Group(service, group.hours[: self._failing(tried.mix, group)]))
        return False

    def _missed(self, one: Asked) -> list[int]:
        """The pools that miss by far, where others do not; none where all do."""
        slo, size = self.pools.slo(one.service), self.holding.size(one)
        seen = [look(self.pools, one, seed=seed, size=size).states[0][1] for seed in SEEDS]
        good = {
            parts[0].configuration: np.mean(shares_of([Looked(((1.0, (part,)),)) for part in parts], slo))
            / parts[0].share
            for parts in zip(*seen, strict=True)
        }
        missed = [c for c, share in good.items() if share < slo.attainment - FAR]
        return missed if len(missed) < len(good) else []

    def rule_out(self, tried: Tried, group: Group) -> None:
        """Loads of these hours that what was chosen for them does not carry."""
        service = group.service
        for hour in group.hours:
            self.failures[service][hour] += 1
            carried = tried.carried(service, hour)
            more = carried * (1.0 + STEP * self.failures[service][hour])
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
        pools = self.pools
        slo = pools.slo(one.service)

        def shares(rate: float) -> tuple[float, ...]:
            return tuple(shares_of([look(pools, one.at(rate), seed=seed, size=SIZE) for seed in SEEDS], slo))

        found = edge(
            shares, target=slo.attainment, guess=0.9 * one.rate_per_s, floor=one.rate_per_s / LEAP,
            ceiling=one.rate_per_s, close=CLOSE,
        )  # fmt: skip
        return found.above_per_s or one.rate_per_s
