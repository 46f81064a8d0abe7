"""The tuning of the target for people: what is lost around the best, where the runs lie, what to run next, rules.

Runs of all sizes stand in one chart: each is carried to the target along the fitted law, so that it lies as far from
the best there as it was from its own size's best.
"""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from solvers.documents import Document
from solvers.laws.hyperparameters.basin import excess
from solvers.laws.hyperparameters.surface import SHARED, Surface
from solvers.laws.hyperparameters.target import MOST, Target, flat, rows
from solvers.scaling.tuning.basis import Tuning
from solvers.scaling.tuning.beside import beside
from solvers.scaling.tuning.best import best_at, surface_at
from solvers.scaling.tuning.next import Size, advice_of, next_document

Floats = NDArray[np.float64]

# The chart: this many learning rates and batches, from an eighth to eight times the best, runs that it holds, digits.
ACROSS, FACTOR, MOST_SHOWN, DIGITS = 33, 8.0, 600, 5


def told(
    tuning: Tuning, *, params: float, tokens: float, loss: float | None = None, sizes: Sequence[Size] = ()
) -> Document:
    """`plan.tuning` of a target whose N counts as the family's; `loss` in nats a token for rules that go by it.

    `sizes` (N, D) may be run too, beside those of the runs, to learn more of the optimum.

    excess [i][j] is the share of the loss over the best at learning_rates[i] and batches[j].
    """
    at = surface_at(tuning, params=params, tokens=tokens)
    best, edge = best_at(tuning, at), flat(at)
    rates, batches = _axes(at)
    x, y = np.meshgrid(np.log(rates) - at.mean[0], np.log(batches) - at.mean[1], indexing="ij")
    lost = np.expm1(np.minimum(excess(at.shape, x, y, np.full(x.shape, at.u), np.full(x.shape, at.w)), MOST))
    advice = advice_of(tuning, params=params, tokens=tokens, sizes=sizes)
    return {
        "source": tuning.source,
        "groups": len(tuning.surface.groups) if tuning.surface else 0,
        "runs": len(tuning.swept.sweep) if tuning.swept else 0,
        "told": tuning.told,
        "params": params,
        "tokens": tokens,
        "best": {name: asdict(getattr(best, name)) for name in ("learning_rate", "batch_tokens")},
        "learning_rates": _digits(rates),
        "batches": _digits(batches),
        "excess": [_digits(row) for row in lost],
        "flat": {
            "excess": edge.excess,
            "learning_rate": _digits(edge.learning_rate),
            "batch_tokens": _digits(edge.batch_tokens),
        },
        "observed": _observed(tuning, at),
        **next_document(advice),
        "rules": [one.document() for one in beside(tuning, params=params, tokens=tokens, loss=loss)],
        "warnings": [*at.warnings, *(problem.message for problem in tuning.warnings), *_thinned(tuning)],
    }


def _thinned(tuning: Tuning) -> list[str]:
    runs = len(tuning.swept.sweep) if tuning.swept else 0
    return [f"The chart shows {MOST_SHOWN} of {runs:,} runs."] if runs > MOST_SHOWN else []


def _axes(at: Target) -> tuple[Floats, Floats]:
    steps = np.linspace(-np.log(FACTOR), np.log(FACTOR), ACROSS)
    return np.exp(at.mean[0] + steps), np.exp(at.mean[1] + steps)


def _digits(values: Floats) -> list[float]:
    return [_short(value) for value in values]


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _optima(surface: Surface) -> Floats:
    """The ln best learning rate and batch of each size of the runs [G, 2]."""
    sizes = zip(surface.groups.params, surface.groups.tokens, strict=True)
    return np.array([(rows(surface, float(params), float(tokens)) @ surface.theta)[:2] for params, tokens in sizes])


def _observed(tuning: Tuning, at: Target) -> list[Document]:
    """The runs carried to the target, with what each lost over the best of its size; not too many of them."""
    if tuning.surface is None or tuning.swept is None:
        return []
    surface, sweep = tuning.surface, tuning.swept.sweep
    group = surface.groups.of_run
    carried = np.exp(at.mean[:2] - _optima(surface)[group])
    levels = surface.theta[SHARED : SHARED + len(surface.groups)]
    lost = np.expm1(np.log(np.where(surface.diverged, 1.0, sweep.loss)) - levels[group])
    shown = np.linspace(0, len(sweep) - 1, min(len(sweep), MOST_SHOWN)).astype(np.intp)
    return [
        {
            "learning_rate": _short(sweep.learning_rate[place] * carried[place, 0]),
            "batch_tokens": _short(sweep.batch_tokens[place] * carried[place, 1]),
            "excess": None if surface.diverged[place] else _short(lost[place]),
            "diverged": bool(surface.diverged[place]),
            "params": _short(sweep.params[place]),
            "tokens": _short(sweep.tokens[place]),
            "run_learning_rate": _short(sweep.learning_rate[place]),
            "run_batch_tokens": _short(sweep.batch_tokens[place]),
        }
        for place in shown
    ]
