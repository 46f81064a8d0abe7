"""The whole look: every plain layout on each number of nodes, then what refines those that may become the best.

    chosen   the least objective, refined layouts with their handicap
    gap      1 - least objective that anything can have / objective of the chosen: what the handicap, or an end before
             all floors are above the best, can have cost
Numbers of nodes come in the order of their best plain layouts: the first set the bar for the others.
"""

from dataclasses import dataclass, replace

import numpy as np

from solvers.training.calibration import slack_of
from solvers.training.refine import refine
from solvers.training.search import Found, search, slowest_allowed
from solvers.training.spec import TrainingSpec
from solvers.training.worth import WORTH, value_of

# Layouts that are refined in all, beside the nearest of each number of nodes.
MOST = 20_000


@dataclass(frozen=True)
class Explored:
    """Plain layouts and refined ones, and the share by which the best of all could be better than the chosen."""

    found: tuple[Found, ...]
    optimality_gap: float

    @property
    def feasible(self) -> int:
        """How many layouts meet everything."""
        return sum(found.feasible for found in self.found)


def explore(spec: TrainingSpec, *, nodes: int, most: int = MOST) -> Explored:
    """Everything feasible on `nodes` nodes that was looked at, about `most` of it refined."""
    return refined_all(spec, [search(spec, nodes=nodes, slack=slack_of(spec.calibration))], most=most)


def refined_all(spec: TrainingSpec, plain: list[Found], *, most: int = MOST) -> Explored:
    """Plain searches, one for each number of nodes, and what refines their layouts where that can become the best."""
    values = np.array([_least(spec, found) for found in plain])
    plainly = float(values.min())
    handicap = WORTH if any(found.feasible for found in plain) else 1.0
    bar, least, left = plainly / handicap, plainly, most
    refined: list[Found] = []
    for place in np.argsort(values, kind="stable"):
        each = refine(spec, plain[place], bar=bar, most=left)
        bar, left = min(bar, each.best), max(left - each.looked_at, 0)
        least = min(least, each.best, each.floor)
        refined.append(replace(each.found, handicap=handicap))
    # A bar that no refinement has lowered: a plain layout is chosen.
    return Explored((*plain, *refined), _gap(least, plainly if bar == plainly / handicap else bar))


def _gap(least: float, chosen: float) -> float:
    return float(max(0.0, 1.0 - least / chosen)) if np.isfinite(chosen) and chosen > 0.0 else 0.0


def _least(spec: TrainingSpec, found: Found) -> float:
    """The least objective of what surely meets the limits; the number of GPUs is the caller's matter."""
    seconds = found.step_time_s
    values = found.run_energy_j
    if spec.objective != "energy":
        values = value_of(spec, found.job, step_s=seconds, busy_s=seconds)
    sure = seconds * found.slack <= slowest_allowed(spec, found.job, found.factors)
    return float(values[sure].min(initial=np.inf))
