"""What the answer becomes when the question changes, each found by solving again."""

from collections.abc import Iterator

import numpy as np

from solvers.documents import Document
from solvers.errors import SpecError
from solvers.scaling.forecast.best import best
from solvers.scaling.forecast.known import Known, foretold, known_of
from solvers.scaling.forecast.parts import of_interval
from solvers.scaling.forecast.place import Place
from solvers.scaling.spec import ScalingSpec
from solvers.scaling.words import label, loss, share

# Share of the compute of the largest run from which runs are left out, to see what the largest ones say.
LARGEST = 0.5


def sensitivity(spec: ScalingSpec, known: Known, place: Place, now: Document) -> list[Document]:
    """Twice the compute, half the unique tokens, without the largest runs."""
    unit = known.runs.loss_unit
    found = [*_compute(known, place), *_data(known, place), *_without_largest(spec, known, place)]
    return [
        {"change": change, "outcome": outcome(plan, estimate, now, unit), "plan": plan, "estimates": {"loss": estimate}}
        for change, plan, estimate in found
    ]


def outcome(plan: str, estimate: Document, now: Document, unit: str) -> str:
    """`2.05 nats/token (1.1 % less), within 1.2 %: 17B parameters on 340B tokens`."""
    ratio = estimate["value"] / now["value"] - 1.0
    half = (estimate["high"] - estimate["low"]) / (2.0 * estimate["value"])
    moved = "the same" if abs(ratio) < 5e-5 else f"{share(abs(ratio))} {'more' if ratio > 0 else 'less'}"
    return f"{loss(estimate['value'], unit)} ({moved}), within {share(half)}: {plan}"


Found = Iterator[tuple[str, str, Document]]


def _compute(known: Known, place: Place) -> Found:
    if place.found is None:
        at = place.params, 2.0 * place.tokens
        yield "Twice the tokens", label(*at), _loss(known, *at, unique=place.unique)
        return
    again = best(known, np.array([2.0 * place.budget]), served=place.served, unique=place.unique)
    at = float(again.params[0]), float(again.tokens[0])
    yield "Twice the compute", label(*at), _loss(known, *at, unique=place.unique)


def _data(known: Known, place: Place) -> Found:
    if place.unique is None:
        return
    half = place.unique / 2.0
    at = place.params, place.tokens
    if place.found is not None:
        again = best(known, np.array([place.budget]), served=place.served, unique=half)
        at = float(again.params[0]), float(again.tokens[0])
    yield "Half the unique tokens", label(*at), _loss(known, *at, unique=half)


def _without_largest(spec: ScalingSpec, known: Known, place: Place) -> Found:
    """The forecast of the same run, had the largest runs not been made."""
    among = np.zeros(len(known.imported.runs), dtype=bool)
    among[known.places[known.runs.flops < LARGEST * known.runs.flops.max()]] = True
    try:
        fewer = known_of(known.imported, laws=spec.options.laws, seed=spec.seed, among=among)
    except SpecError:
        return
    left = len(known.runs) - len(fewer.runs)
    at = place.params, place.tokens
    name = f"Without the {left} largest runs" if left > 1 else "Without the largest run"
    yield name, label(*at), _loss(fewer, *at, unique=place.unique)


def _loss(known: Known, params: float, tokens: float, *, unique: float | None) -> Document:
    return of_interval(foretold(known, np.array([params]), np.array([tokens]), unique=unique))
