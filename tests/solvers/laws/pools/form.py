"""Forms of laws that the benchmark of [li2026spend] fits, and the most likely parameters of one for a few runs.

A form says a loss, of any sign and of one or several outputs, of the logarithms of a run's inputs over the pool's
middle. Its parameters have normal priors of a few kinds, the same kind for the same role in every form: what the roles
mean is known before any run, and how many runs there are then does not matter. Losses are told over the median's size.
Slopes are by complex steps, so that a form is its formula alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solvers.laws.fit.descent import descend
from solvers.laws.fit.noise import Student
from solvers.laws.law import Prior

Floats = NDArray[np.float64]
Formula = Callable[..., NDArray[np.complex128]]

# Roles of parameters: centre and width of what is believed of each. Estimates, by what such laws usually have: a term
# adds about a third of the loss at the pool's middle, an exponent is about a third, and what only bends or joins others
# is small. Not learned from these pools, but made by one who had read of the benchmark's own fits.
ROLES = {
    "F": (0.0, 0.5),  # a floor, over the least loss seen
    "L": (0.0, 0.5),  # ln of a level, over the median loss
    "A": (float(np.log(0.3)), 1.5),  # ln of a term's size
    "G": (0.0, 0.5),  # a term's size of either sign
    "a": (0.3, 0.2),  # exponent of a term
    "b": (0.1, 0.1),  # exponent where there is no floor, or of what matters less
    "k": (0.2, 0.3),  # how much a unit is worth beside one
    "K": (float(np.log(0.2)), 1.5),  # its logarithm, where it cannot be less than nothing
    "s": (0.0, 0.3),  # a shift or slope of either sign
    "g": (0.0, 0.1),  # an interaction
    "q": (0.0, 0.02),  # curvature in logarithms
    "p": (1.0, 0.5),  # a power that is one where it changes nothing
    "m": (0.0, 1.5),  # ln of a scale that inputs at the middle are near to
    "e": (float(np.log(15.0)), 1.5),  # ln of how many epochs are worth having
    "c": (float(np.log(0.02)), 1.5),  # ln of a basin's curvature, or of a small share
    "u": (0.0, 1.0),  # place of a basin, from the middle
    "z": (-4.0, 1.0),  # what softplus makes a basin's curvature of
    "w": (0.0, 50.0),  # a size that another takes away again
    "l": (0.0, 0.02),  # of the logarithm of a share that may be 1e-12
}
STEP = 1e-30
STARTS = 4
# No law is quite right: a run is worth no more than one that scatters by this share of the loss (an estimate).
WRONG = 0.01
# As good as normal: R^2 counts squares, and a run that diverges is a loss to be foretold as any other.
NOISE = Student(freedom=1e4, usual_sd=WRONG)


@dataclass(frozen=True)
class Form:
    """A form by its formula (theta as P columns, x as I rows of logarithms, the logarithms of the middle) and roles.

    roles    a letter for each parameter; where there are several outputs, those of the first, then of the second, ...
    outputs  how many losses a run has; the roles F of output o stand in its own part of `roles`
    """

    name: str
    roles: str
    formula: Formula
    outputs: int = 1

    @property
    def size(self) -> int:
        return len(self.roles)


@dataclass(frozen=True, eq=False)
class Told:
    """What runs say of a form: theta [P], variance of a run's noise, and the losses' unit."""

    theta: Floats
    variance: float
    unit: float


def say(form: Form, theta: Floats, x: Floats, middle: Floats) -> tuple[Floats, Floats]:
    """Losses [S, M O] and slopes [S, M O, P] of parameter vectors [S, P] at inputs [M, I]."""
    count, size = theta.shape
    steps = np.concatenate([np.zeros((1, size)), STEP * np.eye(size)])
    moved = (theta[:, None, :] + 1j * steps[None]).reshape(-1, size)
    with np.errstate(all="ignore"):
        found = form.formula([column[:, None] for column in moved.T], list(x.T), middle)
        found = np.broadcast_to(found, (len(moved), len(x), form.outputs) if form.outputs > 1 else (len(moved), len(x)))
    found = found.reshape(count, size + 1, -1)
    return found[:, 0].real, np.moveaxis(found[:, 1:].imag, 1, 2) / STEP


def prior_of(form: Form, losses: Floats) -> Prior:
    """What is believed of the parameters, beside losses [M, O] in their unit."""
    centre, width = np.array([ROLES[role] for role in form.roles]).T
    least, level = losses.min(axis=0), np.log(np.maximum(np.median(losses, axis=0), 1e-3))
    part = -(-form.size // form.outputs)
    for place, role in enumerate(form.roles):
        output = max(place - form.size + part * form.outputs, 0) // part if form.outputs > 1 else 0
        centre[place] += {"F": least, "L": level}.get(role, np.zeros(form.outputs))[output]
    return Prior(centre, 1.0 / width**2)


def told(form: Form, x: Floats, losses: Floats, middle: Floats, *, scatter: Floats, seed: int) -> Told:
    """The most likely parameters for runs x [M, I] with losses [M, O], however few.

    scatter   covariance of how runs are off the form, over the variance of a run's noise [M, M]; alike for all outputs
    """
    unit = float(np.median(np.abs(losses)))
    target = losses / unit
    prior = prior_of(form, target)
    rng = np.random.default_rng(seed)
    starts = prior.centre + rng.standard_normal((STARTS, form.size)) / np.sqrt(prior.precision)
    starts[0] = prior.centre
    apart = np.linalg.inv(np.linalg.cholesky(scatter))

    def residuals(theta: Floats) -> tuple[Floats, Floats]:
        said, slopes = say(form, theta, x, middle)
        return _by_run(apart, said - target.ravel()), _by_run(apart, slopes)

    with np.errstate(over="ignore", invalid="ignore"):
        found = descend(
            starts,
            residuals=residuals,
            noise=NOISE,
            prior=prior,
            weights=np.ones(target.size),
            steps=100,
            tolerance=1e-8,
        )
    best = int(np.argmin(found.cost))
    return Told(found.theta[best], float(found.sd[best]) ** 2, unit)


def _by_run(matrix: Floats, values: Floats) -> Floats:
    """The matrix [M, M] on the runs of values [S, M O, ...]."""
    count, runs = len(values), len(matrix)
    found: Floats = (matrix @ values.reshape(count, runs, -1)).reshape(values.shape)
    return found
