"""What published closed loops and an own calibration say together of steps on its device.

    log step = f(z, u, w) + noise,   x = (z, u, w) ~ N(m, P)     z published, u and w of the device (`device.py`)
    x' = m + P H' K^-1 r,   K = H P H' + e^2 I,   r = log measured - f(x) + H (x - m)      linearised at x, ROUNDS times
    left out: r_i = [K^-1 r]_i / [K^-1]_ii      (equations 2.23, 2.24, section 5.4.2 [rasmussen2006gaussian])
Noise of a step grows with how far outside it lies without itself, as in `solvers.calibration.fit`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import block_diag

from solvers.calibration.covariance import Floats
from solvers.calibration.fit import FREEDOM, LONGEST_STEP, MOST_INFLATION
from solvers.calibration.own.device import RATES
from solvers.catalogue.hardware import Node
from solvers.cost.serving.coefficients import Coefficients
from solvers.cost.serving.lookup import SYSTEMS
from solvers.serving.evidence import linear
from solvers.serving.evidence.posterior import TOKEN, TRUST
from solvers.serving.own.device import Device
from solvers.serving.own.document import ServingOwn
from solvers.serving.own.micro import UNKNOWN, before_of
from solvers.serving.own.steps import Ran, job_of, seconds

ROUNDS, STEP = 4, 0.02
# What steps of a device that no curve was fitted to have in common beyond its own numbers, in logarithms: a factor that
# is within 1.65 either way two times of three; wide, so that a few steps say what it is.
APART = 0.5
# A GPU that curves were fitted to reaches about what its record says: a tenth more or less.
ALIKE = 0.1


@dataclass(frozen=True)
class Belief:
    """What is known of z before: mean [d] and covariance [d, d]; and scales of logarithms of seconds.

    `apart` is the deviation that steps on a like GPU share, `alone` that of one shape beside all others.
    """

    mean: Floats
    covariance: Floats
    apart: float
    alone: float


@dataclass(frozen=True)
class Timed:
    """A measured step: what ran, its seconds, and the standard deviation of their logarithm."""

    ran: Ran
    seconds: float
    noise: float


@dataclass(frozen=True)
class State:
    """x after the steps: mean, covariance. Of each step: log measured over predicted without it, and its deviation."""

    device: Device
    mean: Floats
    covariance: Floats
    residual: Floats
    deviation: Floats

    @property
    def published(self) -> int:
        """How many of x are z."""
        return len(self.mean) - self.device.size

    def coefficients(self, x: Floats) -> Coefficients:
        """Of step cost at x, on the device."""
        return self.device.beside(linear.cost_at(TRUST[TOKEN] * x[: self.published]), x[self.published :])

    def of_plans(self, x: Floats) -> Coefficients:
        """Of an engine's steps at x.

        What steps of plain PyTorch share on a GPU with curves of engines is not an engine's: published effects are.
        """
        if not self.device.like_published:
            return self.coefficients(x)
        return self.coefficients(np.append(x[:-1], 0.0))

    def foreseen(self, runs: Sequence[Ran], node: Node) -> tuple[Floats, Floats]:
        """Log seconds of runs [n], and their standard deviations without noise."""
        log, slopes = seen(self, self.mean, runs, node)
        return log, np.sqrt(np.einsum("ni,ij,nj->n", slopes, self.covariance, slopes))


def state_of(own: ServingOwn, belief: Belief) -> State:
    """The state of a calibration."""
    steps = [Timed(Ran(one.params, one.layers, one.step, one.graph), one.seconds, one.noise) for one in own.steps]
    return joined(belief, device_of(own, belief), steps, own.node)


def device_of(own: ServingOwn, belief: Belief) -> Device:
    """The device before its steps."""
    root = np.linalg.cholesky(own.covariance()) if own.coefficients else np.zeros((0, 0))
    return Device(
        gpu=own.node.gpu,
        names=tuple(one.name for one in own.coefficients),
        mean=np.log([one.value for one in own.coefficients]),
        root=np.asarray(root, dtype=np.float64),
        apart=belief.apart if own.like_published else APART,
        like_published=own.like_published,
    )


def untaught(belief: Belief, node: Node) -> State:
    """What is known of a device that nothing was measured on, beyond what it has in common with no other."""
    device = Device(node.gpu, (), np.zeros(0), np.zeros((0, 0)), APART, like_published=True)
    return joined(belief, device, [], node)


def unlearned(belief: Belief, node: Node, kind: str) -> State:
    """What is known of a device of `kind` cpu or cuda before anything is measured on it, all that is its own open."""
    like, coefficients = node.gpu.name in SYSTEMS, linear.cost_at(TRUST[TOKEN] * belief.mean)
    names = tuple(name for name in UNKNOWN if not like or name in RATES)
    spread = [min(UNKNOWN[name][1], ALIKE if like else np.inf) for name in names]
    mean = np.log([before_of(name, node.gpu, coefficients, kind) for name in names])
    apart = belief.apart if like else APART
    return joined(belief, Device(node.gpu, names, mean, np.diag(spread), apart, like_published=like), [], node)


def joined(belief: Belief, device: Device, steps: Sequence[Timed], node: Node) -> State:
    """The state after `steps`."""
    before = np.concatenate([belief.mean, np.zeros(device.size)])
    spread = block_diag(belief.covariance, np.eye(device.size))
    state = State(device, before, spread, np.zeros(0), np.zeros(0))
    if not steps:
        return state
    runs, measured = [one.ran for one in steps], np.log([one.seconds for one in steps])
    noise, inflation = np.array([one.noise for one in steps]) ** 2, np.ones(len(steps))
    for _ in range(ROUNDS):
        log, slopes = seen(state, state.mean, runs, node)
        residual = measured - log + slopes @ (state.mean - before)
        inverse = np.linalg.inv(slopes @ spread @ slopes.T + np.diag(noise * inflation))
        gain = spread @ slopes.T @ inverse
        away, variance = inverse @ residual / np.diag(inverse), 1.0 / np.diag(inverse)
        deviation = np.sqrt(variance - noise * inflation + noise)
        moved = np.clip(before + gain @ residual - state.mean, -LONGEST_STEP, LONGEST_STEP)
        state = replace(
            state, mean=state.mean + moved, covariance=spread - gain @ slopes @ spread, residual=away,
            deviation=deviation,
        )  # fmt: skip
        weight = (FREEDOM + 1.0) / (FREEDOM + away**2 / variance)
        inflation = np.clip(1.0 / weight, 1.0, MOST_INFLATION)
    return state


def seen(state: State, x: Floats, runs: Sequence[Ran], node: Node) -> tuple[Floats, Floats]:
    """Log seconds of runs [n] at x [d], and their slopes [n, d]."""
    jobs = [job_of(run, node) for run in runs]

    def log_seconds(coefficients: Coefficients) -> Floats:
        return np.log([seconds(run, job, coefficients) for run, job in zip(runs, jobs, strict=True)])

    return along(log_seconds, state.coefficients, x)


def along(
    log_seconds: Callable[[Coefficients], Floats], coefficients: Callable[[Floats], Coefficients], x: Floats
) -> tuple[Floats, Floats]:
    """Log seconds [n] of what is run with the coefficients at x [d], and their slopes [n, d]."""
    here = coefficients(x)
    base = log_seconds(here)
    slopes = np.zeros((len(base), len(x)))
    for place in range(len(x)):
        there = coefficients(x + STEP * (np.arange(len(x)) == place))
        if there != here:
            slopes[:, place] = (log_seconds(there) - base) / STEP
    return base, slopes
