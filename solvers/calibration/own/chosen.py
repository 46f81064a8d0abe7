"""An own calibration as a spec's field: a mapping is read, and must be of the spec's device."""

from typing import Any

from pydantic import BeforeValidator, ValidationError

from solvers.calibration.own.document import Taught
from solvers.catalogue.attached import is_same
from solvers.catalogue.hardware import Gpu
from solvers.errors import Problem, SpecError
from solvers.problems import problems_of

# People name calibrations; the document behind a name is made by learning, and has its own schema.
WRITTEN = {
    "anyOf": [{"enum": ["published", "prior"], "type": "string"}, {"type": "object", "title": "Own calibration"}]
}


def reads(own: type[Taught]) -> BeforeValidator:
    """Makes an `own` out of a mapping, so that only what is wrong with it is told."""

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        try:
            return own.model_validate(value)
        except ValidationError as error:
            raise SpecError(*problems_of(error, own.model_json_schema())) from None

    return BeforeValidator(read)


def another_device(calibration: object, gpu: Gpu) -> list[Problem]:
    """An own calibration of a device that is not the spec's `gpu`."""
    if not isinstance(calibration, Taught) or is_same(gpu, calibration.device):
        return []
    message = f"The calibration is of {calibration.device}, and the plan is for {gpu.shown}."
    hint = "Take `published`, or measure on a node with this device."
    return [Problem("other_device", message, "/calibration", hint)]
