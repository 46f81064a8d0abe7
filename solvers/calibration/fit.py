"""Fit coefficients, effects and discrepancy to measurements; predict with an interval.

repeat   linearise log model(x, z) at the likeliest z; scales at the mode of their posterior on some rows;
         noise of each row by how far outside it lies without itself (Student's t, nu degrees of freedom,
         by expectation-maximisation [lange1989robust]); z at its posterior mean
interval mean + q sd, q: see `tails`
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from solvers.calibration.covariance import Floats, Ints, Rows, Scales, Smooth, variances
from solvers.calibration.process import Process, condition
from solvers.calibration.scales import Belief, likeliest
from solvers.calibration.spread import spread_evenly
from solvers.calibration.tails import Noise, Tails, tails_of

FREEDOM = 4.0
# Noise variance is never inflated more than this, nor deflated below the class's.
MOST_INFLATION = 50.0
# One step of the linearisation moves a coefficient by at most this many prior standard deviations.
LONGEST_STEP = 1.5
ROUNDS = 2
FIRST_ITERATIONS, NEXT_ITERATIONS = 30, 10

# z [d] -> log model [n] and its slopes [n, d]
Linearise = Callable[[Floats], tuple[Floats, Floats]]


@dataclass(frozen=True)
class Evidence:
    """n measured rows: logarithms, what the covariance sees beside slopes, groups, jobs, kinds, classes of noise.

    `vague` is a variance beside the noise's: what a row's own statement leaves open of its logarithm.
    """

    measured: Floats
    features: Floats
    labels: Ints
    weights: Floats
    basis: Floats
    groups: Ints
    jobs: Ints
    kinds: Ints
    noise_class: Ints
    vague: Floats

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(self.measured)

    def rows(self, slopes: Floats) -> Rows:
        """What the covariance sees."""
        return Rows(slopes=slopes, features=self.features, labels=self.labels, weights=self.weights, basis=self.basis)


@dataclass(frozen=True)
class Fitted:
    """The posterior: coefficients at `z` (standard normal before), and the process of what they leave."""

    z: Floats
    process: Process
    tails: Tails

    def predict(self, rows: Rows, log_model: Floats, *, noise: Floats, kinds: Ints) -> "Predicted":
        """Distributions of log measured; `log_model` [n] at `z`, `noise` [n] standard deviations of a measurement."""
        mean, variance = self.process.predict(rows)
        before = variances(rows, self.process.scales)
        return Predicted(
            mean=mean + log_model - rows.slopes @ self.z,
            deviation=np.sqrt(variance + noise**2),
            novelty=np.sqrt(np.minimum(variance / before, 1.0)),
            kinds=kinds,
            tails=self.tails,
        )


@dataclass(frozen=True)
class Predicted:
    """Normal distributions of log measured [n]; `novelty` is 0 at a measurement and 1 far from all."""

    mean: Floats
    deviation: Floats
    novelty: Floats
    kinds: Ints
    tails: Tails

    def interval(self) -> tuple[Floats, Floats]:
        """Ends of the interval of log measured."""
        low, high = self.tails.ends(self.novelty, self.kinds).T
        return self.mean + low * self.deviation, self.mean + high * self.deviation


def fit(
    evidence: Evidence,
    linearise: Linearise,
    *,
    coefficients: int,
    smooth: Smooth,
    belief: Belief,
    strata: Ints,
    most: int,
    level: float,
    start: Scales | None = None,
) -> Fitted:
    """The posterior after `evidence`. Scales are learned from at most `most` rows, spread evenly over `strata`."""
    some = spread_evenly(strata, most=most)
    scales = belief.mean if start is None else start
    z = np.zeros(coefficients)
    inflation = np.ones(evidence.size)
    for round_number in range(ROUNDS):
        log_model, slopes = linearise(z)
        rows, target = evidence.rows(slopes), evidence.measured - log_model + slopes @ z
        iterations = FIRST_ITERATIONS if round_number == 0 and start is None else NEXT_ITERATIONS
        for _ in range(2):
            scales = likeliest(
                rows.take(some),
                target[some],
                smooth=smooth,
                noise_class=evidence.noise_class[some],
                inflation=inflation[some],
                vague=evidence.vague[some],
                belief=belief,
                start=scales,
                iterations=iterations,
            )
            process = _conditioned(rows, target, evidence, inflation, scales, smooth)
            residual, variance = process.without_itself()
            inflation = _inflation(residual, variance)
        process = _conditioned(rows, target, evidence, inflation, scales, smooth)
        z = z + np.clip(process.coefficients()[0] - z, -LONGEST_STEP, LONGEST_STEP)
    log_model, slopes = linearise(z)
    target = evidence.measured - log_model + slopes @ z
    process = _conditioned(evidence.rows(slopes), target, evidence, inflation, scales, smooth)
    tails = tails_of(
        process,
        evidence.measured,
        groups=evidence.groups,
        jobs=evidence.jobs,
        kinds=evidence.kinds,
        noise=Noise(evidence.noise_class, evidence.vague),
        strata=strata,
        belief=belief,
        level=level,
    )
    return Fitted(z=z, process=process, tails=tails)


def _conditioned(
    rows: Rows, target: Floats, evidence: Evidence, inflation: Floats, scales: Scales, smooth: Smooth
) -> Process:
    noise = np.exp(2.0 * scales.noise)[evidence.noise_class] * inflation + evidence.vague
    return condition(rows, target, noise=noise, scales=scales, smooth=smooth)


def _inflation(residual: Floats, variance: Floats) -> Floats:
    """By how much the noise of a row has to grow for its residual to be likely."""
    weight = (FREEDOM + 1.0) / (FREEDOM + residual**2 / variance)
    return np.clip(1.0 / weight, 1.0, MOST_INFLATION)
