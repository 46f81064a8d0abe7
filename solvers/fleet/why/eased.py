"""A limit that was relaxed until there is a plan: in words, and as an edit of the spec."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from solvers.documents import Document
from solvers.fleet.price_table import with_cell
from solvers.fleet.programme.case import Programme
from solvers.fleet.spec import FleetSpec
from solvers.fleet.why.called import Called
from solvers.fleet.why.relax import Relaxation, Sort
from solvers.units import POWER, PRICE, SHARE, show


@dataclass(frozen=True)
class Change:
    """An edit of the spec with which there is a plan: pairs (place in the spec, value), and how large it is.

    `needs` says what it would take, beside what there is.
    """

    edits: tuple[tuple[str, object], ...]
    message: str
    needs: str
    relative: float
    constraint: str

    def document(self) -> Document:
        """As the contract has it; `relative` is null where nothing was there to compare with."""
        return {
            "message": self.message,
            "changes": [{"at": at, "value": value} for at, value in self.edits],
            "relative": self.relative if math.isfinite(self.relative) else None,
        }


@dataclass(frozen=True)
class Short:
    """A question without a plan."""

    spec: FleetSpec
    programme: Programme
    called: Called


def eased(short: Short, one: Relaxation) -> Change | None:
    """A relaxation as an edit; None for the demand where none of it can be carried."""
    edits, message, needs = SORTS[one.sort](short, one)
    return Change(edits, message, needs, one.relative, one.sort) if edits else None


Eased = tuple[tuple[tuple[str, object], ...], str, str]


def _available(short: Short, one: Relaxation) -> Eased:
    size, name = short.programme.offers[one.place].gpus, short.called.offers[one.place]
    wanted, there = round(one.value) * size, round(one.limit) * size
    asked, own = short.spec.asked[one.place], short.spec.prices
    edit: tuple[str, object] = (f"{asked.at}/available", wanted)
    if asked.line and own is not None:
        edit = asked.at, with_cell(own.csv or "", asked.line, "available", wanted)
    needs = f"it would take {wanted:,} × {name}, and {there:,} can be had"
    return (edit,), f"{wanted:,} × {name} instead of {there:,}.", needs


def _gpus(short: Short, one: Relaxation) -> Eased:
    at = one.name if one.name.endswith("max_gpus") else f"{one.name}/gpus"
    limit = short.called.limit(one.name)
    needs = f"it would take {one.value:,.0f} GPUs, and the limit is {limit}"
    return ((at, round(one.value)),), f"{one.value:,.0f} GPUs where the limit is {limit}.", needs


def _power(short: Short, one: Relaxation) -> Eased:
    watts = math.ceil(one.value)
    wanted, there = show(watts, POWER), show(one.limit, POWER)
    needs = f"it would take {wanted}, and {short.called.limit(one.name)} is {there}"
    return ((one.name, watts),), f"A power limit of {wanted} instead of {there}.", needs


def _budget(short: Short, one: Relaxation) -> Eased:
    del short
    dollars = math.ceil(100.0 * one.value - 1e-9) / 100.0
    wanted, there = show(dollars, PRICE), show(one.limit, PRICE)
    needs = f"it would cost {wanted}, and the budget is {there}"
    return ((one.name, dollars),), f"A budget of {wanted} instead of {there}.", needs


def _head_room(short: Short, one: Relaxation) -> Eased:
    del short
    share = math.floor(1000.0 * one.value) / 1000.0
    wanted, there = show(share, SHARE), show(one.limit, SHARE)
    needs = f"head-room of {wanted} would do, and {there} is asked for"
    return ((one.name, share),), f"Head-room of {wanted} instead of {there}.", needs


def _survive(short: Short, one: Relaxation) -> Eased:
    asked = short.spec.constraints.survive
    lost = asked[one.place]
    kept = [other for other in asked if other != lost]
    needs = f"it would do if no {lost} had to be spared"
    return (("/constraints/survive", kept),), f"Do not ask to survive the loss of a {lost}.", needs


def _demand(short: Short, one: Relaxation) -> Eased:
    share = whole_share(one.value)
    edits = tuple(
        (f"/services/{place}/traffic/rate_scale", service.traffic.rate_scale * share)
        for place, service in enumerate(short.spec.services)
    )
    told = show(share, SHARE)
    needs = f"{told} of the demand of every class could be carried"
    return edits if share > 0 else (), f"Carry {told} of the demand of every class.", needs


def whole_share(value: float) -> float:
    """A share in whole per cents, never more than it is; it is known no finer."""
    return math.floor(100.0 * value + 1e-9) / 100.0


SORTS: dict[Sort, Callable[[Short, Relaxation], Eased]] = {
    "available": _available, "gpus": _gpus, "power": _power, "budget": _budget, "head_room": _head_room,
    "survive": _survive, "demand": _demand,
}  # fmt: skip
