"""Which runs of a pool to buy: those after which a law is surest at the kept runs, though it is not quite right.

A run shows f(x; theta) + d(x) + noise. d is what the law leaves out [kennedy2001bayesian]: a Brownian motion that
starts at the kept runs, for the law that is asked for is the one that is right there. So
    cov d(x, x') = V(x, x') - V(x, T) V(T, T)^-1 V(T, x'),   V(x, x') = (|x - t| + |x' - t| - |x - x'|) / 2,
whichever t of the kept runs T is taken; distances are in standard deviations of the pool's inputs. Runs that are alike
are off alike, so that more of them tell little more, and runs far from the kept ones tell less.

With C the covariance of the parameters and S that of what runs show, a run k is worth
    J_t c c' J_t' / s,   c = C j_k - C J_b' S_bb^-1 S_bk,   s = S_kk - S_kb S_bb^-1 S_bk,
for the slopes J_t of the targets and the bought runs b: what it takes from the variance of the law at the kept runs;
of several outputs the sum counts.
"""

from dataclasses import dataclass

import numpy as np

from tests.solvers.laws.pools.form import Floats

# Variances are never nothing in numbers, though runs may stand at one place.
LEAST = 1e-9


def drift(x: Floats, kept: Floats) -> Floats:
    """The covariance [K, K] of what a law leaves out at runs x [K, I], one at one standard deviation from one kept."""
    spread = x.std(axis=0)
    # An input that all runs of the pool share has no deviation: an e-fold stands for it.
    unit = np.where(spread > 0.0, spread, 1.0)
    at = np.unique(kept, axis=0)
    places = np.concatenate([x, at]) / unit
    gaps = np.sqrt(((places[:, None] - places) ** 2).sum(axis=-1))
    begun = gaps[:, -1]
    wander = 0.5 * (begun[:, None] + begun - gaps)
    count, others = len(x), slice(len(x), len(places) - 1)
    across = wander[:count, others]
    there = wander[others, others] + LEAST * np.eye(len(at) - 1)
    found: Floats = wander[:count, :count] - across @ np.linalg.solve(there, across.T)
    return found


@dataclass(frozen=True, eq=False)
class Known:
    """What is known when some runs are bought; a run shows O outputs, K O in all.

    slopes      of what runs show by the parameters [K O, P]
    scatter     covariance of how runs are off the law [K, K], alike for all outputs
    prior       covariance of the parameters [P, P]; `parameters` what is left of it
    across      covariance of the parameters with what is shown [P, K O], as it is left
    variance    of what is shown [K O], as it is left
    columns     what each that was bought has told of what is shown [K O, B]
    """

    slopes: Floats
    scatter: Floats
    prior: Floats
    parameters: Floats
    across: Floats
    variance: Floats
    columns: Floats

    @property
    def outputs(self) -> int:
        return len(self.slopes) // len(self.scatter)


def known(slopes: Floats, scatter: Floats, prior: Floats) -> Known:
    """Before anything is bought."""
    across = prior @ slopes.T
    own = np.repeat(np.diag(scatter), len(slopes) // len(scatter))
    variance = (slopes * across.T).sum(axis=1) + own
    return Known(slopes, scatter, prior, prior, across, variance, np.zeros((len(slopes), 0)))


def gains(of: Known, aims: Floats) -> Floats:
    """What each run takes from the variance at the targets [K]; aims are J_t' J_t [P, P]."""
    each = (of.across * (aims @ of.across)).sum(axis=0) / of.variance
    found: Floats = each.reshape(len(of.scatter), -1).sum(axis=1)
    return found


def bought(of: Known, run: int) -> Known:
    """With one more run."""
    for output in range(of.outputs):
        of = _shown(of, run, output)
    return of


def _shown(of: Known, run: int, output: int) -> Known:
    place = run * of.outputs + output
    column = of.slopes @ (of.prior @ of.slopes[place]) - of.columns @ of.columns[place]
    column[output :: of.outputs] += of.scatter[:, run]
    size = np.sqrt(column[place])
    column, told = column / size, of.across[:, place] / size
    return Known(
        of.slopes,
        of.scatter,
        of.prior,
        of.parameters - np.outer(told, told),
        of.across - np.outer(told, column),
        np.maximum(of.variance - column**2, LEAST * of.variance),
        np.concatenate([of.columns, column[:, None]], axis=1),
    )
