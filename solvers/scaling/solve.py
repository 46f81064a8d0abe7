"""Answer a scaling spec: what the big run is, what loss it will have, and which small runs to make to be surer."""

from solvers.base import Infeasible, Progress, Solved
from solvers.laws.fit.priors import learned
from solvers.laws.predict.mixture import BELIEF
from solvers.laws.predict.shipped import shipped
from solvers.scaling.answer import answered
from solvers.scaling.case import NoPlace, case_of
from solvers.scaling.infeasible import out_of_reach, unpaid
from solvers.scaling.ladder.answer import Unpaid
from solvers.scaling.small import small_runs
from solvers.scaling.spec import ScalingSpec


def solve(spec: ScalingSpec, progress: Progress) -> Solved | Infeasible:
    """The forecast of the target and the ladder to it, or what stands in the way."""
    case = case_of(spec, progress)
    if isinstance(case, NoPlace):
        return out_of_reach(spec, case)
    progress(stage="choosing small runs", fraction=0.5, candidates=len(case.known.runs) if case.known else 0)
    small = small_runs(case)
    if isinstance(small, Unpaid):
        return unpaid(case, small)
    return answered(case, small, progress)


def prepare() -> None:
    """Read what left-out families of runs teach of every law that is asked unless others are named."""
    shipped()
    for name in BELIEF:
        learned(name)
