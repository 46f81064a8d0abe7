"""An own calibration as a spec's field: a mapping is read, and must be of the spec's device."""

from collections.abc import Iterable
from typing import Any, TypeVar, get_args

from pydantic import BeforeValidator, ValidationError

from solvers.calibration.own.document import Taught
from solvers.calibration.shipped import SHIPPED
from solvers.catalogue.attached import is_same
from solvers.catalogue.hardware import Gpu
from solvers.errors import Problem, SpecError, UnknownName, nearest
from solvers.problems import problems_of

# People name calibrations; the document behind a name is made by learning, and has its own schema.
WORDS = {"enum": [*SHIPPED], "type": "string"}
DOCUMENT = {"type": "object", "title": "Own calibration"}
WRITTEN = {"anyOf": [WORDS, DOCUMENT]}
FORMAT = "isoflop-calibration"

T = TypeVar("T", bound=Taught)


def reads(own: type[Taught]) -> BeforeValidator:
    """Makes an `own` out of a mapping, so that only what is wrong with it is told."""

    def read(value: Any) -> Any:
        if isinstance(value, dict):
            return read_own(value, own)
        if isinstance(value, str) and value not in SHIPPED:
            raise nameless(value)
        return value

    return BeforeValidator(read)


def read_own(value: dict[str, Any], own: type[T]) -> T:
    """The calibration that a mapping writes down. SpecError, from the mapping on: what is wrong with it."""
    (wanted,), learned = get_args(own.model_fields["kind"].annotation), value.get("kind")
    if value.get("format") == FORMAT and isinstance(learned, str) and learned != wanted:
        message = f"The calibration was learned of {learned[:40]} plans; here one of {wanted} plans is asked for."
        hint = f"Name one that was learned of {wanted} plans, or try such a plan on a node."
        raise SpecError(Problem("other_kind", message, "/kind", hint))
    try:
        return own.model_validate(value)
    except ValidationError as error:
        raise SpecError(*problems_of(error, own.model_json_schema())) from None


def nameless(name: str, *, words: Iterable[str] = SHIPPED) -> UnknownName:
    """A name that stands for no document where it is read, beside the `words` that do.

    What a project's own names mean its server knows.
    """
    known = list(words)
    hint = "A project's own calibrations are known by name to its server; elsewhere give the document."
    hint = f"{nearest(name[:80], known)} {hint}" if known else hint
    return UnknownName(Problem("unknown_name", f"There is no calibration called '{name[:80]}' here.", "", hint))


def another_device(calibration: object, gpu: Gpu) -> list[Problem]:
    """An own calibration of a device that is not the spec's `gpu`."""
    if not isinstance(calibration, Taught) or is_same(gpu, calibration.device):
        return []
    message = f"The calibration is of {calibration.device}, and the plan is for {gpu.shown}."
    hint = "Take `published`, or measure on a node with this device."
    return [Problem("other_device", message, "/calibration", hint)]
