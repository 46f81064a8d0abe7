"""The best size at each of many computes at once: as `solvers.laws.predict.optimum` for one, without its spread.

A larger budget can be left unspent, so along rising budgets the best loss never rises.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solvers.laws.law import FLOPS_PER_PARAMETER_TOKEN, Floats
from solvers.laws.predict.optimum import FLOPS_PER_SERVED_TOKEN, USUAL_RATIO
from solvers.scaling.forecast.kinds import of_one_length
from solvers.scaling.forecast.known import Known, expected

# Sizes tried for each compute, evenly in ln N, within this factor of 20 tokens a parameter.
TRIED, WITHIN = 61, 100.0


@dataclass(frozen=True, eq=False)
class Best:
    """Parameters, tokens and ln loss at the best split of each budget [K]."""

    params: Floats
    tokens: Floats
    log_loss: Floats

    @property
    def flops(self) -> Floats:
        """Compute of training [K]."""
        found: Floats = FLOPS_PER_PARAMETER_TOKEN * self.params * self.tokens
        return found


def best(known: Known, flops: Floats, *, served: float = 0.0, unique: float | None = None) -> Best:
    """The best split of each rising budget [K] of FLOP in all."""
    if of_one_length(known.mix):
        return _of_one_length(known, flops)
    sizes = _sizes(flops, served)
    tokens = tokens_of(flops[:, None], sizes, served=served)
    log_loss = expected(known, sizes.ravel(), tokens.ravel(), unique=unique).reshape(sizes.shape)
    rows, at = np.arange(len(flops), dtype=np.intp), np.argmin(log_loss, axis=1)
    params, lowest = _through(np.log(sizes), log_loss, rows, np.clip(at, 1, TRIED - 2).astype(np.intp))
    return _never_worse(Best(np.exp(params), tokens_of(flops, np.exp(params), served=served), lowest))


def _of_one_length(known: Known, flops: Floats) -> Best:
    """The sizes that budgets train for as long as the runs, where laws know no other length."""
    tokens = np.full(len(flops), float(known.runs.inputs["tokens"].max()))
    params = flops / (FLOPS_PER_PARAMETER_TOKEN * tokens)
    return Best(params, tokens, expected(known, params, tokens, unique=None))


def tokens_of(flops: Floats, params: Floats, *, served: float) -> Floats:
    """Tokens that a budget of FLOP in all trains a size on, after serving is paid."""
    found: Floats = (flops - FLOPS_PER_SERVED_TOKEN * params * served) / (FLOPS_PER_PARAMETER_TOKEN * params)
    return found


def _sizes(flops: Floats, served: float) -> Floats:
    """Sizes [K, S] that leave something to train on."""
    usual = np.sqrt(flops / (FLOPS_PER_PARAMETER_TOKEN * USUAL_RATIO))
    most = usual * WITHIN
    if served:
        most = np.minimum(most, 0.99 * flops / (FLOPS_PER_SERVED_TOKEN * served))
    least = np.minimum(usual, most) / WITHIN
    share = np.linspace(0.0, 1.0, TRIED)
    found: Floats = np.exp(np.log(least)[:, None] * (1.0 - share) + np.log(most)[:, None] * share)
    return found


def _through(at: Floats, values: Floats, rows: NDArray[np.intp], places: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Where the parabola through three neighbours is lowest [K], and its value there, no lower than it says."""
    left, here, right = (values[rows, places + step] for step in (-1, 0, 1))
    bend = left - 2.0 * here + right
    shift = np.clip(np.where(bend > 0.0, 0.5 * (left - right) / np.where(bend > 0.0, bend, 1.0), 0.0), -1.0, 1.0)
    step = at[:, 1] - at[:, 0]
    return at[rows, places] + shift * step, here + shift * (0.5 * (right - left) + 0.5 * shift * bend)


def _never_worse(found: Best) -> Best:
    """A budget whose best is worse than that of a smaller one is spent as the smaller one."""
    kept = np.maximum.accumulate(
        np.where(found.log_loss <= np.minimum.accumulate(found.log_loss), np.arange(len(found.log_loss)), 0)
    )
    return Best(found.params[kept], found.tokens[kept], found.log_loss[kept])
