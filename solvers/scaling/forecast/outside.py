"""Targets beside the runs: far above or below them, of another ratio of tokens, or where laws do not hold at all."""

from collections.abc import Iterator

import numpy as np

from solvers.errors import Problem
from solvers.laws.fit.doubts import BOLD, UNHEARD
from solvers.laws.fit.flags import HARDLY_TRAINED
from solvers.scaling.forecast.known import Known, foretold
from solvers.scaling.forecast.place import Place
from solvers.scaling.forecast.unlike import of_kinds, unseen

# Tokens for each parameter that are so many times off those of any run are like none; so many, and no law was ever
# tried so (estimates).
UNLIKE, BEYOND = 10.0, 1000.0


def outside(known: Known, place: Place) -> Iterator[Problem]:
    """Warnings; what `solvers.laws.fit.doubts` says of targets far above the runs is not said again."""
    times = float(known.runs.flops.min()) / place.flops
    if times > BOLD:
        message = f"The smallest run has {times:,.0f} times the compute of the target; the laws were fitted above it."
        yield Problem("below_runs", message, "/target", "Ask for a target above the runs, or add smaller runs.")
    if _unlike(known, place) > UNLIKE:
        low, high = _ratios(known)
        message = (
            f"The target has {place.tokens / place.params:.3g} tokens for each parameter, the runs {low:.3g} to"
            f" {high:.3g}: nothing near it was run."
        )
        yield Problem("unlike_runs", message, "/target", "Add runs of a ratio that is nearer.")
    if _hardly_trained(known, place):
        message = f"A loss of {_loss(known, place):.2f} {known.runs.loss_unit} is that of counting tokens."
        yield Problem("hardly_trained", f"{message} Laws do not hold there.", "/target", "Ask for a larger target.")
    yield from of_kinds(known)


def unforetold(known: Known, place: Place) -> str:
    """Why no number should be believed of the target, in words that go on from "the target"; "" where one may be."""
    most, least = float(known.runs.flops.max()), float(known.runs.flops.min())
    if place.flops / most > UNHEARD:
        return f"has {place.flops / most:,.0f} times the compute of the largest run, and no law was ever tried so far"
    if least / place.flops > UNHEARD:
        return "is far below all runs"
    if _unlike(known, place) > BEYOND:
        return "has tokens for each parameter as no run near it"
    if _hardly_trained(known, place):
        return "is hardly trained, where laws do not hold"
    return unseen(known, place)


def _ratios(known: Known) -> tuple[float, float]:
    found = known.runs.inputs["tokens"] / known.runs.inputs["params"]
    return float(found.min()), float(found.max())


def _unlike(known: Known, place: Place) -> float:
    """How many times the target's tokens for each parameter are off those of any run."""
    low, high = _ratios(known)
    ratio = place.tokens / place.params
    return max(low / ratio, ratio / high, 1.0)


def _hardly_trained(known: Known, place: Place) -> bool:
    return _loss(known, place) > HARDLY_TRAINED[known.runs.loss_unit]


def _loss(known: Known, place: Place) -> float:
    at = np.array([place.params]), np.array([place.tokens])
    return float(foretold(known, *at, unique=place.unique).value[0])
