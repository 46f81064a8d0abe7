"""The runs that a forecast knows, as laws see them, and what the laws together say of any other.

Tokens that repeat count as what they are worth (solvers/laws/predict/repeats.py), in runs as in forecasts, and laws are
asked at the target's number of experts, streams and replicas (solvers/laws/predict/kinds.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from solvers.laws.law import Floats, Runs
from solvers.laws.predict.interval import Doubt, Interval, interval
from solvers.laws.predict.kinds import at_setting, mixture_of_kinds, of_repeats, widened
from solvers.laws.predict.mixture import BELIEF, Mixture, Told, likely, tell
from solvers.laws.predict.repeats import worth
from solvers.laws.predict.shipped import shipped
from solvers.scaling.forecast.kinds import Setting, seen_by, with_kinds
from solvers.scaling.runs.read import UNUSABLE, Imported

# What is believed of a law that the shipped mixture does not hold, before any run.
UNTRIED = 0.1
# Runs that laws are fitted to at most: what a law leaves out is learned from all pairs of them.
MOST_FITTED = 1_000


@dataclass(frozen=True, eq=False)
class Known:
    """What was imported, the places [M] of the runs that laws were fitted to, those runs, the laws and their doubt.

    `mix` is of the target's kind; `whole` has the laws as they were fitted, to runs of every kind.
    `among` says which of all runs were asked for, None all of them; `setting` is how many experts, streams and replicas
    the target has.
    """

    imported: Imported
    places: NDArray[np.intp]
    runs: Runs
    mix: Mixture
    whole: Mixture
    doubt: Doubt
    among: NDArray[np.bool_] | None = None
    setting: Setting = field(default_factory=dict)


def known_of(
    imported: Imported,
    *,
    laws: Sequence[str],
    seed: int,
    among: NDArray[np.bool_] | None = None,
    setting: Setting | None = None,
) -> Known:
    """The laws fitted to the usable runs, or to those of them that are `among` all imported [all]."""
    places = thinned(imported.runs.flops, usable_places(imported, among))
    runs, asked = with_kinds(imported.runs.take(places), setting or {})
    found = mixture_of_kinds(runs, laws=beliefs(seen_by(laws, runs)), kinds=asked, seed=seed)
    mix = at_setting(found, setting or {})
    return Known(imported, places, found.runs, mix, found, shipped(), among, setting or {})


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


def told(known: Known, params: Floats, tokens: Floats, *, unique: float | None) -> Told:
    """What the laws together say of runs of these parameters and tokens [Q]."""
    return tell(known.mix, {"params": params, "tokens": worth(tokens, unique, rate=known.mix.repeats.rate)})


def expected(known: Known, params: Floats, tokens: Floats, *, unique: float | None) -> Floats:
    """Their ln loss [Q] alone, without how sure that is."""
    return likely(known.mix, {"params": params, "tokens": worth(tokens, unique, rate=known.mix.repeats.rate)})


def foretold(known: Known, params: Floats, tokens: Floats, *, unique: float | None = None) -> Interval:
    """Losses [Q] of runs of these parameters and tokens, with their intervals."""
    plain = interval(told(known, params, tokens, unique=unique), known.doubt)
    if unique is None or not np.any(tokens > unique):
        return plain
    return widened(plain, of_repeats(known.mix, params, tokens, unique))
