"""No plan within the limits holds when simulated: what the static model would have taken, and what does help.

Changes are worked out with what simulation made of the capacities so far; plans that a change makes possible may miss
in their turn. So changes are tried by proving, the smallest first, until one of them has a plan that holds.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from solvers.base import Infeasible, Progress
from solvers.documents import Document
from solvers.fleet.market import MOST_UNITS
from solvers.fleet.plan import small_plan
from solvers.fleet.programme.case import Mix
from solvers.fleet.proof.case import Missed, Proof
from solvers.fleet.proof.prove import prove
from solvers.fleet.spec import FleetSpec
from solvers.fleet.supply.supplies import supplies
from solvers.fleet.why.calibrated import data_of
from solvers.fleet.why.eased import Change, Short, eased
from solvers.fleet.why.relax import Relaxation, Sort
from solvers.units import PRICE, show

Helps = tuple[Change, Relaxation | None]
"""A change, and the limit of the programme that it relaxes; None for a latency."""

# Changes that are tried before the others are left as they are.
TRIED = 4
# What no plan needs of a limit: GPUs, watts, dollars an hour.
WIDE: dict[Sort, float] = {"available": MOST_UNITS, "gpus": MOST_UNITS, "power": 1e12, "budget": 1e9}


def trusting(missed: Missed | None) -> str:
    """What the static model alone would have taken, as a sentence; empty where that had no plan either."""
    if missed is None or missed.first is None:
        return ""
    price = show(missed.first.cost_usd_per_hour, PRICE)
    return f" The static model alone would take a fleet of {price}, which misses its latencies when simulated."


def given_up(spec: FleetSpec, missed: Missed, last: Mix, counted: Document) -> Infeasible:
    """Plans are left, of which `last` is the cheapest, but so many have missed that no more were tried."""
    price = show(last.cost_usd_per_hour, PRICE)
    return Infeasible(
        reason=f"No plan was found that holds when simulated: {missed.rounds} were tried and missed. There may be one"
        f" that holds for more than {price}.",
        binding=("simulation",),
        nearest={
            "plan": small_plan(spec, last),
            "needs": [{"constraint": "simulation", "message": "It costs least of what was not tried any more."}],
        },
        smallest_change=None,
        search=counted,
        data=data_of(spec),
    )


def proven(short: Short, changes: list[Helps], *, progress: Progress) -> list[Change]:
    """The changes, in their order, without those that came before the first with a plan that holds."""
    for place, (change, one) in enumerate(changes[:TRIED]):
        progress(stage=f"trying: {change.message}", fraction=0.8, candidates=0)
        holds = change.constraint != "budget" and _held(short, change) is not None
        found = change if holds else _lifted(short, one)
        if found is not None:
            return [found, *(other for other, _ in changes[place + 1 :])]
    return [other for other, _ in changes[TRIED:]]


def _lifted(short: Short, one: Relaxation | None) -> Change | None:
    """The limit as wide as the plan takes that is cheapest without it; None where it is none, or nothing holds."""
    if one is None or one.sort not in WIDE:
        return None
    size = short.programme.offers[one.place].gpus if one.sort == "available" else 1
    wide = eased(short, replace(one, value=WIDE[one.sort] // size))
    proof = None if wide is None else _held(short, wide)
    if proof is None:
        return None
    return eased(short, replace(one, value=_used(short, one, proof.mix), mix=proof.mix))


def _used(short: Short, one: Relaxation, mix: Mix) -> float:
    """What a plan takes of what a limit counts."""
    if one.sort == "available":
        return float(mix.units[one.place].max())
    if one.sort == "budget":
        return mix.cost_usd_per_hour
    return float((short.programme.limits[one.place].weights @ mix.units).max())


def _held(short: Short, change: Change) -> Proof | None:
    """The proof of the changed question; None where it has none, or is beyond what a spec may ask."""
    try:
        asked = edited(short.spec, change.edits)
    except ValidationError:
        return None
    known = supplies(asked)
    found = None if known.unserved else prove(asked, known)
    return found if isinstance(found, Proof) else None


def edited(spec: FleetSpec, edits: Iterable[tuple[str, object]]) -> FleetSpec:
    """The spec with other values at some JSON pointers."""
    document = spec.model_dump(mode="json")
    for at, value in edits:
        *path, last = at.strip("/").split("/")
        place: Any = document
        for part in path:
            place = place[int(part) if isinstance(place, list) else part]
        place[last] = value
    return FleetSpec.model_validate(document)
