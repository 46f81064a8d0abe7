"""How soon a law is fitted and its doubt known, and how soon a forecast and the next run are there.

The fit is the replication of Chinchilla's on made points, with its thousand bootstraps (solvers/laws/fit/bench.py). The
forecast is the product's: several laws fitted to 500 made runs, each with its past, and the interval of one target; the
next run is the best of 400 candidates by what it takes from that interval for its cost.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from solvers.laws.design.advice import ranked
from solvers.laws.design.belief import of_mixture
from solvers.laws.design.candidates import Candidates, target
from solvers.laws.design.choose import Question
from solvers.laws.fit import bench as fits
from solvers.laws.law import Runs, flops_of, loss_at
from solvers.laws.loss import get
from solvers.laws.predict.interval import interval
from solvers.laws.predict.mixture import Mixture, mixture, tell
from solvers.laws.predict.shipped import shipped
from solvers.scaling import halves
from solvers.scaling.forecast.parts import of_interval

SEED = 20
RUNS, SIDE = 500, 20
# Sizes and lengths of the made runs and of the candidates; the target has about a hundred times their compute.
PARAMS, TOKENS, AIM = (2e7, 2e9), (5e8, 5e10), {"params": 1e10, "tokens": 5e11}
# Scatter between runs in ln of the loss, of the order of seeds.
SCATTER = 2e-3
DRAWS = fits.DRAWS


def run(clock: Callable[[], float]) -> dict[str, Any]:
    """Seconds of each, with what was done in them."""
    one = fits.replication(fits.made(SEED), clock=clock, draws=DRAWS)
    start = clock()
    mix = mixture(runs())
    found = interval(tell(mix, _aim()), shipped())
    middle = clock()
    best = ranked(question(mix))[0]
    end = clock()
    return {
        "fit_seconds": one["fit_s"],
        "bootstrap_1000_seconds": one["bootstrap_s"],
        "forecast_500_seconds": middle - start,
        "next_of_400_seconds": end - middle,
        "half_width": halves.half(of_interval(found)),
        "half_width_after_next": halves.of_log(best.after),
        "workload": (
            f"Chinchilla's law from cold to {one['runs']} made points and to {one['draws']} draws of them; "
            f"{len(mix.laws)} laws to {RUNS} made runs; {SIDE * SIDE} candidates ranked"
        ),
    }


def runs(seed: int = SEED) -> Runs:
    """Made runs of the replication's law, spread evenly in the logarithms of size and length."""
    law, rng = get("chinchilla"), np.random.default_rng(seed)
    inputs = {
        name: low * (high / low) ** rng.uniform(size=RUNS)
        for name, (low, high) in {"params": PARAMS, "tokens": TOKENS}.items()
    }
    noise = np.exp(SCATTER * rng.standard_normal(RUNS))
    return Runs(inputs, noise * loss_at(law, law.published[-1].coefficients, **inputs))


def question(mix: Mixture) -> Question:
    """Which of a grid of runs says most of the target for its FLOP."""
    params, tokens = (part.ravel() for part in np.meshgrid(np.geomspace(*PARAMS, SIDE), np.geomspace(*TOKENS, SIDE)))
    inputs = {"params": params, "tokens": tokens}
    candidates, aim = Candidates(inputs, flops_of(inputs)), target(**AIM)
    return Question(of_mixture(mix, candidates, aim), candidates, aim, shipped())


def _aim() -> dict[str, Any]:
    return {name: np.array([value]) for name, value in AIM.items()}
