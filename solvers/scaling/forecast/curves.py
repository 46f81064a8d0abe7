"""Forecasts along lines and over planes: the fan along the best sizes, isoFLOP curves, the surface over N and D."""

import numpy as np
from numpy.typing import NDArray

from solvers.documents import Document
from solvers.laws.law import FLOPS_PER_PARAMETER_TOKEN, Floats
from solvers.scaling.forecast.best import best
from solvers.scaling.forecast.known import Known, expected, foretold, told
from solvers.scaling.forecast.parts import numbers
from solvers.scaling.forecast.place import Place

# Points of the fan, which reaches this many times beyond the target.
FAN, FURTHER = 33, 3.0
# Curves of equal compute, their points, and how many times smaller and larger than the best size they reach.
LEVELS, POINTS, AROUND = 5, 33, 12.0
# Points of each side of the surface, and how far it reaches beyond runs and target.
SIDE, MARGIN = 25, 1.5


def fan(known: Known, place: Place) -> Document:
    """Loss along the sizes that are best to train, whatever is served: from the smallest run to beyond the target."""
    least, most = float(known.runs.flops.min()), place.flops * FURTHER
    budgets = np.exp(np.linspace(np.log(min(least, place.flops)), np.log(most), FAN))
    found = best(known, budgets, unique=place.unique)
    loss = foretold(known, found.params, found.tokens, unique=place.unique)
    kept = np.unique(found.flops, return_index=True)[1]
    largest = float(known.runs.flops.max())
    return {
        "flops": numbers(found.flops[kept]),
        "params": numbers(found.params[kept]),
        "tokens": numbers(found.tokens[kept]),
        "value": numbers(loss.value[kept]),
        "low": numbers(loss.low[kept]),
        "high": numbers(loss.high[kept]),
        "inside": [bool(flops <= largest) for flops in found.flops[kept]],
    }


def isoflops(known: Known, place: Place) -> list[Document]:
    """Curves of equal compute of training, evenly from the runs' to the target's."""
    levels = np.exp(np.linspace(np.log(_middle(known, place)), np.log(place.flops), LEVELS))
    middle = best(known, levels, unique=place.unique).params
    middle[-1] = place.params if place.found is not None else middle[-1]
    return [
        _isoflop(known, float(flops), float(at), unique=place.unique) for flops, at in zip(levels, middle, strict=True)
    ]


def _middle(known: Known, place: Place) -> float:
    """Compute of the runs' middle, or less where the target itself is among them."""
    return min(float(np.median(known.runs.flops)), place.flops / 10.0)


def _isoflop(known: Known, flops: float, best_params: float, *, unique: float | None) -> Document:
    """The curve, and between which sizes a law does not count for it would have more do harm: it jumps there."""
    params = best_params * np.exp(np.linspace(-np.log(AROUND), np.log(AROUND), POINTS))
    tokens = flops / (FLOPS_PER_PARAMETER_TOKEN * params)
    loss = foretold(known, params, tokens, unique=unique)
    counts = told(known, params, tokens, unique=unique).weights > 0
    return {
        "flops": flops,
        "params": numbers(params),
        "tokens": numbers(tokens),
        "loss": numbers(loss.value),
        "low": numbers(loss.low),
        "high": numbers(loss.high),
        "best_params": float(params[int(np.argmin(loss.value))]),
        "not_counted": [
            {"title": one.fitted.law.title, "least_params": float(params[first]), "most_params": float(params[last])}
            for one, kept in zip(known.mix.experts, counts, strict=True)
            for first, last in _stretches(~kept)
        ],
    }


def _stretches(of: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The first and the last place of each stretch of places that hold."""
    turns = np.flatnonzero(np.diff(np.concatenate(([False], of, [False])).astype(np.int8)))
    return [(int(first), int(after) - 1) for first, after in zip(turns[::2], turns[1::2], strict=True)]


def surface(known: Known, place: Place) -> Document:
    """Loss over parameters and tokens, around runs and target."""
    params = _side(known.runs.inputs["params"], place.params)
    tokens = _side(known.imported.runs.inputs["tokens"][known.places], place.tokens)
    grid = np.meshgrid(params, tokens, indexing="ij")
    loss = np.exp(expected(known, grid[0].ravel(), grid[1].ravel(), unique=place.unique)).reshape(SIDE, SIDE)
    return {"params": numbers(params), "tokens": numbers(tokens), "loss": [numbers(row) for row in loss]}


def _side(of_runs: Floats, of_target: float) -> Floats:
    low = min(float(of_runs.min()), of_target) / MARGIN
    high = max(float(of_runs.max()), of_target) * MARGIN
    return np.exp(np.linspace(np.log(low), np.log(high), SIDE))
