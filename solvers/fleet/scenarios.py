"""Random questions for the fleet planner, and whether its plans hold on requests that nobody planned by.

`python -m solvers.fleet.scenarios [COUNT [FIRST]]` prints one line for each: what it costs, how its services do at five
fresh seeds, and whether the plan would hold with one unit less of any offer in the busiest hour.
A scenario has one to three services of models of 1B to 70B parameters, with traffic, latencies and demand of their own,
and a market of two to six offers over 1 to 24 hours. Requests are as many as a small fleet carries; latencies are
from tight to loose around what people ask for [zhong2024distserve]. All of it follows from the scenario's number.
"""

import sys
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from solvers.fleet.programme.balance import balanced
from solvers.fleet.programme.case import Mix
from solvers.fleet.proof.case import Proof
from solvers.fleet.proof.groups import groups, hour_of
from solvers.fleet.proof.holding import LONG, Holding
from solvers.fleet.proof.looked import look, shares_of
from solvers.fleet.proof.pools import Pools
from solvers.fleet.proof.prove import plain_of, prove
from solvers.fleet.spec import FleetSpec
from solvers.fleet.supply.case import Supplies
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
    """A scenario's plan: the least share at a fresh seed over its target by service, and who could do with less."""

    number: int
    plan: str
    cost: float
    margins: tuple[float, ...]
    fewer: tuple[bool, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether each service holds at each fresh seed."""
        return min(self.margins, default=0.0) >= 0.0


def told(number: int, *, fewer: bool = False) -> Told:
    """What became of a scenario. Without a plan there is nothing that could miss."""
    spec = scenario(number)
    known = supplies(spec)
    proof = None if known.unserved else prove(spec, known)
    if not isinstance(proof, Proof):
        reason = f"nothing serves {known.unserved[0].label}" if known.unserved else "no plan"
        return Told(number, reason, 0.0, ())
    used = np.flatnonzero(proof.mix.units.max(axis=1)).tolist()
    plan = " + ".join(f"{proof.mix.units[o].max()} {spec.offers[o].name}" for o in used)
    cost = proof.mix.cost_usd_per_hour
    margins = margins_of(spec, known, proof.mix)
    return Told(number, plan, cost, margins, _fewer(spec, known, proof) if fewer else ())


def margins_of(spec: FleetSpec, known: Supplies, mix: Mix) -> tuple[float, ...]:
    """The least share of good requests over the target, of each service, over hours and fresh seeds."""
    plain = plain_of(spec, known)
    holding = Holding(Pools(spec, known))
    found: dict[int, float] = {}
    for group in groups(plain, mix):
        asked, slo = hour_of(plain, mix, group.service, group.hours[0]), holding.pools.slo(group.service)
        size = LONG * holding.size(asked)
        looks = [look(holding.pools, asked, seed=seed, size=size) for seed in FRESH]
        least = min(shares_of(looks, slo)) - slo.attainment
        found[group.service] = min(found.get(group.service, least), least)
    return tuple(found[service] for service in sorted(found))


def _fewer(spec: FleetSpec, known: Supplies, proof: Proof) -> tuple[bool, ...]:
    """Of each configuration in the busiest hour, whether the plan would hold with one replica less."""
    hour = int(proof.mix.replicas.sum(axis=0).argmax())
    found = []
    for c in np.flatnonzero(proof.mix.replicas[:, hour]).tolist():
        less = proof.mix.replicas.copy()
        less[c, hour] -= 1
        try:
            mix = balanced(proof.programme, replace(proof.mix, replicas=less))
        except ValueError:  # no replica is left for some class
            found.append(False)
            continue
        served = all(np.allclose(shares[hour].sum(axis=1)[rates[hour] > 0], 1.0)
                     for shares, rates in zip(mix.shares, proof.programme.rates_per_s, strict=True))  # fmt: skip
        only = replace(mix, shares=tuple(_only(shares, hour) for shares in mix.shares))
        found.append(served and min(_margin_at(spec, known, only, hour), default=0.0) >= 0.0)
    return tuple(found)


def _only(shares: Any, hour: int) -> Any:
    return np.where(np.arange(len(shares))[:, None, None] == hour, shares, 0.0)


def _margin_at(spec: FleetSpec, known: Supplies, mix: Mix, hour: int) -> list[float]:
    plain, holding = plain_of(spec, known), Holding(Pools(spec, known))
    margins = []
    for service, rates in enumerate(plain.rates_per_s):
        if rates[hour].any():
            asked, slo = hour_of(plain, mix, service, hour), holding.pools.slo(service)
            looks = [look(holding.pools, asked, seed=seed, size=LONG * holding.size(asked)) for seed in FRESH]
            margins.append(min(shares_of(looks, slo)) - slo.attainment)
    return margins


def main(arguments: list[str]) -> None:
    """Print scenarios and, at the end, how many hold."""
    count, first = [int(one) for one in [*arguments, *(str(COUNT), "0")[len(arguments) :]]]
    every = []
    for number in range(first, first + count):
        one = told(number, fewer=True)
        every.append(one)
        margins = ", ".join(f"{margin:+.3f}" for margin in one.margins)
        less = f"; {sum(one.fewer)} of {len(one.fewer)} could lose one" if one.fewer else ""
        sys.stdout.write(f"{number:3d}  {one.cost:8.2f} USD/h  {one.plan}: {margins}{less}\n")
        sys.stdout.flush()
    planned = [one for one in every if one.margins]
    lean = [one for some in planned for one in some.fewer]
    sys.stdout.write(
        f"{sum(one.holds for one in planned)} of {len(planned)} plans hold at all of {len(FRESH)} fresh seeds"
        f" ({len(every) - len(planned)} scenarios have no plan);"
        f" {sum(lean)} of {len(lean)} replicas could be spared\n"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
