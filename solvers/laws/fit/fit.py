"""The most likely parameters of a law for some runs, and how sure they are.

ln loss_m = ln L(x_m; theta) + noise,   theta ~ N(centre, 1 / precision)

theta*       the lowest of several descents from starts around the prior
covariance   spread * (J' W J + precision)^-1 at theta*, W the weights that the noise gave the runs
leverage     W_m J_m covariance J_m': how far a run's own loss draws its prediction, 0 to 1
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from solvers.laws.fit.checks import check
from solvers.laws.fit.descent import Descended, around, descend
from solvers.laws.fit.noise import Noise, Student
from solvers.laws.fit.starts import starts as first
from solvers.laws.law import Floats, Law, Prior, Runs, Scale, normalised, prior_of, scale_of

# Starts agree where their objectives differ by no more than this, absolutely and in parts of the objective.
AGREE = 1e-6
# Information of a parameter over the best known one's, below which it is not known at all.
UNSEEN = 1e-16


@dataclass(frozen=True, eq=False)
class Fitted:
    """A law with parameters theta [P] for M runs, where `scale` are its inputs' references.

    covariance    as if all runs scattered alike; the bootstrap does not suppose it and is wider where they do not
    sd            scale of the noise in ln of the loss
    objective     minus log posterior up to a constant (Student), or sum of Huber losses / sd^2, with the prior's share
    agree         share of the starts that reached the same objective
    gradient_norm what another Newton step would gain: sqrt(g' H^-1 g), 0 at the minimum
    condition     of the information with unit diagonal; large where the runs cannot tell parameters apart
    residuals     ln loss - ln L [M]; weights [M] between 0 and 1: what the noise left of each run; leverage [M]
    counted       how much each run was to count [M]; none: all alike
    """

    law: Law
    scale: Scale
    theta: Floats
    covariance: Floats
    sd: float
    objective: float
    agree: float
    gradient_norm: float
    condition: float
    residuals: Floats
    weights: Floats
    leverage: Floats
    noise: Noise
    prior: Prior
    counted: Floats | None = None

    @property
    def coefficients(self) -> dict[str, float]:
        """The law's coefficients by the letters of its paper, in the runs' own units; none beyond the largest float."""
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            found = self.law.natural(self.theta, self.scale)
        return {letter: float(np.nan_to_num(value)) for letter, value in found.items()}

    @property
    def evidence(self) -> float:
        """How likely the law with its prior makes the runs, as ln: Laplace's integral over theta, up to a constant.

        Laws are comparable where the runs, their weights and the noise are the same [kass1995bayes]. -inf: no prior.
        """
        with np.errstate(divide="ignore"):
            before = float(np.log(self.prior.precision).sum())
        return 0.5 * (float(np.linalg.slogdet(self.covariance)[1]) + before) - self.objective

    def log_loss(self, inputs: Mapping[str, Any]) -> tuple[Floats, Floats]:
        """The logarithm of L [M] at the inputs and its standard deviation from the parameters alone [M]."""
        log_loss, slopes = self.law.log_loss(self.theta[None], normalised(self.law, inputs, self.scale))
        variance = np.einsum("mp,pq,mq->m", slopes[0], self.covariance, slopes[0])
        return log_loss[0], np.sqrt(np.maximum(variance, 0.0))


def fit(
    law: Law,
    runs: Runs,
    *,
    noise: Noise | None = None,
    prior: Prior | None = None,
    starts: int = 8,
    seed: int = 0,
    weights: Floats | None = None,
    scale: Scale | None = None,
) -> Fitted:
    """The law fitted to the runs; `weights` [M] say how much each counts. BadRuns where it cannot be done."""
    check(law, runs, weights=weights)
    noise = Student() if noise is None else noise
    scale = scale_of(law, runs.inputs) if scale is None else scale
    level = float(np.median(np.log(runs.loss)))
    own = prior_of(law, level=level)
    prior = own if prior is None else prior
    w = np.ones(len(runs)) if weights is None else weights
    x, target = normalised(law, runs.inputs, scale), np.log(runs.loss)
    width = 1.0 / np.sqrt(np.where(prior.precision > 0.0, prior.precision, own.precision))
    found = descend(
        first(law, x, runs.loss, count=starts, prior=prior, width=width, weights=w, seed=seed),
        residuals=lambda theta: _residuals(law, theta, x, target),
        noise=noise,
        prior=prior,
        weights=w,
    )
    return _fitted(law, scale, found, x=x, target=target, w=w, noise=noise, prior=prior)


def _residuals(law: Law, theta: Floats, x: Floats, target: Floats) -> tuple[Floats, Floats]:
    log_loss, slopes = law.log_loss(theta, x)
    return log_loss - target, slopes


def _fitted(
    law: Law, scale: Scale, found: Descended, *, x: Floats, target: Floats, w: Floats, noise: Noise, prior: Prior
) -> Fitted:
    best = int(np.argmin(found.cost))
    theta, sd = found.theta[best : best + 1], found.sd[best : best + 1]
    lowest = float(found.cost[best])
    here = around(
        theta, sd, residuals=lambda t: _residuals(law, t, x, target), noise=noise, prior=prior, weights=w[None]
    )
    spread = float(noise.spread(here.r, w[None], sd)[0])
    data = here.information[0] - np.diag(prior.precision)
    inverse = _inverse(data / spread + np.diag(prior.precision))
    newton = _inverse(here.information[0])
    of_runs = noise.weights(here.r, sd)[0]
    return Fitted(
        law=law,
        scale=dict(scale),
        theta=theta[0],
        covariance=inverse,
        sd=float(sd[0]),
        objective=lowest,
        agree=float(np.mean(found.cost <= lowest + AGREE * max(1.0, abs(lowest)))),
        gradient_norm=float(np.sqrt(max(here.gradient[0] @ newton @ here.gradient[0], 0.0))),
        condition=_condition(here.information[0]),
        residuals=-here.r[0],
        weights=of_runs / noise.weights(np.zeros((1, len(w))), sd)[0],
        leverage=here.weights[0] * np.einsum("mp,pq,mq->m", here.slopes[0], newton, here.slopes[0]),
        noise=noise,
        prior=prior,
        counted=w,
    )


def _inverse(matrix: Floats) -> Floats:
    """The inverse of a symmetric matrix, scaled to a unit diagonal first; what it cannot tell is left very wide."""
    size = _sizes(matrix)
    values, vectors = np.linalg.eigh(matrix / np.outer(size, size))
    values = np.maximum(values, 1e-14 * values[-1])
    found: Floats = (vectors / values) @ vectors.T / np.outer(size, size)
    return found


def _condition(matrix: Floats) -> float:
    size = _sizes(matrix)
    values = np.linalg.eigvalsh(matrix / np.outer(size, size))
    return float(values[-1] / max(values[0], UNSEEN * values[-1]))


def _sizes(matrix: Floats) -> Floats:
    """Roots of the diagonal, of which none is nothing beside the largest."""
    diagonal = np.diag(matrix)
    found: Floats = np.sqrt(np.maximum(diagonal, UNSEEN * max(diagonal.max(), UNSEEN)))
    return found
