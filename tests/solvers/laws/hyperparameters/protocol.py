"""How well optima are predicted on grids: fitted on small sizes, scored on larger ones by what the choice loses.

The score of a prediction at a size is the excess loss of the grid's run nearest to it (in ln learning rate and ln
batch) over the grid's best run [li2025predictable]. Both are single runs with noise of 0.1 %, and the best of a hundred
is lucky: the true optimum scores about 0.1 %, not 0. `floor` therefore says what the size's own fit would score.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solvers.errors import Problem
from solvers.laws.errors import BadRuns
from solvers.laws.hyperparameters.prior import STEP_LAW, Prior
from solvers.laws.hyperparameters.surface import fitted
from solvers.laws.hyperparameters.sweep import Sweep, groups_of
from solvers.laws.hyperparameters.target import choice, target

Floats = NDArray[np.float64]
# (N, D) -> learning rate, batch in tokens.
Predict = Callable[[float, float], tuple[float, float]]

# How far a group's own optimum may be from the law when each group is fitted for itself, in ln.
FREE = 0.3


@dataclass(frozen=True, eq=False)
class Score:
    """Excess loss of each group [G] as a share of its best loss, with its N and D."""

    params: Floats
    tokens: Floats
    excess: Floats

    @property
    def mean(self) -> float:
        """The mean over groups."""
        return float(self.excess.mean())


def nearest_excess(sweep: Sweep, *, learning_rate: float, batch_tokens: float) -> float:
    """What the run nearest to a choice loses over the best run; a run that diverged counts as lost altogether."""
    far = np.log(sweep.learning_rate / learning_rate) ** 2 + np.log(sweep.batch_tokens / batch_tokens) ** 2
    loss = float(sweep.loss[int(far.argmin())])
    return loss / float(np.nanmin(sweep.loss)) - 1.0 if np.isfinite(loss) else float("inf")


def scored(sweep: Sweep, predict: Predict) -> Score:
    """The score of predictions at each size of a sweep."""
    groups = groups_of(sweep)
    found = np.empty(len(groups))
    for place, (params, tokens) in enumerate(zip(groups.params, groups.tokens, strict=True)):
        rate, batch = predict(float(params), float(tokens))
        found[place] = nearest_excess(sweep.take(groups.of_run == place), learning_rate=rate, batch_tokens=batch)
    return Score(groups.params, groups.tokens, found)


def predictor(sweep: Sweep, *, prior: Prior = STEP_LAW) -> Predict:
    """The choice of a surface fitted to the sweep."""
    surface = fitted(sweep, prior=prior)

    def predict(params: float, tokens: float) -> tuple[float, float]:
        best = choice(target(surface, params=params, tokens=tokens))
        return best.learning_rate.value, best.batch_tokens.value

    return predict


def split(sweep: Sweep, *, params: float) -> tuple[Sweep, Sweep]:
    """Runs under `params` parameters, and the others."""
    small = sweep.params < params
    if small.all() or not small.any():
        message = f"All or none of the runs have fewer than {params:.3g} parameters."
        raise BadRuns(Problem("empty_split", message, "/split", "Split between sizes that both have runs."))
    return sweep.take(small), sweep.take(~small)


def extrapolated(sweep: Sweep, *, params: float, prior: Prior = STEP_LAW) -> Score:
    """Fitted to all runs under `params` parameters, scored on the larger sizes."""
    small, large = split(sweep, params=params)
    return scored(large, predictor(small, prior=prior))


def drawn(sweep: Sweep, *, runs: int, rng: np.random.Generator) -> Sweep:
    """`runs` random runs of each size, diverged ones among them."""
    of_run = groups_of(sweep).of_run
    kept = [rng.permutation(np.flatnonzero(of_run == place))[:runs] for place in range(int(of_run.max()) + 1)]
    return sweep.take(np.sort(np.concatenate(kept)))


def sparse(
    sweep: Sweep, *, params: float, runs: int = 9, draws: int = 100, seed: int = 0, prior: Prior = STEP_LAW
) -> list[Score]:
    """As `extrapolated`, from a few random runs of each small size, over many draws."""
    small, large = split(sweep, params=params)
    rng = np.random.default_rng(seed)
    return [scored(large, predictor(drawn(small, runs=runs, rng=rng), prior=prior)) for _ in range(draws)]


def floor(sweep: Sweep) -> Score:
    """What the optimum of the sizes' own fits scores: what noise of single runs leaves to the best prediction."""
    return scored(sweep, predictor(sweep, prior=Prior(group=FREE)))
