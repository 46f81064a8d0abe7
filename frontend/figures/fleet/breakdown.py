"""Where the money goes: dollars an hour by GPU type."""

from frontend.figures.fleet import types
from frontend.figures.terms import Term, Terms
from solvers import catalogue, units
from solvers.documents import Document


def by_type(result: Document) -> list[Document]:
    """The cost of each GPU type of the plan, the dearest first; nothing where there is no plan."""
    found: dict[str, float] = {}
    for offer in result.get("plan", {}).get("offers", ()):
        found[offer["gpu"]] = found.get(offer["gpu"], 0.0) + offer["cost_usd_per_hour"]
    return [{"term": gpu, "value": found[gpu]} for gpu in sorted(found, key=lambda gpu: -found[gpu])]


def _known() -> dict[str, Term]:
    """Every type of the catalogue in the colour of its family."""
    return {name: Term(name.upper(), name.upper(), types.family(name)) for name in catalogue.names("gpus")}


TERMS = Terms(
    _known(),
    step="an hour",
    unit="$/h",
    what="Cost",
    by="GPU type",
    equal="costs as much",
    quantity=units.PRICE,
    read=by_type,
)
