"""What every law of the loss has in common, and the runs that it is fitted to.

theta [S, P]   parameters on a scale without bounds: mostly logarithms of coefficients at the middle of the runs
x [M, I]       ln(input / reference) of M runs; a reference is the geometric mean of the fitted runs, or 1
log_loss(theta, x) -> ln L [S, M] and its slopes d ln L / d theta [S, M, P], for S parameter vectors at once
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvers.errors import Problem
from solvers.laws.errors import BadRuns
from solvers.laws.units import COUNTS, LOSS_UNITS, known

Floats = NDArray[np.float64]
Scale = Mapping[str, float]
Coefficients = Mapping[str, Any]

# FLOP of training for each parameter and token: 2 forward, 4 backward (section 2.1 [kaplan2020scaling]).
FLOPS_PER_PARAMETER_TOKEN = 6.0
# Where families of runs are compared: a billion parameters with the tokens that are usual for them (20 a parameter).
REFERENCE: Scale = {"params": 1e9, "tokens": 2e10}


@dataclass(frozen=True)
class Input:
    """Something a law depends on. Its reference is that of `like`, or 1 where `absolute`, else its own middle."""

    name: str
    title: str
    like: str = ""
    absolute: bool = False


@dataclass(frozen=True)
class Parameter:
    """One entry of theta and its normal prior; where `level`, the centre is above the median log loss of the runs."""

    name: str
    centre: float
    width: float
    level: bool = False


@dataclass(frozen=True)
class Published:
    """Coefficients that somebody printed: a prior, never an answer."""

    label: str
    coefficients: Mapping[str, float]
    source: str


@dataclass(frozen=True, eq=False)
class Prior:
    """Independent normals on theta: centre [P] and precision 1 / width^2 [P]; no precision is no prior."""

    centre: Floats
    precision: Floats


@dataclass(frozen=True, eq=False)
class Law:
    """A law of the loss: what it says, of what, where it holds, and how to compute it.

    natural       theta [..., P] -> {letter of the paper: coefficient [...]}, in the units of `counts` and `loss_unit`
    from_natural  {letter: coefficient} -> theta [P]
    linear        places in theta of logarithms of amplitudes, whose terms L adds up: each is e^theta times a shape
    valid         least and largest input of the runs behind the published coefficients
    base          the law without effects of kinds of runs (solvers/laws/kinds), whose needs of runs are its own
    """

    name: str
    title: str
    form: str
    inputs: tuple[Input, ...]
    parameters: tuple[Parameter, ...]
    counts: str
    loss_unit: str
    sources: tuple[str, ...]
    log_loss: Callable[[Floats, Floats], tuple[Floats, Floats]]
    natural: Callable[[Floats, Scale], dict[str, Floats]]
    from_natural: Callable[[Coefficients, Scale], Floats]
    linear: tuple[int, ...] = ()
    valid: Mapping[str, tuple[float, float]] | None = None
    published: tuple[Published, ...] = ()
    caveats: tuple[str, ...] = ()
    base: "Law | None" = None

    @property
    def size(self) -> int:
        """How many parameters there are."""
        return len(self.parameters)


@dataclass(frozen=True, eq=False)
class Runs:
    """M training runs: inputs by name [M] in plain units, losses [M], one convention of N and one unit of loss."""

    inputs: Mapping[str, Floats]
    loss: Floats
    counts: str = "total"
    loss_unit: str = "nats/token"
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        known("convention of N", self.counts, COUNTS)
        known("unit of loss", self.loss_unit, LOSS_UNITS)
        for name, values in self.inputs.items():
            if values.shape != self.loss.shape:
                message = f"There are {len(self.loss)} losses and {len(values)} values of {name}."
                raise BadRuns(Problem("lengths_differ", message, f"/{name}", "Give every run each of them."))

    def __len__(self) -> int:
        return len(self.loss)

    @property
    def flops(self) -> Floats:
        """Training compute of each run [M], 6 N D."""
        return flops_of(self.inputs)

    def take(self, chosen: NDArray[Any]) -> "Runs":
        """The runs at the given places, or where a mask is true."""
        places = np.arange(len(self))[chosen]
        names = tuple(self.names[n] for n in places) if self.names else ()
        inputs = {name: values[places] for name, values in self.inputs.items()}
        return replace(self, inputs=inputs, loss=self.loss[places], names=names)


def flops_of(inputs: Mapping[str, Any]) -> Floats:
    """Training compute [M], 6 N D."""
    found: Floats = FLOPS_PER_PARAMETER_TOKEN * np.atleast_1d(inputs["params"]) * np.atleast_1d(inputs["tokens"])
    return found


def runs_of(
    loss: Sequence[float] | Floats, *, counts: str = "total", loss_unit: str = "nats/token", **inputs: Any
) -> Runs:
    """Runs from columns: `runs_of(losses, params=..., tokens=...)`."""
    columns = {name: np.asarray(values, dtype=np.float64) for name, values in inputs.items()}
    return Runs(columns, np.asarray(loss, dtype=np.float64), counts, loss_unit)


def joined(*parts: Runs) -> Runs:
    """All runs as one set. BadRuns where they count parameters differently or measure loss in different units."""
    first = parts[0]
    for what, field in (("conventions of N", "counts"), ("units of loss", "loss_unit")):
        found = sorted({getattr(part, field) for part in parts})
        if len(found) > 1:
            hint = "Convert one of them first (solvers.laws.units), with the model's shape or the tokens' length."
            raise BadRuns(Problem("mixed_units", f"The runs mix {what}: {', '.join(found)}.", f"/{field}", hint))
    names = set.intersection(*(set(part.inputs) for part in parts))
    inputs = {name: np.concatenate([part.inputs[name] for part in parts]) for name in first.inputs if name in names}
    called = all(len(part.names) == len(part) for part in parts)
    return replace(
        first,
        inputs=inputs,
        loss=np.concatenate([part.loss for part in parts]),
        names=tuple(name for part in parts for name in part.names) if called else (),
    )


def scale_of(law: Law, inputs: Mapping[str, Floats]) -> dict[str, float]:
    """The reference of each of the law's inputs: the geometric mean over the runs, another input's, or 1."""
    own = {one.name: float(np.exp(np.log(inputs[one.like or one.name]).mean())) for one in law.inputs}
    return {one.name: 1.0 if one.absolute else own[one.name] for one in law.inputs}


def reference_of(law: Law) -> dict[str, float]:
    """References that do not depend on the runs, so that the same theta says the same of every family."""
    return {one.name: 1.0 if one.absolute else REFERENCE[one.like or one.name] for one in law.inputs}


def normalised(law: Law, inputs: Mapping[str, Any], scale: Scale) -> Floats:
    """ln(input / reference) of the law's inputs [M, I]; an input that is one number holds for all runs."""
    parts = [np.log(np.asarray(inputs[one.name], dtype=np.float64) / scale[one.name]) for one in law.inputs]
    return np.stack(np.broadcast_arrays(*parts), axis=-1)


def prior_of(law: Law, *, level: float) -> Prior:
    """The law's own prior around runs whose median log loss is `level`."""
    centre = np.array([one.centre + level * one.level for one in law.parameters])
    return Prior(centre, np.array([1.0 / one.width**2 for one in law.parameters]))


def no_prior(law: Law, *, level: float) -> Prior:
    """Nothing is believed before the runs; the centre is where starts are drawn around."""
    return replace(prior_of(law, level=level), precision=np.zeros(law.size))


def loss_at(law: Law, coefficients: Coefficients, **inputs: Any) -> Floats:
    """Losses [M] of the law with a paper's coefficients, such as `loss_at(law, law.published[0].coefficients, ...)`."""
    values = {name: np.atleast_1d(np.asarray(value, dtype=np.float64)) for name, value in inputs.items()}
    scale = {one.name: 1.0 for one in law.inputs}
    theta = law.from_natural(coefficients, scale)
    found: Floats = np.exp(law.log_loss(theta[None], normalised(law, values, scale))[0][0])
    return found
