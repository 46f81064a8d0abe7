"""Fleets as points: the answer, the frontier, what is beaten, and where each lies.

Keys name them: `plan` is the answer, `f3` the fourth of the frontier, `d7` a fleet that another beats on every count,
`a0` the first alternative. Head-room is the share by which every limit could be shorter. Alternatives were not
simulated: their head-room is not known, and they have no place in the chart.
"""

import math
from dataclasses import dataclass

from frontend.figures.fleet.aim import CARBON, Aim
from solvers.documents import Document

SAME = 1e-6


@dataclass(frozen=True)
class Spot:
    """One fleet on the chart: head-room as a share (None: not measured), dollars an hour, grams an hour if known."""

    key: str
    label: str
    headroom: float | None
    usd_per_hour: float
    carbon_g: float | None

    def value(self, words: Aim) -> float:
        """What the answer minimises, of this fleet."""
        return self.carbon_g if words is CARBON and self.carbon_g is not None else self.usd_per_hour

    @property
    def x(self) -> float:
        """Per cents of head-room; not a number where it was not measured."""
        return math.nan if self.headroom is None else 100 * self.headroom


def spots(result: Document) -> tuple[Spot, ...]:
    """The answer, the frontier without it, and the sample of what is beaten."""
    answer = spot("plan", result, result)
    own = _place(result)
    front = (spot(f"f{at}", one, result) for at, one in enumerate(result["frontier"]) if ("f", at) != own)
    beaten = (spot(f"d{at}", one, result) for at, one in enumerate(result.get("dominated", [])) if ("d", at) != own)
    return (answer, *sorted(front, key=lambda one: (one.usd_per_hour, one.x)), *beaten)


def spot(key: str, entry: Document, result: Document) -> Spot:
    """A fleet's place in the chart; the answer's head-room stands in the frontier."""
    known = known_of(result) if key == "plan" else values(entry)
    return Spot(
        key,
        label(entry["plan"]),
        known.get("latency_headroom_share"),
        known["cost_usd_per_hour"],
        known.get("carbon_g_per_hour"),
    )


def label(plan: Document) -> str:
    """`4 × l4 + 1 × a100-80`: GPUs of each type, each offer at its most."""
    if plan.get("label"):
        return str(plan["label"])
    found: dict[str, int] = {}
    for one in plan["offers"]:
        found[one["gpu"]] = found.get(one["gpu"], 0) + _most(one)
    return " + ".join(f"{count} × {gpu}" for gpu, count in found.items())


def values(entry: Document) -> dict[str, float]:
    """What is known of a fleet by name: estimates, and objectives over them."""
    known = {name: estimate["value"] for name, estimate in entry.get("estimates", {}).items()}
    return known | {name: value for name, value in entry.get("objectives", {}).items() if value is not None}


def entry_of(result: Document, key: str) -> Document | None:
    """The fleet of that key."""
    if key == "plan":
        return result
    family = {"f": "frontier", "d": "dominated", "a": "alternatives"}.get(key[:1], "")
    entries = result.get(family, [])
    if not (key.isascii() and key[1:].isdecimal()) or int(key[1:]) >= len(entries):
        return None
    entry: Document = entries[int(key[1:])]
    return entry


def known_of(result: Document) -> dict[str, float]:
    """What is known of the answer by name, with what the frontier says of it."""
    place = _place(result)
    known = values(result)
    if place is None:
        return known
    entry = entry_of(result, f"{place[0]}{place[1]}")
    return values(entry) | known if entry is not None else known


def gpus_of(plan: Document) -> dict[str, int]:
    """GPUs by offer, each at its most."""
    return {one["name"]: _most(one) for one in plan["offers"]}


def _place(result: Document) -> tuple[str, int] | None:
    """Where the answer itself stands among the points: the fleet of the same offers, GPUs and cost."""
    cost, own = result["estimates"]["cost_usd_per_hour"]["value"], gpus_of(result["plan"])
    for letter, family in (("f", "frontier"), ("d", "dominated")):
        for at, one in enumerate(result.get(family, ())):
            same = abs(one["objectives"]["cost_usd_per_hour"] - cost) <= SAME * max(cost, 1.0)
            if same and gpus_of(one["plan"]) == own:
                return letter, at
    return None


def _most(offer: Document) -> int:
    gpus = offer["gpus"]
    return int(gpus["most"] if isinstance(gpus, dict) else gpus)
