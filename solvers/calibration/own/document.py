"""The document of an own calibration, as a spec holds it."""

from functools import cached_property
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from solvers.base import Part, Positive
from solvers.calibration.covariance import Floats
from solvers.calibration.own.device import RATES
from solvers.catalogue.hardware import Node
from solvers.cost.coefficients import PRIORS
from solvers.documents import Document, digest
from solvers.errors import Problem, SpecError, unknown
from solvers.recipes.training_step import TrainingStepParams

Sha = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Share = Annotated[float, Field(ge=-1.0, le=1.0)]
MOST_STEPS, MOST_MEASUREMENTS = 200, 500


class Coefficient(Part):
    """One number of the device: where it lies, the standard deviation of its logarithm, and its value before."""

    name: str = Field(max_length=60)
    value: float = Field(gt=0, le=1e24)
    spread: float = Field(gt=0, le=10)
    before: float = Field(gt=0, le=1e24)
    recipe: str = Field(max_length=60, description="What measured it; empty: nothing did, and the spread is wide.")


class Timed(Part):
    """What is known of a measured step of `layers` of a model. `noise` is a standard deviation of the logarithm.

    `before_s` is what was predicted without this calibration, `left_out_s` with all of it but this step.
    """

    layers: Positive
    seconds: float = Field(gt=0, le=1e6)
    noise: float = Field(gt=0, le=10)
    before_s: float = Field(gt=0)
    left_out_s: float = Field(gt=0)
    measurement: Sha


class Step(Timed):
    """A measured training step."""

    params: TrainingStepParams


class Aside(Part):
    """A row of a measurement that nothing was learned from, and why. Row -1 is the whole measurement."""

    measurement: Sha
    recipe: str = Field(max_length=60)
    row: int = Field(ge=-1, le=10_000)
    reason: str = Field(max_length=400)


class Taught(Part):
    """What measurements taught of one device and its software, whatever kind of plan learned it.

    `correlation` is that of the coefficients' logarithms, row by row. `node` is what the steps were measured on, as the
    catalogue writes it; `base` names the calibration that this one goes beyond.
    """

    known: ClassVar[tuple[str, ...]] = RATES
    format: Literal["isoflop-calibration"]
    version: Literal[1]
    name: str = Field(default="", max_length=200)
    device: str = Field(min_length=1, max_length=200)
    stack: str = Field(max_length=300)
    base: str = Field(max_length=80)
    node: Node
    coefficients: tuple[Coefficient, ...] = Field(max_length=40)
    correlation: tuple[tuple[Share, ...], ...] = Field(max_length=40)
    like_published: bool = Field(description="Whether published runs were on devices about as fast.")
    aside: tuple[Aside, ...] = Field(default=(), max_length=2000)
    measurements: tuple[Sha, ...] = Field(min_length=1, max_length=MOST_MEASUREMENTS)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        names = [one.name for one in self.coefficients]
        for place, name in enumerate(names):
            if name not in self.known:
                raise unknown("coefficient", name, self.known, at=f"/coefficients/{place}/name")
        if len(set(names)) != len(names):
            raise SpecError(Problem("twice", "A coefficient stands twice.", "/coefficients"))
        table = np.array(self.correlation, dtype=np.float64).reshape(-1) if self.correlation else np.zeros(0)
        if len(table) != len(names) ** 2:
            raise SpecError(Problem("correlation", "The correlation is not of these coefficients.", "/correlation"))
        if names and np.linalg.eigvalsh(self._correlations()).min() <= 0.0:
            raise SpecError(Problem("correlation", "No coefficients can be correlated like this.", "/correlation"))
        return self

    def __hash__(self) -> int:
        return hash(self.digest)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the document, for the provenance of a result."""
        return digest(self.document())

    @property
    def title(self) -> str:
        """What provenance says."""
        return f"own-{self.digest[:12]}"

    def covariance(self) -> Floats:
        """Of the logarithms of the coefficients."""
        spreads = np.array([one.spread for one in self.coefficients])
        found: Floats = self._correlations() * np.outer(spreads, spreads)
        return found

    def _correlations(self) -> Floats:
        return np.array(self.correlation, dtype=np.float64).reshape(len(self.coefficients), -1)

    def document(self) -> Document:
        """As JSON."""
        return self.model_dump(mode="json", by_alias=True)


class Own(Taught):
    """What a training plan learned."""

    known: ClassVar[tuple[str, ...]] = (*RATES, *PRIORS)
    kind: Literal["training"]
    steps: tuple[Step, ...] = Field(max_length=MOST_STEPS)

    def __hash__(self) -> int:
        return hash(self.digest)
