"""What a fleet answer minimises, and so what its charts measure: dollars an hour, or grams of CO2."""

from collections.abc import Callable
from dataclasses import dataclass

from frontend.figures.fleet import said
from solvers.documents import Document


@dataclass(frozen=True)
class Aim:
    """Where the documents have its value, its axis, its words: "costs 12 % less", "emits 12 % less CO₂"."""

    name: str
    part: str
    title: str
    axis: str
    verb: str
    less: str
    more: str
    show: Callable[[float], str]

    @property
    def verbs(self) -> str:
        """Of a fleet: `costs`."""
        return f"{self.verb}s"

    def of(self, entry: Document) -> float | None:
        """Its value of a single type; None where that cannot serve."""
        value = entry.get(self.name)
        return None if value is None else float(value)


COST = Aim("cost_usd_per_hour", "value", "Cost", "Cost ($/h)", "cost", "less", "more", said.price)
CARBON = Aim(
    "carbon_g_per_hour", "carbon_g_per_hour", "Carbon", "CO₂ (g/h)", "emit", "less CO₂", "more CO₂", said.carbon
)


def aim(result: Document) -> Aim:
    """Carbon where the spec asks for it and the answer knows it; else cost."""
    asked = result.get("spec", {}).get("objective") == "carbon" and CARBON.name in result["estimates"]
    return CARBON if asked and all(CARBON.part in one for one in result["explanation"]["breakdown"]) else COST
