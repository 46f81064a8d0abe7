"""A scaling plan in words: sizes and losses as people write them."""

from collections.abc import Mapping

from solvers import units
from solvers.documents import Document
from solvers.scaling import halves

# Losses within this share of one another are as good (estimate).
SAME = 5e-4


def label(params: float, tokens: float) -> str:
    """`12.3B parameters on 240B tokens`."""
    return f"{size(params)} parameters on {size(tokens)} tokens"


def size(count: float) -> str:
    """`12.3B`."""
    return units.show(count, units.COUNT)


def flops(count: float) -> str:
    """`1e22 FLOP`: exponents, since computes differ by many powers of ten."""
    mantissa, exponent = f"{count:.1e}".split("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent)} FLOP"


def loss(value: float, unit: str) -> str:
    """`2.134 nats/token`."""
    return f"{value:.3f} {unit}"


def share(value: float) -> str:
    """`1.2 %`."""
    return units.show(value, units.SHARE)


def change(value: float, other: float) -> str:
    """How far a value is from another: `0.42 % more`, `the same` where no seed would tell them apart."""
    ratio = value / other - 1.0
    if abs(ratio) < SAME:
        return "the same"
    return f"{share(abs(ratio))} {'more' if ratio > 0 else 'less'}"


def headline(plan: Document, estimates: Mapping[str, Document], *, unforetold: str = "") -> str:
    """The answer in a sentence or two; `unforetold` says why no number should be believed."""
    target, found = plan["target"], estimates.get("loss")
    first = f"{plan['label']} ({flops(target['flops'])})"
    if found is None:
        begun = plan["ladder"]
        rungs = f"; begin with {_runs(len(begun['rungs']))}" if begun and begun["rungs"] else ""
        return f"{first} by what other families of runs teach{rungs}. Until runs are known, no loss is foretold."
    said = loss(found["value"], target["loss_unit"])
    if unforetold:
        return f"{first} cannot be foretold: the target {unforetold}. The laws of the runs point to {said}."
    return f"{first} should reach a loss of {said}, within {halves.said(halves.half(found))}.{_then(plan)}"


def _runs(count: int) -> str:
    return f"{count} small runs" if count > 1 else "one small run"


def _then(plan: Document) -> str:
    """What to run next, where there is a ladder."""
    if not plan["next"]:
        return ""
    rung = plan["ladder"]["rungs"][plan["next"]["rung"]]
    return f" Run next: {label(rung['params'], rung['tokens'])}, {plan['next']['sentence']}."
