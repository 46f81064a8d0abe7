"""Answer a scaling spec: what the big run is, what loss it will have, and which small runs to make to be surer."""

from solvers.base import Infeasible, Progress, Solved
from solvers.laws.fit.priors import learned
from solvers.laws.predict.mixture import BELIEF
from solvers.laws.predict.shipped import shipped
from solvers.scaling.answer import answered
from solvers.scaling.first import first
from solvers.scaling.forecast.known import known_of
from solvers.scaling.forecast.place import place_of
from solvers.scaling.infeasible import out_of_reach
from solvers.scaling.spec import ScalingSpec


def solve(spec: ScalingSpec, progress: Progress) -> Solved | Infeasible:
    """The forecast of the target and the ladder to it, or what stands in the way."""
    if spec.runs is None:
        return first(spec, progress)
    progress(stage="fitting laws to the runs", fraction=0.1, candidates=0)
    known = known_of(spec.runs.imported, laws=spec.options.laws, seed=spec.seed)
    progress(stage="foretelling the target", fraction=0.4, candidates=len(known.runs))
    place = place_of(known, spec.target, seed=spec.seed)
    if place is None:
        return out_of_reach(spec, known)
    return answered(spec, known, place, progress)


def prepare() -> None:
    """Read what left-out families of runs teach of every law that is asked unless others are named."""
    shipped()
    for name in BELIEF:
        learned(name)
