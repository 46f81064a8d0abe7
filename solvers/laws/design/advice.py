"""What to run next: candidates by what each alone would take from the interval."""

from dataclasses import dataclass

import numpy as np

from solvers.laws.design.choose import Question
from solvers.laws.design.gain import half_widths


@dataclass(frozen=True)
class Next:
    """One candidate: its cost, and the half-width of ln loss before and after it."""

    candidate: int
    cost: float
    before: float
    after: float


def ranked(question: Question) -> tuple[Next, ...]:
    """Every candidate alone, the one that takes most from the interval for its cost first."""
    before, after = question.half_width, half_widths(question.state, question.target, question.doubt)
    cost = question.candidates.cost
    order = np.lexsort((np.arange(len(cost)), -(before - after) / cost))
    left = (int(k) for k in order if k not in question.made)
    return tuple(Next(k, float(cost[k]), before, float(after[k])) for k in left)
