"""What is lost around the best learning rate and batch of the target, and where the runs lie there.

Runs of all sizes stand in one chart: each is carried to the target along the fitted law, so that it lies as far from
the best there as it was from its own size's best. Learning rates are peaks of the schedule that is asked for.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solvers.documents import Document
from solvers.laws.hyperparameters.basin import excess
from solvers.laws.hyperparameters.surface import SHARED
from solvers.laws.hyperparameters.target import MOST, Target, flat, from_best
from solvers.scaling.tuning.basis import Tuning

Floats = NDArray[np.float64]

# This many learning rates and batches, from an eighth to eight times the best, runs that are shown, digits.
ACROSS, FACTOR, MOST_SHOWN, DIGITS = 33, 8.0, 600, 5


@dataclass(frozen=True, eq=False)
class Chart:
    """The surface at the target, and the peak of the schedule over that which the surface speaks of."""

    at: Target
    ratio: float

    def carried(self, far: Floats) -> Floats:
        """Learning rates and batches [..., 2] that are `far`, in ln, from the best."""
        found: Floats = np.exp(self.at.mean[:2] + far) * np.array([self.ratio, 1.0])
        return found


def grid(chart: Chart) -> Document:
    """The grid, with the share of the loss over the best at learning_rates[i] and batches[j], and the flat region."""
    at, steps = chart.at, np.linspace(-np.log(FACTOR), np.log(FACTOR), ACROSS)
    x, y = np.meshgrid(steps, steps, indexing="ij")
    lost = np.expm1(np.minimum(excess(at.shape, x, y, np.full(x.shape, at.u), np.full(x.shape, at.w)), MOST))
    axes, edge = chart.carried(np.stack([steps, steps], axis=1)), flat(at)
    return {
        "learning_rates": digits(axes[:, 0]),
        "batches": digits(axes[:, 1]),
        "excess": [digits(row) for row in lost],
        "flat": {
            "excess": edge.excess,
            "learning_rate": digits(edge.learning_rate * chart.ratio),
            "batch_tokens": digits(edge.batch_tokens),
        },
    }


def digits(values: Iterable[float]) -> list[float]:
    """Numbers with as many digits as a chart can show."""
    return [short(value) for value in values]


def short(value: float) -> float:
    """A number with as many digits as a chart can show."""
    return float(f"{value:.{DIGITS}g}")


def observed(tuning: Tuning, chart: Chart) -> list[Document]:
    """The runs carried to the target, with what each lost over the best of its size; not too many of them."""
    if tuning.surface is None or tuning.swept is None:
        return []
    surface, sweep = tuning.surface, tuning.swept.sweep
    carried, levels = chart.carried(from_best(surface)), surface.theta[SHARED : SHARED + len(surface.groups)]
    lost = np.expm1(np.log(np.where(surface.diverged, 1.0, sweep.loss)) - levels[surface.groups.of_run])
    shown = np.linspace(0, len(sweep) - 1, min(len(sweep), MOST_SHOWN)).astype(np.intp)
    return [
        {
            "learning_rate": short(carried[place, 0]),
            "batch_tokens": short(carried[place, 1]),
            "excess": None if surface.diverged[place] else short(lost[place]),
            "diverged": bool(surface.diverged[place]),
            "params": short(sweep.params[place]),
            "tokens": short(sweep.tokens[place]),
            "run_learning_rate": short(sweep.learning_rate[place]),
            "run_batch_tokens": short(sweep.batch_tokens[place]),
        }
        for place in shown
    ]


def thinned(tuning: Tuning) -> list[str]:
    """A sentence where not all runs are shown."""
    runs = len(tuning.swept.sweep) if tuning.swept else 0
    return [f"The chart shows {MOST_SHOWN} of {runs:,} runs."] if runs > MOST_SHOWN else []
