"""Forecasts from few runs, for each given family, with all that was learned from others only.

random    runs of a cut of tests.solvers.laws.forecasts, drawn
ladder    runs of a cut as a first ladder would have them: an L and anchors
advised   the smaller runs of a family, all or few, and those that the designer adds to them; the largest are foretold
"""

from collections.abc import Iterator

import numpy as np

from solvers.errors import SpecError
from solvers.laws.design.belief import of_mixture
from solvers.laws.design.candidates import Candidates, Target, target
from solvers.laws.design.choose import Question
from solvers.laws.design.first import first
from solvers.laws.law import Runs, joined
from solvers.laws.predict.interval import START, Doubt
from solvers.laws.predict.mixture import mixture, tell
from solvers.scaling.ladder.choosing import designed
from tests.solvers.laws.families import FAMILIES
from tests.solvers.laws.forecasts import Forecast, cuts

# Runs that are left of a cut, how many more a cut must have, and draws of each.
SIZES, MORE, SEEDS = (8, 12, 20), 1.25, (0, 1)
# Shares of a cut's whole cost that a first ladder may take: the least that buys its runs.
SPENDS = (0.25, 0.5, 1.0)
# As the cases of tests.solvers.laws.design.product: the share of the runs, by compute, that is known, and how many are
# left of them (0: all); what candidates may have of the least compute that is asked about; the share of their cost
# that is spent; the most runs bought, and the fewest candidates.
KNOWN, LEFT, CHEAPER, SPENT, BOUGHT, FEWEST = (0.3, 0.45, 0.6), (0, 8, 12), 0.5, 0.3, 12, 6
# The largest runs are asked about: one in so many of a family, the fewest.
ONE_IN, LEAST_ASKED = 20, 3
# What designs go by: where learning begins, so that what is learned does not hang on what it was before.
PLAIN = Doubt(tuple(START), 1.6449)


def few() -> list[Forecast]:
    """All forecasts from few runs; those that no law can be fitted to are left out."""
    found = []
    for number, (name, (group, read)) in enumerate(FAMILIES.items()):
        runs = read()
        for kind, share, known, asked in (*_thinned(runs, number), *_advised(runs, group, number)):
            try:
                told = tell(mixture(known, leave=(group,)), asked.inputs)
            except SpecError:
                continue
            found.append(Forecast(name, group, share, known, asked, told, kind))
    return found


def _thinned(runs: Runs, number: int) -> Iterator[tuple[str, float, Runs, Runs]]:
    for share, known, asked in cuts(runs):
        for size in SIZES:
            if len(known) < MORE * size:
                continue
            for seed in SEEDS:
                rng = np.random.default_rng([seed, number, size, int(100 * share)])
                yield "random", share, known.take(np.sort(rng.permutation(len(known))[:size])), asked
            yield "ladder", share, known.take(_ladder(known, _largest(asked), size)), asked


def _ladder(known: Runs, aim: Target, size: int) -> np.ndarray:
    candidates = _candidates(known)
    for share in SPENDS:
        found = first(candidates, aim, spend=share * float(candidates.cost.sum()), runs=size)[:size]
        if len(found) == size:
            break
    return np.array(found)


def _advised(runs: Runs, group: str, number: int) -> Iterator[tuple[str, float, Runs, Runs]]:
    runs = runs.take(np.argsort(runs.flops, kind="stable"))
    asked = runs.take(np.arange(len(runs)) >= len(runs) - max(LEAST_ASKED, len(runs) // ONE_IN))
    for share in KNOWN:
        below = runs.take(runs.flops <= np.quantile(runs.flops, share))
        pool = runs.take((runs.flops > below.flops.max()) & (runs.flops <= CHEAPER * asked.flops.min()))
        for left in LEFT:
            if len(below) < max(left, min(SIZES)) or len(pool) < FEWEST:
                continue
            rng = np.random.default_rng([number, left, int(100 * share)])
            known = below.take(rng.permutation(len(below))[:left]) if left else below
            try:
                yield "advised", share, joined(known, _bought(known, pool, _largest(asked), group)), asked
            except SpecError:
                continue


def _bought(known: Runs, pool: Runs, aim: Target, group: str) -> Runs:
    candidates = _candidates(pool)
    question = Question(of_mixture(mixture(known, leave=(group,)), candidates, aim), candidates, aim, PLAIN)
    spend = max(SPENT * float(candidates.cost.sum()), float(candidates.cost.min()))
    return pool.take(np.array(designed(question, most_runs=BOUGHT)(spend).chosen, dtype=np.int64))


def _candidates(runs: Runs) -> Candidates:
    return Candidates({name: runs.inputs[name] for name in ("params", "tokens")}, runs.flops / 1e18)


def _largest(asked: Runs) -> Target:
    place = int(np.argmax(asked.flops))
    return target(**{name: asked.inputs[name][[place]] for name in ("params", "tokens")})
