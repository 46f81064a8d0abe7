"""From what a search found to what an answer shows: corrected, judged by the limits, with stages, and drawn.

1  calibration corrects the points that matter, and again until the RANKED best are all corrected by themselves
2  what then breaks a limit of time or money is left out
3  the best get stages of their own and are simulated; 1 and 2 again for what comes out
4  of the best, calibration draws how surely each is the best
"""

from collections.abc import Sequence
from dataclasses import dataclass

from solvers.cost.layouts import Ints
from solvers.training.outlook import LAYOUTS, Sides, corrected, drawn, points_that_matter
from solvers.training.pool import Pool, goal, nearest, pool_of, within_limits
from solvers.training.restage import LOOKED_AT, RANKED, restage
from solvers.training.search import Found
from solvers.training.spec import TrainingSpec

ROUNDS = 8
# The best layouts that are corrected and get stages of their own where a changed question is asked.
FEW = 20


@dataclass(frozen=True)
class Settled:
    """All that was looked at, with what was rejected, and the points that are left, if any."""

    found: tuple[Found, ...]
    pool: Pool | None


def settle(
    spec: TrainingSpec,
    found: Sequence[Found],
    *,
    sides: Sides | None = None,
    front: int = 0,
    most: int = LAYOUTS,
) -> Settled:
    """What is left of the searches, about the `most` best of it corrected and the best LOOKED_AT of these with stages.

    `sides` are groups whose best are settled as well, `front` points of the front.
    """
    nothing = tuple(one for one in found if not one.feasible)
    if len(nothing) == len(found):
        return Settled(nothing, None)
    pool = pool_of([one for one in found if one.feasible])
    pool = _judged(spec, pool, points_that_matter(spec, pool, most=most, front=front, sides=sides or _no_sides), most)
    if pool.size:
        pool = restage(spec, pool, sides, looked_at=min(most, LOOKED_AT))
        pool = _judged(spec, pool, _unknown(spec, pool, RANKED), most)
    return Settled((*nothing, *pool.found), drawn(spec, pool) if pool.size else None)


def _judged(spec: TrainingSpec, pool: Pool, points: Ints, most: int) -> Pool:
    """What meets the limits as calibration sees it, with `points` and then the best corrected by themselves."""
    for _ in range(ROUNDS):
        pool = within_limits(spec, corrected(spec, pool, points) if points.size else pool)
        if not pool.size or not _unknown(spec, pool, RANKED).size:
            break
        points = _unknown(spec, pool, most)
    return pool


def _unknown(spec: TrainingSpec, pool: Pool, most: int) -> Ints:
    """Of about the `most` best points those that were not corrected by themselves."""
    close = nearest(goal(spec, pool), most=most)
    return close[~pool.known[close]]


def _no_sides(_: Found) -> tuple[()]:
    return ()
