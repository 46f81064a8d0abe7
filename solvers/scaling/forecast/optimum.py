"""The best size of the target's budget, and what it would be without a limit of data or without serving."""

import numpy as np

from solvers.documents import Document
from solvers.scaling.forecast.best import best
from solvers.scaling.forecast.known import Known, foretold
from solvers.scaling.forecast.parts import of_range
from solvers.scaling.forecast.place import Place


def optimum(known: Known, place: Place) -> Document | None:
    """Best parameters and tokens with their spread; None where size and length are given."""
    if place.found is None:
        return None
    return {
        "params": of_range(place.found.params),
        "tokens": of_range(place.found.tokens),
        "at_edge": place.found.at_edge,
        "unbounded_by_data": _instead(known, place, served=place.served) if place.unique else None,
        "without_serving": _instead(known, place, served=0.0, unique=place.unique) if place.served else None,
    }


def _instead(known: Known, place: Place, *, served: float, unique: float | None = None) -> Document:
    """The best split of the budget, spent otherwise; without serving, of what training alone has."""
    budget = place.budget if served else place.flops
    found = best(known, np.array([budget]), served=served, unique=unique)
    loss = foretold(known, found.params, found.tokens, unique=unique)
    return {"params": float(found.params[0]), "tokens": float(found.tokens[0]), "loss": float(loss.value[0])}
