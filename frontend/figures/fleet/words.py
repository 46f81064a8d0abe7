"""A fleet search in words: why replicas were ruled out, what binds, and by how much the nearest misses."""

from frontend.figures.base import Nearest
from frontend.figures.fleet import aim, said
from frontend.figures.fleet.spots import SAME, label
from frontend.figures.serving import words as serving
from solvers import units
from solvers.documents import Document

BINDING = {
    "market": "The market",
    "constraints": "The constraints",
    "demand": "The demand",
    "gpus": "GPUs at most",
    "max_gpus": "GPUs at most",
    "budget": "The budget per hour",
    "budget_per_hour": "The budget per hour",
    "power": "The power of a site",
    "power_limit": "The power of a site",
    "available": "What can be had",
    "head_room": "The head-room asked for",
    "survive": "Carrying all load after a loss",
    "precision": "The precision asked for",
    "options": "What is fixed and forbidden",
    "table": "The table of capacities",
    "zones": "The zones of the service",
    "simulation": "What simulation shows",
}


def reason(name: str) -> str:
    """A reason for rejection as the end of `812 ...`."""
    return serving.reason(name)


def binding(name: str) -> str:
    """What binds, as a line of its own: a pointer into the spec, or a word."""
    words = [part for part in name.partition(" ")[0].split("/") if part]
    known = [BINDING[part] for part in reversed(words) if part in BINDING]
    if name.startswith("/") and known:
        place = name.partition(" ")[2]
        return f"{known[0]} ({place})" if place else known[0]
    return BINDING.get(name) or serving.binding(name)


def nearest(document: Document) -> Nearest:
    """The fleet that comes nearest, and what it lacks."""
    facts = tuple((binding(need["constraint"]), need["message"]) for need in document.get("needs", ()))
    return Nearest(label(document["plan"]), facts)


def proof(gap: float) -> str:
    """How far the answer may be from the cheapest fleet."""
    if gap < SAME:
        return "By the model's capacities none is cheaper: the programme was solved to the end."
    most = units.show(gap, units.SHARE)
    return f"By the model's capacities the cheapest may be up to {most} below it; no more is proven."


def simulated(result: Document) -> tuple[tuple[str, str], ...]:
    """What stands behind the attainment."""
    told = result["explanation"].get("proof")
    if not told:
        return ()
    facts = [
        ("Seeds it was judged by", units.count(len(told["judging_seeds"]))),
        ("Other seeds it was tightened by", units.count(len(told["tightening_seeds"]))),
        ("Rounds", units.count(told["rounds"])),
        ("Requests", units.count(told["requests"])),
    ]
    first = told.get("unproven")
    if first:
        least = min(first["attainment_share"].values(), default=1.0)
        words = f"{said.price(first['cost_usd_per_hour'])}, {said.attained(least)} of the requests good"
        facts.append(("The fleet before it was simulated", words))
    loads = {name: load for name, load in told.get("loads", {}).items() if load > 1 + 1e-9}
    facts.append(("What binds and what would change it", _asked_again(result)))
    facts += [(f"Room asked for {name}", f"{load:.2f} times its load") for name, load in loads.items()]
    return tuple(facts)


def _asked_again(result: Document) -> str:
    few = result["explanation"].get("typical_hours")
    hours = f"asked over {said.hours(few)}, which stand for all, and " if few else ""
    return f"{hours}told by the capacities and the room that this simulation found: proven anew, costs may differ"


def worth(result: Document) -> tuple[tuple[str, str], ...]:
    """What one more of each thing that is short would be worth."""
    found = result["explanation"].get("worth", ())
    return tuple((str(one["limit"]), _worth(one)) for one in found)


def _worth(one: Document) -> str:
    words = aim.COST if "usd_per_hour" in one else aim.CARBON
    value = one["usd_per_hour" if words is aim.COST else words.name]
    unit, many = str(one.get("one_more") or "unit"), int(one.get("units") or 1)
    if not value and many > 1:
        return f"{many} more: {words.show(one['units_worth'])} {words.less}; one alone nothing"
    more = f"{unit} more" if unit.startswith("10 %") else f"one more {unit}"
    return f"{more}: nothing" if not value else f"{more}: {words.show(value)} {words.less}"
