"""Sizes as points: the answer, the frontier, the alternatives.

Keys name them: `plan` is the answer, `f3` the fourth of the frontier, `a0` the first alternative.
"""

from dataclasses import dataclass

from frontend.figures.scaling import asked, said
from solvers.documents import Document

SAME = 1e-6


@dataclass(frozen=True)
class Spot:
    """One size on the chart: parameters, tokens, the loss to expect there."""

    key: str
    label: str
    params: float
    tokens: float
    loss: float


def spots(result: Document) -> tuple[Spot, ...]:
    """The answer, the frontier without it, and the alternatives of another size; without a loss there are none."""
    answer = spot(result, "plan")
    if answer is None:
        return ()
    others = [f"{letter}{place}" for letter, family in FAMILIES for place in range(len(result.get(family) or ()))]
    found = [one for key in others if (one := spot(result, key)) is not None and not same(one, answer)]
    return (answer, *_unlike(found))


FAMILIES = (("f", "frontier"), ("a", "alternatives"))


def spot(result: Document, key: str) -> Spot | None:
    """The size of that key; None where there is none, or nothing is known of its loss."""
    entry = entry_of(result, key)
    if entry is None:
        return None
    plan = entry["plan"].get("target") or entry["plan"]
    value = loss(entry)
    if value is None:
        return None
    return Spot(key, label(entry), float(plan["params"]), float(plan["tokens"]), value)


def entry_of(result: Document, key: str) -> Document | None:
    """The part of the document of that key."""
    if key == "plan":
        return result
    entries: list[Document] = result.get(dict(FAMILIES).get(key[:1], ""), None) or []
    if not (key[1:].isascii() and key[1:].isdecimal()) or int(key[1:]) >= len(entries):
        return None
    return entries[int(key[1:])]


def label(entry: Document) -> str:
    """What the answer calls it, or its size: `8.1B × 206B`."""
    plan = entry["plan"].get("target") or entry["plan"]
    return str(entry["plan"].get("label") or f"{said.size(plan['params'])} on {said.size(plan['tokens'])}")


def loss(entry: Document) -> float | None:
    """The loss to expect of it."""
    if "estimates" in entry and "loss" in entry["estimates"]:
        return float(entry["estimates"]["loss"]["value"])
    value = entry.get("objectives", {}).get("loss")
    return None if value is None else float(value)


def compute(one: Spot) -> float:
    """FLOP of training, 6 N D."""
    return 6.0 * one.params * one.tokens


def serving(result: Document, one: Spot) -> float | None:
    """FLOP of serving what the spec says, 2 N T; None where it says nothing."""
    served = asked.target(result).get("served_tokens")
    return 2.0 * one.params * float(served) if served else None


def same(one: Spot, other: Spot) -> bool:
    """Whether both have as many parameters and tokens."""
    return all(
        abs(mine / theirs - 1) < SAME for mine, theirs in ((one.params, other.params), (one.tokens, other.tokens))
    )


def _unlike(found: list[Spot]) -> list[Spot]:
    """Each size once, the smallest first."""
    kept: list[Spot] = []
    for one in sorted(found, key=lambda one: (one.params, one.tokens)):
        if not kept or not same(one, kept[-1]):
            kept.append(one)
    return kept
