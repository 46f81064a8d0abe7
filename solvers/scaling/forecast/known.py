"""The runs that a forecast knows, as laws see them, and what the laws together say of any other.

Tokens that repeat count as what they are worth (solvers/laws/predict/optimum.py), in runs as in forecasts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from solvers.laws.law import Floats, Runs
from solvers.laws.loss import data_constrained
from solvers.laws.predict.interval import LEVEL, Doubt, Interval, interval
from solvers.laws.predict.mixture import BELIEF, Mixture, Told, likely, mixture, tell
from solvers.laws.predict.optimum import REPEATS, worth
from solvers.laws.predict.shipped import shipped
from solvers.scaling.runs.read import UNUSABLE, Imported

# What is believed of a law that the shipped mixture does not hold, before any run.
UNTRIED = 0.1
# Runs that laws are fitted to at most: what a law leaves out is learned from all pairs of them.
MOST_FITTED = 1_000
# What is not known of the rate at which repeated tokens lose their worth, as sd of its ln; a normal's reach for LEVEL.
REPEATS_WIDTH = data_constrained.PARAMETERS[5].width
NORMAL = NormalDist().inv_cdf((1.0 + LEVEL) / 2.0)


@dataclass(frozen=True, eq=False)
class Known:
    """What was imported, the places [M] of the runs that laws were fitted to, those runs, the laws and their doubt.

    `among` says which of all runs were asked for, None all of them.
    """

    imported: Imported
    places: NDArray[np.intp]
    runs: Runs
    mix: Mixture
    doubt: Doubt
    among: NDArray[np.bool_] | None = None


def known_of(imported: Imported, *, laws: Sequence[str], seed: int, among: NDArray[np.bool_] | None = None) -> Known:
    """The laws fitted to the usable runs, or to those of them that are `among` all imported [all]."""
    places = thinned(imported.runs.flops, usable_places(imported, among))
    runs = effective(imported.runs.take(places))
    return Known(imported, places, runs, mixture(runs, laws=beliefs(laws), seed=seed), shipped(), among)


def alone(known: Known, law: str) -> Known:
    """What is known where one law of the mixture is asked by itself."""
    kept = np.array([one == law for one in known.mix.laws])
    experts = tuple(one for one, keep in zip(known.mix.experts, kept, strict=True) if keep)
    return replace(
        known, mix=replace(known.mix, experts=experts, past=known.mix.past[kept], belief=known.mix.belief[kept])
    )


def beliefs(laws: Sequence[str]) -> Mapping[str, float]:
    """What is believed of each law before any run."""
    return {name: BELIEF.get(name, UNTRIED) for name in laws}


def usable_places(imported: Imported, among: NDArray[np.bool_] | None = None) -> NDArray[np.intp]:
    """Places of the runs that laws are fitted to, among all."""
    kept = np.ones(len(imported.runs), dtype=bool) if among is None else among.copy()
    kept[[flag.run for flag in imported.flags if flag.code in UNUSABLE]] = False
    return np.flatnonzero(kept)


def thinned(flops: Floats, places: NDArray[np.intp]) -> NDArray[np.intp]:
    """Of more places than laws are fitted to, evenly many by compute [all], the largest among them."""
    if len(places) <= MOST_FITTED:
        return places
    by_flops = places[np.argsort(flops[places], kind="stable")]
    kept = np.linspace(0, len(places) - 1, MOST_FITTED).round().astype(np.intp)
    return np.sort(by_flops[kept])


def effective(runs: Runs) -> Runs:
    """The runs with tokens that differ and are worth as much as theirs."""
    if "unique_tokens" not in runs.inputs:
        return runs
    inputs = {name: values for name, values in runs.inputs.items() if name != "unique_tokens"}
    tokens = worth(runs.inputs["tokens"], runs.inputs["unique_tokens"])
    return replace(runs, inputs={**inputs, "tokens": tokens})


def told(known: Known, params: Floats, tokens: Floats, *, unique: float | None) -> Told:
    """What the laws together say of runs of these parameters and tokens [Q]."""
    return tell(known.mix, {"params": params, "tokens": worth(tokens, unique)})


def expected(known: Known, params: Floats, tokens: Floats, *, unique: float | None) -> Floats:
    """Their ln loss [Q] alone, without how sure that is."""
    return likely(known.mix, {"params": params, "tokens": worth(tokens, unique)})


def foretold(known: Known, params: Floats, tokens: Floats, *, unique: float | None = None) -> Interval:
    """Losses [Q] of runs of these parameters and tokens, with their intervals."""
    plain = interval(told(known, params, tokens, unique=unique), known.doubt)
    if unique is None or not np.any(tokens > unique):
        return plain
    middle = np.log(plain.value)
    further = NORMAL * of_repeats(known.mix, params, tokens, unique)
    reach = np.hypot(np.log(plain.high) - middle, further)
    return Interval(plain.value, np.exp(middle - reach), np.exp(middle + reach))


def of_repeats(mix: Mixture, params: Floats, tokens: Floats, unique: float) -> Floats:
    """What not knowing the rate at which repeated tokens lose their worth does to ln loss, as a sd [Q]."""
    ends = [
        likely(mix, {"params": params, "tokens": worth(tokens, unique, rate=REPEATS * np.exp(step))})
        for step in (-REPEATS_WIDTH, REPEATS_WIDTH)
    ]
    found: Floats = np.abs(ends[1] - ends[0]) / 2.0
    return found
