"""Recipes' result documents, as an own calibration takes them: checked, of one device and stack, odd rows set aside.

Set aside, with the reason: documents of another device or of other software than the newest; of a recipe that nothing
is learned from here; whole measurements during which the device slowed down; rows whose quartiles lie far apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from solvers import recipes
from solvers.calibration.own.document import Aside
from solvers.catalogue.attached import is_same
from solvers.catalogue.hardware import Gpu
from solvers.documents import Document, digest
from solvers.errors import Problem, SpecError

# A row whose quartiles are further apart than this share of its median says little of the device alone.
MOST_SPREAD = 0.5
# Quartiles of a normal distribution are 1.349 standard deviations apart, and the median of n samples is 1.2533 times
# as uncertain as their mean.
QUARTILES, MEDIAN = 1.349, 1.2533
STACK = ("torch", "cuda", "nccl", "driver")


@dataclass(frozen=True)
class Row:
    """A row of a measurement, and the standard deviation of its median's logarithm by its own samples."""

    measurement: str
    recipe: str
    place: int
    row: Document
    params: Document
    noise: float

    @property
    def too_wide(self) -> str:
        """Why nothing is learned of the device from the row; empty where its quartiles lie close enough."""
        seconds = self.row["seconds"]
        apart = (seconds["high"] - seconds["low"]) / seconds["median"]
        if apart <= MOST_SPREAD:
            return ""
        return f"Its quartiles are {100 * apart:.0f} % of the median apart; {100 * MOST_SPREAD:.0f} % is the most."

    def aside(self, reason: str) -> Aside:
        """The row as one that nothing is learned from."""
        return Aside(measurement=self.measurement, recipe=self.recipe, row=self.place, reason=reason)


@dataclass(frozen=True)
class Measured:
    """Rows to learn from, by recipe; what was set aside; all measurements that anything came of."""

    device: str
    kind: str
    stack: str
    rows: tuple[Row, ...]
    aside: tuple[Aside, ...] = field(default=())

    def of(self, *names: str) -> list[Row]:
        """The rows of some recipes."""
        return [one for one in self.rows if one.recipe in names]


def read(measurements: Sequence[Document], gpu: Gpu) -> Measured:
    """What can be learned from, newest measurement first. SpecError: none is of this GPU, or a document is wrong."""
    for place, document in enumerate(measurements):
        if not _outdated(document):
            _checked(document, at=f"/measurements/{place}")
    newest = _newest([one for one in measurements if not _outdated(one)], gpu)
    rows: list[Row] = []
    aside: list[Aside] = []
    for document in measurements:
        if reason := _outdated(document) or _against(document, gpu, newest):
            aside.append(Aside(measurement=digest(document), recipe=document["recipe"], row=-1, reason=reason))
            continue
        for one in rows_of(document):
            if one.too_wide:
                aside.append(one.aside(one.too_wide))
            else:
                rows.append(one)
    return Measured(newest["name"], newest["device"], stack_of(newest), tuple(rows), tuple(aside))


def rows_of(document: Document) -> list[Row]:
    """The rows of a recipe's result document."""
    sha, name, params = digest(document), document["recipe"], document["params"]
    return [Row(sha, name, place, row, params, _noise(row["seconds"])) for place, row in enumerate(document["rows"])]


def _outdated(document: Document) -> str:
    """Why nothing can be learned from what an earlier or later version of its recipe measured."""
    name, version = str(document.get("recipe")), document.get("version")
    if name not in recipes.KNOWN or not isinstance(version, int) or version == recipes.KNOWN[name].version:
        return ""
    return f"Version {version} of its recipe measured it; version {recipes.KNOWN[name].version} is read."


def _checked(document: Document, *, at: str) -> None:
    try:
        recipes.get(document.get("recipe", ""), document.get("version")).check_result(document)
    except SpecError as error:
        raise SpecError(*(replace(one, at=at + one.at) for one in error.problems)) from None


def _newest(measurements: Sequence[Document], gpu: Gpu) -> Document:
    """The environment of the first measurement of this GPU."""
    environments: list[Document] = [one["environment"] for one in measurements]
    known = [one for one in environments if is_same(gpu, one["name"])]
    if known:
        return known[0]
    names = ", ".join(sorted({one["name"] for one in environments})) or "nothing"
    said = f"None of {len(measurements)} measurements is of {gpu.shown}; they are of {names}."
    raise SpecError(Problem("other_device", said, "", "Measure on a node with this device."))


def stack_of(environment: Document) -> str:
    """The software below a measurement, in words."""
    known = [f"{name} {environment[name]}" for name in STACK if environment[name]]
    threads = environment["threads"]
    on_cpu = [f"{threads} thread{'s' if threads > 1 else ''}"] if environment["device"] == "cpu" else []
    return ", ".join([*known, *on_cpu])


def _against(document: Document, gpu: Gpu, newest: Document) -> str:
    environment = document["environment"]
    if not is_same(gpu, environment["name"]):
        return f"It is of {environment['name']}."
    if stack_of(environment) != stack_of(newest):
        return f"It was measured with {stack_of(environment)}, the newest with {stack_of(newest)}."
    if document["flags"]["throttled"]:
        return "The device slowed down meanwhile."
    return ""


def _noise(seconds: Document) -> float:
    sample = (seconds["high"] - seconds["low"]) / seconds["median"] / QUARTILES
    return float(MEDIAN * sample / np.sqrt(seconds["repeats"]))
