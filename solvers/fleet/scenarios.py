"""Random questions for the fleet planner, and whether its plans hold on requests that nobody planned by.

`python -m solvers.fleet.scenarios [COUNT [FIRST]]` prints one line for each: the plan and its cost, by how much the
share of good requests is above its target, for each service in its worst hour and at the worst of five fresh seeds; the
same of the cheapest fleet by capacities alone, in the busiest hour; and what the plan has too much: the largest share
of its dearest hour's cost that one replica less would save, where those five seeds would hold all the same. Nobody
knows them before, so it cannot be nothing.
A scenario has one to three services of models of 1B to 70B parameters, with traffic, latencies and demand of their own,
and a market of two to six offers over 1 to 24 hours. Requests are as many as a small fleet carries; latencies are
from tight to loose around what people ask for [zhong2024distserve]. All of it follows from the scenario's number.
"""

import sys
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from solvers.fleet.programme.balance import balanced
from solvers.fleet.programme.case import Mix, Programme
from solvers.fleet.programme.without import counted_for
from solvers.fleet.proof.case import Proof
from solvers.fleet.proof.groups import groups, hour_of
from solvers.fleet.proof.holding import LONG, Holding
from solvers.fleet.proof.looked import look, shares_of
from solvers.fleet.proof.pools import Pools
from solvers.fleet.proof.prove import plain_of, prove
from solvers.fleet.spec import FleetSpec
from solvers.fleet.supply.supplies import supplies

COUNT = 50
FRESH = tuple(range(10_001, 10_006))
MODELS = (
    "llama-3.2-1b", "llama-3.2-3b", "mistral-7b", "llama-3.1-8b", "qwen2.5-14b", "mistral-small-24b", "qwen3-30b-a3b",
    "qwen2.5-32b", "llama-3.1-70b",
)  # fmt: skip
# Dollars a GPU-hour about which each scenario's prices lie: published ones of 2024 (`solvers/catalogue/prices`).
GPUS = {"l4": 0.8, "a10g": 1.01, "l40s": 1.9, "a100-80": 3.67, "h100-sxm": 7.5, "h200-sxm": 9.0}
DAY = (0.3, 0.2, 0.2, 0.3, 0.6, 0.9, 1.0, 0.9, 0.8, 0.9, 0.7, 0.5)


def scenario(number: int) -> FleetSpec:
    """The question of a number."""
    rng = np.random.default_rng([number, 4])
    hours = int(rng.choice([1, 1, 2, 6, 12, 24]))
    names = rng.choice(list(GPUS), size=int(rng.integers(2, 7)), replace=False).tolist()
    return FleetSpec.model_validate(
        {
            "kind": "fleet",
            "name": f"scenario {number}",
            "seed": number,
            "services": [_service(rng, place, hours) for place in range(int(rng.integers(1, 4)))],
            "market": [_offer(rng, name) for name in names],
        }
    )


def _service(rng: np.random.Generator, place: int, hours: int) -> dict[str, Any]:
    outputs = float(rng.choice([60, 150, 300, 500]))
    slow = float(rng.choice([0.04, 0.06, 0.1]))
    return {
        "name": f"s{place}",
        "model": str(rng.choice(MODELS)),
        "traffic": {
            "rate": round(float(np.exp(rng.uniform(np.log(0.5), np.log(40.0)))), 2),
            "arrivals": "gamma" if rng.random() < 0.2 else "poisson",
            "input": {"mean": float(rng.choice([200, 800, 2500])), "cv": round(float(rng.uniform(0.3, 1.2)), 2)},
            "output": {"mean": outputs, "cv": round(float(rng.uniform(0.3, 1.0)), 2)},
        },
        "slo": {
            "ttft": float(rng.choice([1.0, 2.0, 4.0])),
            "tpot": slow,
            "attainment": float(rng.choice([0.9, 0.9, 0.95])),
        },
        "router": str(rng.choice(["input", "input_and_output"])),
        "demand": _demand(rng, hours),
    }


def _demand(rng: np.random.Generator, hours: int) -> list[float]:
    day = np.interp(np.linspace(0.0, len(DAY) - 1.0, hours), np.arange(len(DAY)), np.roll(DAY, int(rng.integers(12))))
    return np.round(day * rng.uniform(0.9, 1.1, hours), 3).tolist() if hours > 1 else []


def _offer(rng: np.random.Generator, gpu: str) -> dict[str, Any]:
    price = round(GPUS[gpu] * float(np.exp(rng.normal(0.0, 0.25))), 3)
    spot = rng.random() < 0.2
    return {"gpu": gpu, "price": price * (0.5 if spot else 1.0), **({"term": "spot"} if spot else {})}


@dataclass(frozen=True)
class Told:
    """A scenario's plan: the least share at a fresh seed over its target by service.

    `alone` is the share over the target of the cheapest fleet by capacities alone, which nothing had simulated.
    `spare` are the shares of the dearest hour's cost of a replica less of each configuration, 0 where that misses.
    """

    number: int
    plan: str
    cost: float
    margins: tuple[float, ...]
    spare: tuple[float, ...] = ()
    alone: tuple[float, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether each service holds at each fresh seed."""
        return min(self.margins, default=0.0) >= 0.0

    @property
    def too_much(self) -> float:
        """The largest share of the cost that one replica less would save."""
        return max(self.spare, default=0.0)


def told(number: int, *, spare: bool = False) -> Told:
    """What became of a scenario. Without a plan there is nothing that could miss."""
    spec = scenario(number)
    known = supplies(spec)
    proof = None if known.unserved else prove(spec, known)
    if not isinstance(proof, Proof):
        reason = f"nothing serves {known.unserved[0].label}" if known.unserved else "no plan"
        return Told(number, reason, 0.0, ())
    used = np.flatnonzero(proof.mix.units.max(axis=1)).tolist()
    plan = " + ".join(f"{proof.mix.units[o].max()} {spec.offers[o].name}" for o in used)
    fresh = Fresh(plain_of(spec, known), Holding(Pools(spec, known)))
    targets = [service.slo.attainment for service in spec.services]
    return Told(
        number,
        plan,
        proof.mix.cost_usd_per_hour,
        fresh.margins(proof.mix),
        fresh.spare(proof) if spare else (),
        tuple(float(share) - target for share, target in zip(proof.first.attained, targets, strict=True)),
    )


@dataclass(frozen=True)
class Fresh:
    """Simulations of one question that nothing was planned by."""

    plain: Programme
    holding: Holding

    def margins(self, mix: Mix) -> tuple[float, ...]:
        """The least share of good requests over the target, of each service, over hours and fresh seeds."""
        found: dict[int, float] = {}
        for group in groups(self.plain, mix):
            least = self.margin(mix, group.service, group.hours[0])
            found[group.service] = min(found.get(group.service, least), least)
        return tuple(found[service] for service in sorted(found))

    def margin(self, mix: Mix, service: int, hour: int) -> float:
        """The same of one service at an hour."""
        asked, slo = hour_of(self.plain, mix, service, hour), self.holding.pools.slo(service)
        size = LONG * self.holding.size(asked)
        looks = [look(self.holding.pools, asked, seed=seed, size=size) for seed in FRESH]
        return min(shares_of(looks, slo)) - slo.attainment

    def spare(self, proof: Proof) -> tuple[float, ...]:
        """Of each configuration in the dearest hour, what a replica less saves where the plan then holds."""
        programme, mix = proof.programme, proof.mix
        dollars = np.array([one.gpus / programme.offers[one.offer].gpus * programme.offers[one.offer].price_usd
                            for one in programme.configurations])  # fmt: skip
        by_hour = (dollars * mix.replicas).sum(axis=0)
        hour = int(by_hour.argmax())
        return tuple(
            float(dollars[c, hour] / by_hour[hour]) if self._holds_without(proof, c, hour) else 0.0
            for c in np.flatnonzero(mix.replicas[:, hour]).tolist()
        )

    def _holds_without(self, proof: Proof, c: int, hour: int) -> bool:
        service, less = proof.programme.configurations[c].service, proof.mix.replicas.copy()
        less[c, hour] -= 1
        try:
            mix = balanced(counted_for(proof.programme, proof.mix), replace(proof.mix, replicas=less))
        except ValueError:  # no replica is left for some class
            return False
        loaded = proof.programme.rates_per_s[service][hour] > 0
        served = np.allclose(mix.shares[service][hour].sum(axis=1)[loaded], 1.0)
        return bool(served) and self.margin(mix, service, hour) >= 0.0


def main(arguments: list[str]) -> None:
    """Print scenarios and, at the end, how many hold."""
    count, first = [int(one) for one in [*arguments, *(str(COUNT), "0")[len(arguments) :]]]
    every = []
    for number in range(first, first + count):
        one = told(number, spare=True)
        every.append(one)
        sys.stdout.write(line(one))
        sys.stdout.flush()
    sys.stdout.write(summary(every))


def line(one: Told) -> str:
    """What is printed of a scenario."""
    margins, alone = (", ".join(f"{part:+.3f}" for part in parts) or "-" for parts in (one.margins, one.alone))
    told_of = f"{margins}; by capacities alone {alone}; {one.too_much:.1%}"
    return f"{one.number:3d}  {one.cost:8.2f} USD/h  {one.plan}: {told_of}\n"


def summary(every: list[Told]) -> str:
    """How many plans hold, by how much at the least, and what they have too much."""
    planned = [one for one in every if one.margins]
    least = min((margin for one in planned for margin in one.margins), default=0.0)
    too_much = [one.too_much for one in planned] or [0.0]
    return (
        f"{sum(one.holds for one in planned)} of {len(planned)} plans hold at all of {len(FRESH)} fresh seeds"
        f" ({len(every) - len(planned)} scenarios have no plan); the least margin is {least:+.3f};"
        f" one replica less would do in {sum(one > 0.0 for one in too_much)} of them,"
        f" and save {np.mean(too_much):.1%} in the mean over all, {max(too_much):.1%} at the most\n"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
