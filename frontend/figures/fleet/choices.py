"""The runners-up of a fleet answer, and why not."""

from frontend.figures.base import Choice
from frontend.figures.fleet import said
from frontend.figures.fleet.heads import shown, word
from frontend.figures.fleet.spots import label, values
from solvers.documents import Document

MEASURES = ("cost_usd_per_hour", "gpus", "attainment_share", "carbon_g_per_hour")


def choices(result: Document) -> tuple[Choice, ...]:
    """The answer first, then the alternatives in their order."""
    answer = Choice("★", "plan", label(result["plan"]), _cells(result, result), "this plan")
    others = (
        Choice(str(rank), f"a{rank - 2}", label(entry["plan"]), _cells(entry, result), entry["why_not"])
        for rank, entry in enumerate(result["alternatives"], start=2)
    )
    return (answer, *others)


def _cells(entry: Document, result: Document) -> tuple[tuple[str, str, str], ...]:
    """What any of the runners-up says of itself; a dash where this one does not; its offers."""
    told = [values(one) for one in result["alternatives"]] or [values(result)]
    names = [name for name in MEASURES if any(name in one for one in told)]
    own = values(entry)
    cells = tuple((word(name), shown(name, own[name]) if name in own else "–", "") for name in names)
    return (*cells, ("Offers", offers(entry["plan"]), ""))


def offers(plan: Document) -> str:
    """`2 × h100-eu-a, up to 4 × l4-spot`."""
    found = []
    for one in plan["offers"]:
        most = one["gpus"]["most"] if isinstance(one["gpus"], dict) else one["gpus"]
        found.append(f"{most} × {one['name']}")
    return said.listed(found)
