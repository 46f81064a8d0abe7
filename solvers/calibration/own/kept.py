"""Which measured steps an own calibration learns from: the same for every kind."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from solvers.calibration.covariance import Floats
from solvers.calibration.own.document import Aside
from solvers.calibration.own.fit import ODD
from solvers.calibration.own.measured import Measured, Row
from solvers.errors import Problem, SpecError

# Without a step the coefficients that no micro-benchmark measures stay as they were: then these must be there.
NEEDED = ("gemm", "memory_copy")
# Of fewer steps nobody can say which one is odd.
FEWEST_TO_JUDGE = 4

T = TypeVar("T")


def check_enough(measured: Measured, steps: Sequence[object], *, step: str) -> None:
    """SpecError where there is neither a step nor what must be there without one; `step` is what people call it."""
    lacking = [name for name in NEEDED if not measured.of(name)]
    if lacking and not steps:
        said = f"No row of {' and none of '.join(lacking)} is left, and no {step}."
        raise SpecError(Problem("too_few", said, "", f"Measure them, or a {step}."))


def fitting(
    steps: Sequence[tuple[Row, T]], missed_of: Callable[[list[T]], Floats]
) -> tuple[list[tuple[Row, T]], list[Aside]]:
    """The steps that lie where the others say; the oddest of the rest is set aside, and so again.

    `missed_of` steps [n]: by how many standard deviations each lies from what the others say of it [n].
    """
    kept, odd = list(steps), []
    while len(kept) >= FEWEST_TO_JUDGE:
        missed = missed_of([step for _, step in kept])
        worst = int(np.abs(missed).argmax())
        if abs(missed[worst]) <= ODD:
            break
        row, _ = kept.pop(worst)
        odd.append(row.aside(f"It lies {missed[worst]:+.1f} standard deviations from what the other steps say."))
    return kept, odd
