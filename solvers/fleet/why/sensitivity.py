"""What would change the answer: the same question with one thing changed, solved again.

Demand and prices are changed in the programme; a latency changes what each replica carries, so capacities are worked
out again and what simulation made of them is kept. What a table alone knows was measured at its own latencies.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from solvers.documents import Document
from solvers.fleet.plan import small_plan
from solvers.fleet.programme.case import Mix, Programme
from solvers.fleet.programme.solve import cheapest
from solvers.fleet.supply.case import Supplies
from solvers.fleet.why.answered import Answered
from solvers.fleet.why.called import mix_words, money
from solvers.fleet.why.changed import NOISE, cost_by_offer, with_demand, with_price
from solvers.fleet.why.used import uses
from solvers.units import SHARE, show

DEMAND = ((0.8, "20 % less demand"), (1.2, "20 % more demand"), (2.0, "twice the demand"))
PRICE = (0.8, 1.2)
LIMITS = {"ttft": "time to first token", "tpot": "time per output token", "e2e": "time to last token"}


@dataclass(frozen=True)
class Change:
    """A changed question, in words, and its best plan; no programme where nothing on the market serves a class then."""

    name: str
    programme: Programme | None
    supplies: Supplies
    mix: Mix | None


def sensitivity(answered: Answered) -> list[Document]:
    """Each change with its best plan."""
    return [_answer(answered, change) for change in _changes(answered)]


def _changes(answered: Answered) -> Iterator[Change]:
    programme, known = answered.programme, answered.supplies
    for factor, name in DEMAND:
        asked = with_demand(programme, factor)
        yield Change(name, asked, known, cheapest(asked))
    cost = cost_by_offer(programme, answered.mix)
    dearest = int(np.argmax(cost))
    if cost[dearest] > 0 and programme.objective == "cost":
        for factor in PRICE:
            offer, way = answered.called.offers[dearest], _way(factor, "higher", "lower")
            name = f"a price of {offer} {show(abs(factor - 1.0), SHARE)} {way}"
            asked = with_price(programme, dearest, factor * programme.offers[dearest].price_usd)
            yield Change(name, asked, known, cheapest(asked))
    for one in answered.latencies:
        words = f"a {LIMITS[one.limit]} {show(abs(one.factor - 1.0), SHARE)} {_way(one.factor, 'longer', 'shorter')}"
        name = words if len(answered.spec.services) == 1 else f"{words} for {answered.spec.services[one.service].name}"
        yield Change(name, one.programme, one.supplies, one.mix)


def _way(factor: float, more: str, less: str) -> str:
    return more if factor > 1.0 else less


def _answer(answered: Answered, change: Change) -> Document:
    found = change.mix
    if change.programme is None or found is None:
        why = "Nothing on the market serves it." if change.programme is None else "No fleet of the market carries it."
        return {"change": change.name, "outcome": why, "cost_usd_per_hour": None, "plan": None, "techniques": None}
    own = mix_words(answered.called, answered.programme, answered.mix)
    told = mix_words(answered.called, change.programme, found)
    return {
        "change": change.name,
        "outcome": f"{_cost(answered, change.programme, found)}, {'the same GPUs' if told == own else told}.",
        "cost_usd_per_hour": found.cost_usd_per_hour,
        "plan": small_plan(answered.spec, found),
        "techniques": uses(answered.spec, change.supplies, found),
    }


def _cost(answered: Answered, programme: Programme, found: Mix) -> str:
    ratio = found.value / answered.mix.value - 1.0 if answered.mix.value > 0 else 0.0
    change = (
        f" ({'+' if ratio > 0 else '−'}{show(abs(ratio), SHARE)})"
        if abs(ratio) > NOISE + answered.mix.gap
        else " (no change)"
    )
    return f"{money(programme, found.value)}{change}"
