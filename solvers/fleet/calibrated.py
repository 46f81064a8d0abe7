"""What each GPU of a fleet is calibrated on: an own calibration of serving where there is one of it, else what ships.

A spec takes one own calibration or a list of them, one of each GPU; one alone is a list of one.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any

from solvers.calibration.own.chosen import DOCUMENT, WORDS, nameless, read_own
from solvers.calibration.shipped import SHIPPED, Calibration
from solvers.catalogue.attached import is_same
from solvers.catalogue.hardware import Gpu
from solvers.documents import Document
from solvers.errors import Problem, SpecError
from solvers.serving.own.document import Chosen as OfServing
from solvers.serving.own.document import ServingOwn

MOST = 20
Chosen = Calibration | tuple[ServingOwn, ...]
WRITTEN = {"anyOf": [WORDS, DOCUMENT, {"type": "array", "items": DOCUMENT, "minItems": 1, "maxItems": MOST}]}


def read(value: Any) -> Any:
    """A mapping, or each of a list of them, as an own calibration; what ships stays a word."""
    if isinstance(value, str):
        if value not in SHIPPED:
            raise nameless(value)
        return value
    if isinstance(value, dict):
        return (read_own(value, ServingOwn),)
    if not isinstance(value, list | tuple):
        raise SpecError(Problem("wrong_type", "A calibration is a word, a document, or a list of documents.", ""))
    if not 1 <= len(value) <= MOST:
        raise SpecError(Problem("wrong_size", f"A list of calibrations has 1 to {MOST} of them.", ""))
    return tuple(_each(value))


def _each(values: Sequence[Any]) -> list[ServingOwn]:
    """All of a list; SpecError tells what is wrong with any of them, each at its place."""
    found: list[ServingOwn] = []
    problems: list[Problem] = []
    for place, value in enumerate(values):
        try:
            found.append(_one(value))
        except SpecError as error:
            problems += (Problem(one.code, one.message, f"/{place}{one.at}", one.hint) for one in error.problems)
    if problems:
        raise SpecError(*problems)
    return found


def _one(value: Any) -> ServingOwn:
    if isinstance(value, ServingOwn):
        return value
    if isinstance(value, dict):
        return read_own(value, ServingOwn)
    if value in SHIPPED:
        hint = "Leave it out: GPUs without an own calibration are calibrated as published."
        raise SpecError(Problem("contradiction", "In a list stand own calibrations alone.", "", hint))
    if isinstance(value, str):
        raise nameless(value, words=())
    raise SpecError(Problem("wrong_type", "Each of a list of calibrations is a document.", ""))


def own_of(calibration: Chosen, gpu: Gpu) -> ServingOwn | None:
    """The own calibration of a GPU, where there is one."""
    own = () if isinstance(calibration, str) else calibration
    return next((one for one in own if is_same(gpu, one.device)), None)


def calibration_of(calibration: Chosen, gpu: Gpu) -> OfServing:
    """What a GPU's steps are calibrated on."""
    shipped = calibration if isinstance(calibration, str) else "published"
    return own_of(calibration, gpu) or shipped


def beside(calibration: Chosen, learned: Document) -> list[Document]:
    """What was learned in a spec's list: in the place of what it had of that GPU, else after the others."""
    new = read_own(learned, ServingOwn)
    own = () if isinstance(calibration, str) else calibration
    found = [learned if _of_one(one, new) else one.document() for one in own]
    return found if learned in found else [*found, learned]


def _of_one(one: ServingOwn, other: ServingOwn) -> bool:
    """Whether two are of the same GPU."""
    return is_same(one.node.gpu, other.device) or is_same(other.node.gpu, one.device)


def twice(calibration: Chosen) -> Iterator[Problem]:
    """Own calibrations of a GPU that another one is of."""
    own = () if isinstance(calibration, str) else calibration
    for (_, first), (place, other) in combinations(enumerate(own), 2):
        if _of_one(first, other):
            message = f"Another calibration is of {other.device} too."
            yield Problem("twice", message, f"/calibration/{place}", "Keep one of each GPU: the newest, say.")


def idle(calibration: Chosen, gpus: Iterable[Gpu]) -> Iterator[Problem]:
    """Own calibrations of GPUs that are none of these."""
    there = list(gpus)
    for place, one in enumerate(() if isinstance(calibration, str) else calibration):
        if not any(is_same(gpu, one.device) for gpu in there):
            shown = ", ".join(dict.fromkeys(gpu.shown for gpu in there))
            message = f"The calibration of {one.device} is not used: no offer has such a GPU, only {shown}."
            hint = "Leave it out, or offer that GPU."
            yield Problem("not_used", message, f"/calibration/{place}", hint)
