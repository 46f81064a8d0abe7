"""What the answer becomes when the question changes, each found by solving again."""

from collections.abc import Iterator

import numpy as np

from solvers.documents import Document
from solvers.errors import SpecError
from solvers.laws.law import Floats
from solvers.scaling import halves
from solvers.scaling.case import Case
from solvers.scaling.forecast.best import best
from solvers.scaling.forecast.kinds import of_one_length
from solvers.scaling.forecast.known import Known, alone, foretold, known_of
from solvers.scaling.forecast.parts import of_interval
from solvers.scaling.forecast.place import Place
from solvers.scaling.words import change, label, loss

# Runs of at least this share of the largest run's compute are left out, to see what the largest ones say.
LARGEST = 0.5
Found = Iterator[tuple[str, str, Document]]


def sensitivity(case: Case, plan: Document, now: Document) -> list[Document]:
    """Twice the compute, half the data, without the largest runs, by the leading law alone, after the next run."""
    known = case.known
    if known is None:
        return []
    found = [
        *_compute(known, case.place),
        *_data(known, case.place),
        *_without_largest(case, known),
        *_one_law(known, case.place, plan),
        *_next(case.place, plan, now),
    ]
    return [
        {
            "change": name,
            "outcome": outcome(size, estimate, now, known.runs.loss_unit),
            "plan": size,
            "estimates": {"loss": estimate},
        }
        for name, size, estimate in found
    ]


def outcome(size: str, estimate: Document, now: Document, unit: str) -> str:
    """`2.05 nats/token (1.1 % less), within 1.2 %: 17B parameters on 340B tokens`."""
    moved = change(estimate["value"], now["value"])
    return f"{loss(estimate['value'], unit)} ({moved}), within {halves.said(halves.half(estimate))}: {size}"


def _compute(known: Known, place: Place) -> Found:
    if of_one_length(known.mix):
        at = 2.0 * place.params, place.tokens
        yield "Twice the parameters", label(*at), _loss(known, *at, unique=place.unique)
        return
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


def _without_largest(case: Case, known: Known) -> Found:
    """The forecast of the same run, had the largest runs not been made."""
    among = np.zeros(len(known.imported.runs), dtype=bool)
    among[known.places[known.runs.flops < LARGEST * known.runs.flops.max()]] = True
    try:
        fewer = known_of(
            known.imported, laws=case.spec.options.laws, seed=case.spec.seed, among=among, setting=known.setting
        )
    except SpecError:
        return
    left, place = len(known.runs) - len(fewer.runs), case.place
    name = f"Without the {left} largest runs" if left > 1 else "Without the largest run"
    yield name, label(place.params, place.tokens), _loss(fewer, place.params, place.tokens, unique=place.unique)


def _one_law(known: Known, place: Place, plan: Document) -> Found:
    """The size that the law which counts most would choose by itself, and what it says of it."""
    if len(known.mix.experts) < 2:
        return
    lead = alone(known, plan["laws"][0]["name"])
    at = place.params, place.tokens
    if place.found is not None:
        found = best(lead, np.array([place.budget]), served=place.served, unique=place.unique)
        at = float(found.params[0]), float(found.tokens[0])
    yield f"{plan['laws'][0]['title']} alone", label(*at), _loss(lead, *at, unique=place.unique)


def _next(place: Place, plan: Document, now: Document) -> Found:
    """The interval that is expected after the next run, if that shows what the laws expect of it."""
    following = plan["next"]
    if following is None:
        return
    rung = plan["ladder"]["rungs"][following["rung"]]
    name = f"After the next run ({label(rung['params'], rung['tokens'])})"
    yield name, label(place.params, place.tokens), halves.around(now["value"], following["after"])


def _loss(known: Known, params: float, tokens: float, *, unique: float | None) -> Document:
    at: tuple[Floats, Floats] = np.array([params]), np.array([tokens])
    return of_interval(foretold(known, *at, unique=unique))
