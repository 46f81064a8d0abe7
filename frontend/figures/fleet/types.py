"""GPU types and offers of a fleet answer: how they are called, and the colour that each type has everywhere."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from frontend.figures.base import LegendEntry
from frontend.figures.theme import Theme
from solvers import catalogue
from solvers.documents import Document

FAMILIES = {
    "gpu-1": ("h100", "h800", "h20"),
    "gpu-2": ("a100", "a800"),
    "gpu-3": ("a10", "rtx-pro"),
    "gpu-4": ("l40",),
    "gpu-5": ("l4", "rtx"),
    "gpu-6": ("h200", "gh200"),
    "gpu-7": ("b200", "b300", "gb200", "gb300"),
    "gpu-8": ("mi", "v100", "t4"),
}
"""The colour of each family of GPUs, by how its names begin; the longest beginning counts."""
OTHERS = "other"
TERMS = {"reserved": "reserved", "on_demand": "on demand", "spot": "spot"}
ORDER = tuple(TERMS)
SPOT = 0.5
"""How strong the colour of GPUs is that may be taken away."""


@dataclass(frozen=True)
class Bought:
    """An offer as the charts show it: what it is called, its type and its term."""

    name: str
    gpu: str
    term: str


def titles(result: Document) -> dict[str, str]:
    """The GPU types of the question by name, in the order of its market, each with its title."""
    found: dict[str, str] = {}
    for offer in result.get("spec", {}).get("market", ()):
        gpu = offer.get("gpu") or (offer.get("node") or {}).get("gpu")
        if isinstance(gpu, dict):
            found.setdefault(gpu["name"], gpu.get("title") or gpu["name"])
    for offer in result.get("plan", {}).get("offers", ()):
        found.setdefault(offer["gpu"], _catalogue().get(offer["gpu"], offer["gpu"]))
    return found


def called(result: Document, gpu: str) -> str:
    """What a page calls the type of that name: `H100-SXM`, as the answer's sentences do; an own one by its title."""
    return gpu.upper() if gpu in _catalogue() else titles(result).get(gpu, gpu)


def name_of(result: Document, said: str) -> str:
    """The name of the type that the answer calls so: its name in capitals, or its title."""
    if said.lower() in _catalogue():
        return said.lower()
    known = {title: name for name, title in (_catalogue() | titles(result)).items()}
    return known.get(said, said)


def colours(result: Document) -> dict[str, str]:
    """The colour of each type: its family's where that is free, else the next that is."""
    found: dict[str, str] = {}
    names = [*titles(result), *(name_of(result, one["gpu"]) for one in _singles(result))]
    for name in dict.fromkeys(names):
        free = [colour for colour in FAMILIES if colour not in found.values()]
        own = family(name)
        found[name] = own if own in free else next(iter(free), OTHERS)
    return found


def colour(result: Document, gpu: str) -> str:
    """The figure token of a type, without its prefix."""
    return colours(result).get(gpu, family(gpu))


def family(gpu: str) -> str:
    """The colour of the family that a name begins like."""
    fits = [(len(start), token) for token, starts in FAMILIES.items() for start in starts if gpu.startswith(start)]
    return max(fits)[1] if fits else OTHERS


def fill(theme: Theme, token: str, term: str) -> dict[str, object]:
    """A bar's marker: full on demand, hatched where it is reserved, pale where it is spot."""
    shade = theme.tint(f"fig-{token}", SPOT if term == "spot" else 1.0)
    marker: dict[str, object] = {"color": shade, "line": {"color": theme["surface"], "width": 1}}
    if term == "reserved":
        hatch = {"shape": "/", "fgcolor": theme["surface"], "fgopacity": 0.6, "size": 7, "solidity": 0.25}
        marker["pattern"] = {**hatch, "fillmode": "overlay"}
    return marker


def legend(result: Document, shown: Iterable[Bought]) -> tuple[LegendEntry, ...]:
    """A line for each type and term; the term is said where there is more than one."""
    pairs = sorted({(one.gpu, one.term) for one in shown}, key=lambda pair: _place(result, *pair))
    several = len({term for _, term in pairs}) > 1
    return tuple(
        LegendEntry(
            colour(result, gpu),
            f"{called(result, gpu)}, {TERMS.get(term, term)}"
            if several or term != "on_demand"
            else called(result, gpu),
            faint=term == "spot",
            hatched=term == "reserved",
        )
        for gpu, term in pairs
    )


def bought(result: Document) -> tuple[Bought, ...]:
    """The offers of the plan: reserved ones first, then by type."""
    found = [Bought(one["name"], one["gpu"], one["term"]) for one in result["plan"]["offers"]]
    return tuple(sorted(found, key=lambda one: (ORDER.index(one.term), _place(result, one.gpu, one.term))))


def terms_of(result: Document) -> dict[str, str]:
    """The term of every offer that the answer speaks of."""
    explanation = result["explanation"]
    singles = [part for one in explanation.get("single_types", ()) for part in one.get("breakdown", ())]
    alone = {part["term"]: part["sold"] for part in singles if "sold" in part}
    return (
        alone
        | dict(_terms(explanation.get("entry_prices", ()), "offer"))
        | dict(_terms(result["plan"]["offers"], "name"))
    )


def _terms(entries: Iterable[Document], key: str) -> Iterator[tuple[str, str]]:
    return ((one[key], one["term"]) for one in entries)


def _place(result: Document, gpu: str, term: str) -> tuple[int, int]:
    known = list(colours(result))
    return (known.index(gpu) if gpu in known else len(known), ORDER.index(term))


def _singles(result: Document) -> list[Document]:
    found: list[Document] = result.get("explanation", {}).get("single_types", [])
    return found


@cache
def _catalogue() -> dict[str, str]:
    return {name: catalogue.get("gpus", name).shown for name in catalogue.names("gpus")}
