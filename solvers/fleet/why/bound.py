"""What binds, in sentences; and what a step of each limit is worth, as numbers."""

from solvers.documents import Document
from solvers.fleet.programme.case import Mix, Programme
from solvers.fleet.why.called import Called, aim, money
from solvers.fleet.why.holds import Held
from solvers.units import SHARE, show

# What whole numbers may cost without a word.
HARDLY = 0.005
NOTHING = {
    "cost": "the prices and what each GPU carries set the cost",
    "carbon": "what each GPU draws and what it carries set the carbon",
}


def binding(programme: Programme, mix: Mix, called: Called, found: list[Held], *, fractions: float | None) -> list[str]:
    """A sentence for each limit that costs anything; `fractions` is the cost with fractional counts."""
    told = [_sentence(programme, mix, called, one) for one in found]
    if fractions is not None and mix.value > 0 and 1.0 - fractions / mix.value > HARDLY:
        share = show(1.0 - fractions / mix.value, SHARE)
        told.append(f"Whole numbers: fractions of GPUs would do it for {money(programme, fractions)}, {share} less.")
    if not found:
        told.insert(0, f"No limit of the market or the sites binds: {NOTHING[programme.objective]}.")
    return told


def _sentence(programme: Programme, mix: Mix, called: Called, one: Held) -> str:
    sort, name, takes = one.hold.sort, one.hold.name, aim(programme).takes
    worth, share = money(programme, one.worth), show(one.worth / mix.value, SHARE) if mix.value > 0 else "0 %"
    if sort == "head_room":
        return f"Head-room: keeping {show(programme.head_room, SHARE)} of each replica free costs {worth} ({share})."
    if sort == "survive":
        what = joined_losses(programme)
        return f"Losses: carrying all load without {what} costs {worth} ({share})."
    if sort == "whole_nodes":
        return f"Whole nodes: with single GPUs the fleet would {takes} {worth} less ({share})."
    if sort == "budget":
        spent = f"with more than {money_of(programme)} the plan would be {worth} better ({share})"
        return f"Budget: {spent}.{_step(programme, one)}"
    head = "Power" if sort == "power" else "Availability"
    if sort == "available":
        offer = programme.offers[called.offers.index(name)]
        limit = f"{offer.most * offer.gpus:,} × {name} at most"
    else:
        limit = called.limit(name)
    return f"{head}: without the limit ({limit}) the fleet would {takes} {worth} less ({share}).{_step(programme, one)}"


def joined_losses(programme: Programme) -> str:
    """`any one node`, `any one zone`, or both."""
    kinds = [kind for kind, node in (("any one node", True), ("any one zone", False))
             if any(loss.node == node for loss in programme.losses)]  # fmt: skip
    return " or ".join(kinds)


def money_of(programme: Programme) -> str:
    """The budget in words, which is dollars whatever the objective."""
    return f"${programme.budget_usd_per_hour:,.2f}/h"


def _step(programme: Programme, one: Held) -> str:
    if one.step <= 0.0:
        return ""
    if one.hold.sort in ("power", "budget"):
        size = f"{10 * one.more} %"
        return f" {size} more is worth {money(programme, one.step)}."
    many = f"One more {one.hold.unit}" if one.more == 1 else f"{one.more} more {plural(one.hold.unit)}"
    verb = "is" if one.more == 1 else "are"
    none = "" if one.more == 1 else ", one alone nothing"
    return f" {many} {verb} worth {money(programme, one.step)}{none}."


def plural(unit: str) -> str:
    """More than one of a unit."""
    return f"nodes{unit.removeprefix('node')}" if unit.startswith("node") else "GPUs" if unit == "GPU" else unit


def worth_documents(programme: Programme, called: Called, found: list[Held]) -> list[Document]:
    """What one more unit of each limit that binds is worth, and the fewest units that are worth anything."""
    unit = "usd_per_hour" if programme.objective == "cost" else "carbon_g_per_hour"
    return [
        {
            "limit": called.limit(one.hold.name),
            "at": one.hold.name,
            "one_more": one.hold.unit,
            unit: one.one,
            "units": one.more,
            "units_worth": one.step,
            "without_limit": one.worth,
        }
        for one in found
        if one.hold.wider is not None
    ]
