"""How far the truth may lie from a forecast: doubt that is known, stretched by what forecasts of this kind have missed.

s(x)^2 = a noise^2 + b parameters^2 + c process^2 + d laws^2 + (e noise h)^2 + (f h)^2,   h = ln(C / C_max), 0 inside
interval of ln loss: forecast -+ reach * s(x)

a .. f and `reach` come from forecasts of families of runs that were left out when everything else was learned, from
many runs and from few (tests/solvers/laws/forecasts.py, few.py): a .. f make the errors Student-t with scale s most
likely, `reach` is the share LEVEL of the left-out |error| / s, each family counting alike [dunn2022hierarchical].
Another part that grows as runs get few was tried: it gained 2 points of cover at 8 runs and lost more where the
designer's runs had been added.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from solvers.laws.law import Floats
from solvers.laws.predict.mixture import Told

LEVEL = 0.9
# A normal's reach for LEVEL.
NORMAL = NormalDist().inv_cdf((1.0 + LEVEL) / 2.0)
# Degrees of freedom of the errors, and how strongly a .. f are held near their start: estimates.
FREEDOM, HELD = 5.0, 0.3
START: Floats = np.array([0.0, -1.0, 0.0, -1.0, -2.0, -5.5])


@dataclass(frozen=True)
class Doubt:
    """ln a .. ln f, and the reach."""

    parts: tuple[float, ...]
    reach: float


@dataclass(frozen=True, eq=False)
class Interval:
    """Losses [Q]: the forecast and the ends of its interval."""

    value: Floats
    low: Floats
    high: Floats


def columns(told: Told) -> Floats:
    """Where the doubt of each forecast comes from [Q, 5]."""
    return np.stack([told.of_noise, told.of_parameters, told.of_process, told.of_laws, told.beyond], axis=1)


def scale(parts: Floats, sources: Floats) -> Floats:
    """The scale s [Q] of ln a .. ln f and the columns [Q, 5]."""
    weight = np.exp(parts)
    noise, beyond = sources[:, 0], sources[:, 4]
    known = (weight[:4] * sources[:, :4] ** 2).sum(axis=1)
    found: Floats = np.sqrt(known + (weight[4] * noise * beyond) ** 2 + (weight[5] * beyond) ** 2)
    return found


def interval(told: Told, doubt: Doubt) -> Interval:
    """The forecast in units of the loss."""
    reach = doubt.reach * scale(np.array(doubt.parts), columns(told))
    value = told.log_loss
    return Interval(np.exp(value), np.exp(value - reach), np.exp(value + reach))


def learned(errors: Floats, sources: Floats, weights: Floats) -> Doubt:
    """The doubt that makes errors [Q] of left-out forecasts likely, each weighing `weights` [Q]."""
    from scipy.optimize import minimize  # noqa: PLC0415 -- slow import, only where the shipped figures are made

    parts = np.asarray(minimize(_unlikely, START, args=(errors, sources, weights), method="BFGS").x)
    return Doubt(tuple(float(part) for part in parts), reach_of(np.abs(errors) / scale(parts, sources), weights))


def reach_of(sizes: Floats, weights: Floats) -> float:
    """The least size that a share LEVEL of the weight does not pass."""
    order = np.argsort(sizes, kind="stable")
    total = np.cumsum(weights[order])
    return float(sizes[order][min(int(np.searchsorted(total, LEVEL * total[-1])), len(sizes) - 1)])


def _unlikely(parts: Floats, errors: Floats, sources: Floats, weights: Floats) -> float:
    """Minus log likelihood of Student-t errors, and what holds the parts near their start."""
    s = scale(parts, sources)
    tails = (FREEDOM + 1.0) / 2.0 * np.log1p((errors / s) ** 2 / FREEDOM)
    return float((weights * (np.log(s) + tails)).sum() + HELD * ((parts - START) ** 2).sum())
