"""The registry of laws of the loss: `get("chinchilla")`."""

from functools import cache
from importlib import import_module

from solvers.errors import unknown
from solvers.laws.law import Law

NAMES = (
    *("chinchilla", "kaplan", "minicpm", "farseer", "skaling", "over-training"),
    *("data-constrained", "size", "moe", "parscale", "parscale-by-size", "diloco"),
)


def get(name: str) -> Law:
    """The law called `name`; UnknownName offers the nearest."""
    if name not in NAMES:
        raise unknown("law of the loss", name, NAMES)
    return _load(name)


@cache
def _load(name: str) -> Law:
    law: Law = import_module(f"solvers.laws.loss.{name.replace('-', '_')}").LAW
    return law
