"""Where the requests of each service go in its busiest hour."""

from dataclasses import dataclass

from solvers.documents import Document


@dataclass(frozen=True)
class Routed:
    """A service in its busiest hour: its classes with their shares, and weights by class and configuration."""

    service: str
    hour: int
    classes: tuple[tuple[str, float], ...]
    configurations: tuple[Document, ...]
    weights: dict[str, dict[str, float]]

    def weight(self, label: str, configuration: str) -> float:
        """The share of a class that goes to a configuration."""
        return self.weights.get(label, {}).get(configuration, 0.0)

    def load(self, configuration: str) -> float:
        """The share of all requests of the service that goes to a configuration."""
        return sum(share * self.weight(label, configuration) for label, share in self.classes)


def routed(result: Document) -> tuple[Routed, ...]:
    """One for each service that has any load."""
    plan = result["plan"]
    found = []
    for service in plan["services"]:
        name = service["name"]
        rates = plan["hours"]["demand_per_s"][name]
        hour = max(range(len(rates)), key=lambda at: rates[at])
        groups = [one for one in plan["routing"] if one["service"] == name and hour in one["hours"]]
        weights: dict[str, dict[str, float]] = groups[0]["weights"] if groups else {}
        used = {configuration for by_name in weights.values() for configuration in by_name}
        classes = tuple((one["label"], float(one["share"])) for one in service["classes"] if one["label"] in weights)
        held = tuple(one for one in plan["configurations"] if one["name"] in used)
        if classes:
            found.append(Routed(name, hour, classes, held, weights))
    return tuple(found)


def named(configuration: Document) -> str:
    """`h100-sxm-eu-a, TP2, FP8`: the offer and how a replica is laid out; its GPUs where no layout is known."""
    size = configuration["label"] or ("1 GPU" if configuration["gpus"] == 1 else f"{configuration['gpus']} GPUs")
    return f"{configuration['offer']}, {size}"
