"""Whether a service holds at further seeds, by what a few say of more load than theirs.

A seed that judges has L requests, which are luckier or unluckier than the mean ones: it holds up to a load that is
nearly normal with the relative deviation sigma (`solvers.fleet.proof.luck`). n seeds that long decide before:
    the mean share of good requests at (1 + z sigma sqrt(1 + 1 / n)) times the rate >= the target
where z is such that all SEEDS further seeds of all services hold with the chance SURE. Streams of a service differ
between hours only in their pace, so an unlucky one is unlucky in all of them, and counts once. All pools of a service
may be unlucky, by what their requests together are, or any one, by its own. Misses that do not depend on the load have
to be within what requests that miss independently of one another leave room for.
Short seeds come first: they are luckier than long ones, as queues have less time to grow, so what misses there misses.
"""

import math
from dataclasses import dataclass, field
from functools import cached_property
from statistics import NormalDist

import numpy as np

from solvers.fleet.proof.drawn import slices
from solvers.fleet.proof.looked import Asked, Looked, Otherwise, look, shares_of
from solvers.fleet.proof.luck import spread, variation
from solvers.fleet.proof.pools import Pools
from solvers.serving.attainment import counted

# Requests of a seed, of one that judges over those, and of queues that are known by a table alone: these are cheap.
SIZE, LONG, QUEUES = 3_000, 4, 4
# Seeds of requests that plans are tightened by, and how many of them are enough where the share is that far from the
# target. They are no other's.
TIGHTENING, FEW, CLEAR = (1, 2, 3, 4), 2, 0.04
# Seeds that judge; how sure a plan has to hold at all of them.
SEEDS, SURE = 5, 0.999


@dataclass(frozen=True)
class Seen:
    """What the seeds said: their mean share, the least of a further one (about, SURE), and whether it is enough."""

    mean: float
    least: float
    holds: bool


@dataclass
class Holding:
    """Decisions of one question, each made once."""

    pools: Pools
    known: dict[tuple[object, ...], Seen] = field(default_factory=dict)

    def of(self, asked: Asked) -> Seen:
        """Whether it holds."""
        if asked.key not in self.known:
            self.known[asked.key] = self._seen(asked)
        return self.known[asked.key]

    def size(self, asked: Asked) -> int:
        """Requests of a short seed."""
        tables = all(self.pools.supplies.ready[c].setup is None for c in np.flatnonzero(asked.replicas).tolist())
        return QUEUES * SIZE if tables else SIZE

    @cached_property
    def deviations(self) -> float:
        """How many standard deviations a further seed may be off."""
        return NormalDist().inv_cdf(SURE ** (1.0 / (SEEDS * len(self.pools.spec.services))))

    def _seen(self, asked: Asked) -> Seen:
        slo, size = self.pools.slo(asked.service), self.size(asked)
        short = [look(self.pools, asked, seed=seed, size=size) for seed in TIGHTENING[:FEW]]
        mean = float(np.mean(shares_of(short, slo)))
        deviation = max(one.deviation(slo) for one in short)
        least = mean - self.deviations * deviation * math.sqrt(1.0 / FEW + 1.0 / LONG)
        if mean >= slo.attainment:
            for faster in self.unlucky(asked):
                if least < slo.attainment:
                    break
                least = min(least, self._unlucky_share(asked, faster))
        return Seen(mean, least, least >= slo.attainment)

    def unlucky(self, asked: Asked) -> list[dict[int, float]]:
        """How many times as much each pool of a service gets at an unlucky seed: all of them, or one alone."""
        late = 1.0 - self.pools.slo(asked.service).attainment
        size = counted(LONG * self.size(asked))
        requests, off = size.stop - size.start, self.deviations * math.sqrt(1.0 + 1.0 / len(TIGHTENING))
        carried = self.pools.supplies.services[asked.service].shares
        parts = {c: part for c, part in enumerate(slices(asked.shares)) if float(carried @ part.weights) > 0.0}
        share = {c: float(carried @ part.weights) for c, part in parts.items()}
        square = {c: variation(self.pools, c, part) for c, part in parts.items()}

        def more(variance: float, part: float) -> float:
            waits = part * asked.rate_per_s * (self.pools.slo(asked.service).ttft or 0.0)
            return 1.0 + off * spread(late / part, variance, requests=int(part * requests), waiting=waits)

        together = more(sum(share[c] * square[c] for c in parts), 1.0)
        alone = {c: more(square[c], share[c]) for c in parts if late < share[c] < 1.0}
        return [dict.fromkeys(parts, together), *({c: one} for c, one in alone.items())]

    def _unlucky_share(self, asked: Asked, faster: dict[int, float]) -> float:
        """The mean share with so much more load."""
        slo, size = self.pools.slo(asked.service), LONG * self.size(asked)
        looks: list[Looked] = []
        mean = 0.0
        for seeds in (FEW, len(TIGHTENING)):
            more = TIGHTENING[len(looks) : seeds]
            looks += [
                look(self.pools, asked, seed=seed, size=size, otherwise=Otherwise(faster=faster)) for seed in more
            ]
            mean = float(np.mean(shares_of(looks, slo)))
            if abs(mean - slo.attainment) > CLEAR:
                break
        return mean
