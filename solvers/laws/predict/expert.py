"""One law as a forecaster: fitted to the runs, the largest counting most, and what it leaves out carried on.

ln loss(x) = ln L(x; theta) + g(x) + noise
g          a Gaussian process on (ln N, ln D) with a squared-exponential kernel: what the form gets wrong is alike for
           runs that are alike, and is forgotten far from them (section 2.2 [rasmussen2006gaussian])
weights    (C / C_max)^LEAN (L_min / L)^NEAR: a law is asked about larger runs and lower losses, so it should be right
           at that end, and tiny runs, whose losses no law describes, should not bend it; less for runs that are flagged
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from solvers.laws.fit import Fitted, fit
from solvers.laws.fit.flags import before_fit, trust
from solvers.laws.law import Floats, Law, Prior, Runs, Scale

# Chosen on the given families of runs, each left out in turn (tests/solvers/laws/forecasts.py): how strongly large
# runs and low losses count; the length of the process in e-folds of N and D; its amplitude and its clip in units of
# the noise.
LEAN, NEAR, LENGTH, AMPLITUDE, CLIP = 0.3, 4.0, 2.5, 2.0, 4.0
# A run that counts less than this in the fit counts as much in the process: it says what it says where it stands.
LEAST_WEIGHT = 0.3
# What the process believes of a run that has gone wrong: nothing, in numbers.
NO_TRUST = 1e-6
# A step of ln N or ln D by which a law's slope is seen.
STEP = 1e-3


@dataclass(frozen=True, eq=False)
class Expert:
    """A fitted law, with the runs' places [M, 2], what remains of them and the process's factor [M, M]."""

    fitted: Fitted
    places: Floats
    carried: Floats
    inverse: Floats


@dataclass(frozen=True, eq=False)
class Said:
    """ln loss [Q], its sd from the parameters [Q], and whether more always helps there [Q]."""

    log_loss: Floats
    of_parameters: Floats
    sensible: Floats


def lean_of(runs: Runs) -> Floats:
    """How much each run counts by its compute [M], one in the mean."""
    weights = (runs.flops / runs.flops.max()) ** LEAN
    found: Floats = weights / weights.mean()
    return found


def near(loss: Floats, least: float) -> Floats:
    """How much runs of these losses [M] count beside those of the least."""
    found: Floats = np.minimum(least / loss, 1.0) ** NEAR
    return found


def weights_of(runs: Runs, trusted: Floats) -> Floats:
    """How much each run counts in a fit [M]; `trusted` [M] says what its flags leave of it."""
    usable = runs.loss[trusted > 0.0]
    least = float(usable.min()) if len(usable) else float(runs.loss.min())
    found: Floats = lean_of(runs) * trusted * near(runs.loss, least)
    return found


def expert(
    law: Law, runs: Runs, *, prior: Prior | None, scale: Scale | None = None, seed: int = 0, starts: int = 8
) -> Expert:
    """The law fitted to the runs, ready to be asked. BadRuns where it cannot be fitted."""
    lean, trusted = lean_of(runs), trust(runs, before_fit(runs))
    weights = weights_of(runs, trusted)
    fitted = fit(law, runs, prior=prior, scale=scale, weights=weights, seed=seed, starts=starts)
    places = _places(runs.inputs)
    noise = fitted.sd**2 / (np.maximum(lean, LEAST_WEIGHT) * np.maximum(trusted, NO_TRUST))
    inverse = np.asarray(np.linalg.inv(_kernel(places, places, fitted.sd) + np.diag(noise)), dtype=np.float64)
    left = np.clip(fitted.residuals, -CLIP * fitted.sd, CLIP * fitted.sd)
    return Expert(fitted, places, inverse @ left, inverse)


def ask(one: Expert, inputs: Mapping[str, Any]) -> Said:
    """What the expert says of runs with these inputs [Q]."""
    log_loss, of_parameters = one.fitted.log_loss(inputs)
    kernel = _kernel(_places(inputs), one.places, one.fitted.sd)
    return Said(log_loss + kernel @ one.carried, of_parameters, _falls(one, inputs))


def left_out(one: Expert, inputs: Mapping[str, Any]) -> Floats:
    """The sd of ln loss [Q] of what the law leaves out there: as dear as all pairs of its runs."""
    kernel = _kernel(_places(inputs), one.places, one.fitted.sd)
    variance = (AMPLITUDE * one.fitted.sd) ** 2 - ((kernel @ one.inverse) * kernel).sum(axis=1)
    found: Floats = np.sqrt(np.maximum(variance, 0.0))
    return found


def covariances(one: Expert, inputs: Mapping[str, Any]) -> Floats:
    """Covariance [Q, Q] of what the law leaves out at the inputs, given the runs."""
    places = _places(inputs)
    kernel = _kernel(places, one.places, one.fitted.sd)
    found: Floats = _kernel(places, places, one.fitted.sd) - kernel @ one.inverse @ kernel.T
    return found


def _places(inputs: Mapping[str, Any]) -> Floats:
    return np.stack([np.log(np.atleast_1d(inputs[name])) for name in ("params", "tokens")], axis=1)


def _kernel(one: Floats, other: Floats, sd: float) -> Floats:
    square = sum((one[:, None, axis] - other[None, :, axis]) ** 2 for axis in range(2))
    found: Floats = (AMPLITUDE * sd) ** 2 * np.exp(-0.5 * square / LENGTH**2)
    return found


def _falls(one: Expert, inputs: Mapping[str, Any]) -> Floats:
    """1 where the law's loss falls with more parameters and with more tokens, else 0 [Q]."""
    here = one.fitted.log_loss(inputs)[0]
    falls = np.ones(len(here), dtype=bool)
    for name in ("params", "tokens"):
        more = {**inputs, name: np.asarray(inputs[name]) * np.exp(STEP)}
        falls &= one.fitted.log_loss(more)[0] < here
    return falls.astype(np.float64)
