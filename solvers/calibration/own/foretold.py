"""What a calibration says of rows of measurements, whatever kind of plan uses it.

An own calibration speaks of its device with its software; without one the published calibration speaks of any. A row
that an own calibration learned from is left out of what foretells it: a step by what its document keeps
(`left_out_s`), a micro-benchmark's row by its share in the fit (`robust.left_out`). Rows of operators are foretold by
what micro-benchmarks taught, before steps had their say.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from solvers import catalogue
from solvers.base import Foretold
from solvers.calibration.own.document import Taught
from solvers.calibration.own.measured import Row, rows_of, stack_of
from solvers.calibration.own.robust import Model, left_out
from solvers.catalogue import Node
from solvers.catalogue.attached import is_same
from solvers.documents import Document

UNWORDED = "Plans of this kind have no formula for them."

T = TypeVar("T", bound=Taught)
# Predictions of rows of one measurement on a node, or why there are none.
Tell = Callable[[T | None, Sequence[Row], Node], list[Foretold | str]]


def foretold(
    own: T | None, measured: Sequence[tuple[Document, Document]], *, step: str, of_steps: Tell[T], of_operators: Tell[T]
) -> list[tuple[Foretold | str, ...]]:
    """Of each measurement its rows as foretold, or why not; `step` is the recipe of the kind's steps."""
    found: list[tuple[Foretold | str, ...]] = []
    for document, node in measured:
        rows = rows_of(document)
        tell = of_steps if document["recipe"] == step else of_operators
        if reason := reason_against(own, document):
            found.append((reason,) * len(rows))
        else:
            found.append(tuple(tell(own, rows, own.node if own else catalogue.node(node))))
    return found


def reason_against(own: Taught | None, document: Document) -> str:
    """Why an own calibration says nothing of a measurement; empty where it speaks of its device and software."""
    if own is None:
        return ""
    environment = document["environment"]
    if not is_same(own.node.gpu, environment["name"]):
        return f"They are of {environment['name']}; the calibration is of {own.device}."
    if stack_of(environment) != own.stack:
        return f"They were measured with {stack_of(environment)}; the calibration with {own.stack}."
    return ""


def operators(
    own: Taught | None, rows: Sequence[Row], model: Model, *, deviations: Sequence[float]
) -> list[Foretold | str]:
    """Rows of micro-benchmarks by `model`: their log seconds as a function of logarithms of what is the device's own.

    `deviations` are those of the rows' formulas, as standard deviations of the logarithm.
    """
    if own is None:
        return [Foretold(seconds) for seconds in np.exp(model(np.zeros(0))).tolist()]
    theta = np.log([one.value for one in own.coefficients])
    apart = left_out(
        model,
        theta,
        own.covariance(),
        np.log([one.row["seconds"]["median"] for one in rows]),
        deviations=np.hypot(deviations, [one.noise for one in rows]),
    )
    pairs = zip(rows, np.exp(model(theta)).tolist(), np.exp(apart).tolist(), strict=True)
    return [_one(own, row, plain, without_itself) for row, plain, without_itself in pairs]


def beside_unworded(worded: Sequence[bool], told: Sequence[Foretold | str]) -> list[Foretold | str]:
    """What is told of the rows that are worded, in the places of theirs among all."""
    left = iter(told)
    return [next(left) if known else UNWORDED for known in worded]


def own_names(own: Taught | None) -> list[str]:
    """What is the device's own; nothing where nothing was measured on it."""
    return [one.name for one in own.coefficients] if own else []


def _one(own: Taught, row: Row, plain: float, without_itself: float) -> Foretold:
    if row.measurement in own.measurements and not row.too_wide:
        return Foretold(without_itself, left_out=True)
    return Foretold(plain)
