"""Closed loops as calibration sees them: logarithms of TPOT and TTFT, and their slopes over unbounded coefficients.

The steps that a loop runs are recorded once (`closed_loop.recorded`) and kept while slopes are taken.
"""

from dataclasses import replace

import numpy as np

from solvers.calibration.bounds import Bounded, to_bounded
from solvers.calibration.covariance import Floats
from solvers.cost.serving import coefficients as cost
from solvers.serving.evidence import waiting as waits
from solvers.serving.evidence.closed_loop import Frozen, Sums, sums_of
from solvers.serving.evidence.times import log_tpot, log_ttft

STEP = 0.05
COST = tuple(Bounded(name, getattr(cost.DEFAULT, name), p.low, p.high) for name, p in cost.PRIORS.items())
_TOKEN = ("acceptance", "draft_share")
WAITING = tuple(
    Bounded(name, getattr(waits.DEFAULT, name), p.low, p.high) for name, p in waits.PRIORS.items() if name not in _TOKEN
)
DRAFTING = tuple(
    Bounded(name, getattr(waits.DEFAULT, name), p.low, p.high) for name, p in waits.PRIORS.items() if name in _TOKEN
)
# What the time of a token depends on; what is left for the first one.
TPOT = (*COST, *DRAFTING)
TTFT = WAITING


def cost_at(z: Floats) -> cost.Coefficients:
    """The coefficients of cost at `z` over `TPOT`."""
    return replace(cost.DEFAULT, **_values(COST, z[: len(COST)]))


def waiting_at(z_token: Floats, z_first: Floats) -> waits.Waiting:
    """The coefficients of waiting at both points."""
    return replace(waits.DEFAULT, **_values(DRAFTING, z_token[len(COST) :]), **_values(WAITING, z_first))


def _values(bounded: tuple[Bounded, ...], z: Floats) -> dict[str, float]:
    pairs = zip(bounded, z, strict=True)
    return {one.name: float(to_bounded(np.array(value), one)) for one, value in pairs if value != 0.0}


def token_slopes(frozen: Frozen, z: Floats) -> tuple[Floats, Floats]:
    """Log TPOT [n] at `z` over `TPOT`, and its slopes [n, d]."""
    first = np.zeros(len(TTFT))
    loads = frozen.table.loads
    sums = sums_of(frozen, cost_at(z))
    base = log_tpot(loads, sums, waiting_at(z, first))
    slopes = np.empty((len(base), len(TPOT)))
    for place in range(len(TPOT)):
        moved = z + STEP * (np.arange(len(TPOT)) == place)
        there = sums_of(frozen, cost_at(moved)) if place < len(COST) else sums
        slopes[:, place] = (log_tpot(loads, there, waiting_at(moved, first)) - base) / STEP
    return base, slopes


def first_slopes(frozen: Frozen, sums: Sums, z_token: Floats, z: Floats) -> tuple[Floats, Floats]:
    """Log TTFT [n] at `z` over `TTFT`, and its slopes; `sums` are those of the steps at `z_token`."""
    base = log_ttft(frozen, sums, waiting_at(z_token, z))
    slopes = np.empty((len(base), len(TTFT)))
    for place in range(len(TTFT)):
        moved = z + STEP * (np.arange(len(TTFT)) == place)
        slopes[:, place] = (log_ttft(frozen, sums, waiting_at(z_token, moved)) - base) / STEP
    return base, slopes
