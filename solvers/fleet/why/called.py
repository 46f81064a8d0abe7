"""What the numbers of a programme are called, so that what is found of them can be said."""

from dataclasses import dataclass, field
from functools import cached_property

from solvers.fleet.programme.case import Mix, Programme
from solvers.fleet.why.changed import gpus_by_offer
from solvers.units import PRICE, show


@dataclass(frozen=True)
class Called:
    """Names [O] of offers, of their GPU types and terms; of services and of the classes of each.

    `limits` has a sentence's subject for the name of a limit or a loss: "4 × L4 in eu-west-1".
    """

    offers: tuple[str, ...]
    gpus: tuple[str, ...]
    terms: tuple[str, ...]
    services: tuple[str, ...]
    classes: tuple[tuple[str, ...], ...]
    limits: dict[str, str] = field(default_factory=dict)

    @cached_property
    def types(self) -> tuple[str, ...]:
        """The GPU types, in the order of the offers."""
        return tuple(dict.fromkeys(self.gpus))

    def of_type(self, gpu: str) -> tuple[int, ...]:
        """The offers of a GPU type."""
        return tuple(offer for offer, name in enumerate(self.gpus) if name == gpu)

    def limit(self, name: str) -> str:
        """A limit or loss in words."""
        return self.limits.get(name, name)


@dataclass(frozen=True)
class Aim:
    """What a programme minimises, in words: the plan with the least, one with more, one with as much, and the verb."""

    least: str
    more: str
    same: str
    takes: str


AIMS = {
    "cost": Aim("cheapest", "dearer", "as cheap", "cost"),
    "carbon": Aim("cleanest", "more CO2", "as clean", "emit"),
}


def aim(programme: Programme) -> Aim:
    """The words of what a programme minimises."""
    return AIMS[programme.objective]


def mix_words(called: Called, programme: Programme, mix: Mix) -> str:
    """`3 L4 and 1 A100-80`: the GPUs of each type in the hour with the most of them."""
    units = gpus_by_type(called, programme, mix)
    told = [f"{count:,} {name}" for name, count in units.items() if count]
    return joined(told) or "no GPU"


def gpus_by_type(called: Called, programme: Programme, mix: Mix) -> dict[str, int]:
    """GPUs of each type in the hour with the most of that type."""
    sizes = [one.gpus for one in programme.offers]
    return {gpu: int(max(sum(sizes[o] * mix.units[o] for o in called.of_type(gpu)), default=0)) for gpu in called.types}


def offers_words(called: Called, programme: Programme, mix: Mix) -> str:
    """The same by offers."""
    pairs = zip(called.offers, gpus_by_offer(programme, mix), strict=True)
    return joined([f"{count:,} × {name}" for name, count in pairs if count]) or "no GPU"


def joined(parts: list[str]) -> str:
    """`a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def money(programme: Programme, value: float) -> str:
    """A value of the objective for people: dollars or grams of CO2 an hour."""
    return show(value, PRICE) if programme.objective == "cost" else f"{value:,.0f} g of CO2 an hour"
