"""The document of serving's own calibration, as a spec holds it."""

from typing import ClassVar, Literal

from pydantic import Field

from solvers.calibration.own.document import MOST_STEPS, Taught, Timed
from solvers.calibration.shipped import Calibration
from solvers.recipes.serving_step import ServingStepParams
from solvers.recipes.serving_step import Step as Shape
from solvers.serving.own.device import NAMES


class ServingStep(Timed):
    """A measured serving step: the model and how it is cut are in `params`, its one shape is `step`.

    `graph` says whether a CUDA graph replayed it.
    """

    params: ServingStepParams
    step: Shape
    graph: bool


class ServingOwn(Taught):
    """What measured serving steps and micro-benchmarks taught."""

    known: ClassVar[tuple[str, ...]] = NAMES
    kind: Literal["serving"]
    steps: tuple[ServingStep, ...] = Field(max_length=MOST_STEPS)

    def __hash__(self) -> int:
        return hash(self.digest)


# What a spec may be calibrated on.
Chosen = Calibration | ServingOwn
