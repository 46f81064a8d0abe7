"""The fleets of the Melange paper with our own capacities: what the mix costs against fleets of one type.

`costs` trusts the static model's capacities, as theirs trusts profiles: nothing is simulated. `proven` simulates every
fleet, the mix and those of one type, and tightens it until it holds, as an answer of kind fleet is.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import yaml

from solvers.fleet.asked import programme_of
from solvers.fleet.programme.case import Programme
from solvers.fleet.programme.solve import cheapest
from solvers.fleet.proof.prove import prove
from solvers.fleet.spec import FleetSpec
from solvers.fleet.supply.case import Supplies
from solvers.fleet.supply.supplies import supplies
from solvers.serving.shipped import shipped

PAPER = yaml.safe_load(Path(__file__).with_name("griggs2024melange.yaml").read_text("utf-8"))
TYPES: tuple[str, ...] = tuple(PAPER["prices"])
WORKLOADS: tuple[str, ...] = tuple(PAPER["workloads"])
RATES: tuple[float, ...] = tuple(PAPER["rates"])
# Of these, those whose fleets are proven too: the ends and two between.
PROVEN = (1, 4, 16, 32)
LARGE = ("a100-80", "h100-sxm")
# Requests of a mixed trace; tokens that the model reads.
SIZE, CONTEXT = 10_000, 4096


class Costs(NamedTuple):
    """Dollars an hour of the mix, and of a fleet of each type; infinite where it cannot keep to the limit."""

    mix: float
    single: dict[str, float]
    gpus: dict[str, int]

    @property
    def savings(self) -> dict[str, float]:
        """Of the mix against each type that can do it alone, as a share of that."""
        return {name: 1.0 - self.mix / cost for name, cost in self.single.items() if np.isfinite(cost)}


@cache
def trace(name: str, *, stretch: float = 1.0) -> str:
    """Requests of a workload as CSV: so many of each set, in an order that a seed draws, one a second by Poisson.

    Inputs are so many times as long, as far as the model reads them.
    """
    rng = np.random.default_rng(0)
    parts = []
    for lengths, share in PAPER["workloads"][name].items():
        rows = shipped(lengths)
        chosen = rng.integers(0, rows.size, round(share * SIZE))
        parts.append(np.stack([rows.input_tokens[chosen], rows.output_tokens[chosen]]))
    pairs = np.concatenate(parts, axis=1)[:, rng.permutation(sum(part.shape[1] for part in parts))]
    pairs[0] = np.clip(np.rint(stretch * pairs[0]), 1, np.maximum(CONTEXT - pairs[1], pairs[0]))
    moments = np.cumsum(rng.exponential(1.0, pairs.shape[1]))
    lines = [f"{at:.3f},{a},{b}" for at, (a, b) in zip(moments, pairs.T.tolist(), strict=True)]
    return "\n".join(["arrival,input,output", *lines])


def question(
    name: str, *, tpot_ms: float, rate: float, types: tuple[str, ...] = TYPES, stretch: float = 1.0
) -> FleetSpec:
    """A workload at a rate."""
    return FleetSpec.model_validate({
        "kind": "fleet",
        "services": [{
            "name": name, "model": "llama-2-7b", "router": "input_and_output", "options": {"fix": {"tp": 1, "pp": 1}},
            "traffic": {"rate": rate, "trace": {"csv": trace(name, stretch=stretch)}},
            "slo": {"tpot": tpot_ms / 1000.0},
        }],
        "market": [{"gpu": gpu, "price": PAPER["prices"][gpu]} for gpu in types],
    })  # fmt: skip


@cache
def capacities(name: str, tpot_ms: float, stretch: float = 1.0) -> Supplies:
    """What each type carries, which the rate has no part in."""
    return supplies(question(name, tpot_ms=tpot_ms, rate=RATES[0], stretch=stretch))


@cache
def costs(name: str, *, tpot_ms: float, rate: float, stretch: float = 1.0) -> Costs:
    """What the fleets cost."""
    known = capacities(name, tpot_ms, stretch)
    spec = question(name, tpot_ms=tpot_ms, rate=rate, stretch=stretch)
    asked = programme_of(spec, known, np.ones(len(known.ready)))
    best = cheapest(asked)
    if best is None:
        raise ValueError(f"{name} at {tpot_ms} ms cannot be served")
    single = {gpu: _cost(_only(asked, place)) for place, gpu in enumerate(TYPES)}
    counts = {gpu: int(best.units[place, 0]) for place, gpu in enumerate(TYPES)}
    return Costs(best.cost_usd_per_hour, single, counts)


def _only(asked: Programme, place: int) -> Programme:
    offers = tuple(one if at == place else replace(one, most=0) for at, one in enumerate(asked.offers))
    return replace(asked, offers=offers)


def _cost(asked: Programme) -> float:
    found = cheapest(asked)
    return float("inf") if found is None else found.cost_usd_per_hour


@cache
def proven(name: str, *, tpot_ms: float, rate: float) -> Costs:
    """What the fleets cost that hold when they are simulated."""
    single = {gpu: _held(name, tpot_ms, rate, (gpu,))[0] for gpu in TYPES}
    mix, counts = _held(name, tpot_ms, rate, TYPES)
    return Costs(mix, single, counts)


def _held(name: str, tpot_ms: float, rate: float, types: tuple[str, ...]) -> tuple[float, dict[str, int]]:
    """Dollars an hour and GPUs of the cheapest fleet of these types that holds; infinite where none does."""
    asked = question(name, tpot_ms=tpot_ms, rate=rate, types=types)
    known = supplies(asked)
    found = None if known.unserved else prove(asked, known)
    if found is None or not all(one.holds for one in found.attained):
        return float("inf"), {}
    return found.mix.cost_usd_per_hour, dict(zip(types, found.mix.units[:, 0].tolist(), strict=True))


def ranges(found: Iterable[Costs], types: tuple[str, ...] = TYPES) -> tuple[float, float]:
    """The least and the most that mixes save, over these types."""
    every = [share for one in found for gpu, share in one.savings.items() if gpu in types]
    return min(every), max(every)


def savings(name: str, tpot_ms: float, types: tuple[str, ...] = TYPES) -> tuple[float, float]:
    """The least and the most that the mix saves, over all rates and these types."""
    return ranges([costs(name, tpot_ms=tpot_ms, rate=rate) for rate in RATES], types)
