"""The runners-up of a scaling answer, and why not."""

from frontend.figures.base import Choice
from frontend.figures.scaling import said
from frontend.figures.scaling.spots import label
from solvers.documents import Document

Cells = tuple[tuple[str, str, str], ...]


def choices(result: Document) -> tuple[Choice, ...]:
    """The answer first, then the alternatives in their order; nothing where there is none."""
    if not result["alternatives"]:
        return ()
    answer = Choice("★", "plan", label(result), _cells(result), "this plan")
    others = (
        Choice(str(rank), f"a{rank - 2}", label(entry), _cells(entry), entry["why_not"])
        for rank, entry in enumerate(result["alternatives"], start=2)
    )
    return (answer, *others)


def _cells(entry: Document) -> Cells:
    plan = entry["plan"].get("target") or entry["plan"]
    loss = entry.get("estimates", {}).get("loss")
    told = said.loss(loss["value"]) if loss else "–"
    ends = f"{said.loss(loss['low'])} – {said.loss(loss['high'])}" if loss and loss["low"] < loss["high"] else ""
    return (
        ("Parameters", said.size(plan["params"]), ""),
        ("Tokens", said.size(plan["tokens"]), ""),
        ("Tokens a parameter", said.number(plan["tokens"] / plan["params"]), ""),
        ("Loss", told, ends),
    )
