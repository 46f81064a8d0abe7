"""What the tuning of a family rests on: the surface of its own runs where there are enough, else Step Law.

Enough: at the middle of their sizes the runs take at least half of the excess loss that is expected of the rule alone,

    trace(H V) <= trace(H W) / 2      V, W what is not known of the optimum with and without the runs, H the curvature

and at some size two learning rates trained: from batches alone a learning rate follows only by the prior's shape.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from solvers.errors import Problem
from solvers.laws.errors import BadRuns
from solvers.laws.hyperparameters.basin import gradient
from solvers.laws.hyperparameters.believed import believed
from solvers.laws.hyperparameters.prior import STEP_LAW
from solvers.laws.hyperparameters.rule import NON_EMBEDDING
from solvers.laws.hyperparameters.surface import Surface, fitted
from solvers.laws.hyperparameters.sweep import Sweep
from solvers.laws.hyperparameters.target import Target, target
from solvers.scaling.runs.read import Imported
from solvers.scaling.tuning.asked import Asked
from solvers.scaling.tuning.schedule import kind_of
from solvers.scaling.tuning.swept import Swept, swept

# N in the family's convention -> N in the one that is named; BadRuns where it cannot be.
Counted = Callable[[float, str], float]
RULE_SCHEDULE = "cosine"
ENOUGH = 0.5


@dataclass(frozen=True, eq=False)
class Tuning:
    """The runs' surface, None where they are too few for any, and whether they are `enough`; N counts `counts`.

    `told` is the share of the rule's expected excess loss that is left with the runs; `schedule` is the runs' own.
    """

    counts: str
    counted: Counted | None
    sequence_length: int
    options: Asked
    swept: Swept | None
    surface: Surface | None
    told: float
    schedule: str | None
    warnings: tuple[Problem, ...]

    @property
    def source(self) -> str:
        """Either "surface", where the runs are enough, or "rule"."""
        return "surface" if self.surface is not None and self.told <= ENOUGH else "rule"


def basis(
    imported: Imported | None, *, counts: str, counted: Counted | None, sequence_length: int, options: Asked
) -> Tuning:
    """What there is to go by; nothing here refuses runs, since a rule is there always."""
    found = swept(imported, sequence_length=sequence_length) if imported is not None else None
    bare = Tuning(counts, counted, sequence_length, options, found, None, 1.0, None, found.warnings if found else ())
    if found is None or imported is None:
        return bare
    sweep, doubts = _in_rule_counts(found.sweep, counted)
    bare = replace(bare, schedule=_schedule(imported, found), warnings=(*bare.warnings, *doubts))
    try:
        surface = fitted(sweep)
    except BadRuns as error:
        return replace(bare, warnings=(*bare.warnings, *error.problems))
    told = _left(surface) if _varied(surface) else 1.0
    return replace(bare, surface=surface, told=told, warnings=(*bare.warnings, *_few(surface, told)))


def at_size(tuning: Tuning, *, params: float, tokens: float) -> Target:
    """The surface at a size, or what the rule believes of it; N in the convention of the family."""
    size, said = in_rule_counts(tuning, params)
    if tuning.surface is not None and tuning.source == "surface":
        at = target(tuning.surface, params=size, tokens=tokens)
    else:
        at = believed(params=size, tokens=tokens)
    return replace(at, warnings=(*at.warnings, *said))


def in_rule_counts(tuning: Tuning, params: float, to: str = NON_EMBEDDING) -> tuple[float, tuple[str, ...]]:
    """N as a rule counts it, and a warning where it cannot be said."""
    if tuning.counts == to or not to:
        return params, ()
    if tuning.surface is not None and tuning.surface.sweep.counts == tuning.counts and to == NON_EMBEDDING:
        return params, ()  # The surface itself could not be converted, and says so.
    try:
        if tuning.counted is not None:
            return tuning.counted(params, to), ()
    except BadRuns as error:
        return params, (f"{error.problems[0].message} N is taken as it stands.",)
    return params, (f"N counts {tuning.counts} parameters and the rule {to}; N is taken as it stands.",)


def _in_rule_counts(sweep: Sweep, counted: Counted | None) -> tuple[Sweep, tuple[Problem, ...]]:
    """The runs with N as Step Law counts it where the family's shape says; else as they are."""
    if sweep.counts == NON_EMBEDDING or counted is None:
        return sweep, ()
    sizes = dict.fromkeys(sweep.params.tolist(), 0.0)
    try:
        sizes = {size: counted(size, NON_EMBEDDING) for size in sizes}
    except BadRuns as error:
        message = f"{error.problems[0].message} For the tuning N is taken as it stands."
        return sweep, (Problem("counts_unlike", message, "/runs/counts", error.problems[0].hint),)
    params = np.array([sizes[size] for size in sweep.params.tolist()])
    return replace(sweep, params=params, counts=NON_EMBEDDING), ()


def _left(surface: Surface) -> float:
    """The share of the excess that the rule is expected to lose at the runs' middle that is left with the runs."""
    zero = np.zeros(1)
    bend = gradient(surface.shape, zero, zero, zero, zero)[1][0]
    own = np.eye(2) * surface.prior.group**2
    known = surface.covariance[np.ix_([0, 3], [0, 3])] + own
    return float(np.trace(bend @ known) / np.trace(bend @ (np.eye(2) * STEP_LAW.optimum_width[0] ** 2 + own)))


def _varied(surface: Surface) -> bool:
    """Whether runs of two learning rates trained at one size."""
    trained = ~surface.diverged
    group, rate = surface.groups.of_run[trained], surface.sweep.learning_rate[trained]
    return len(set(zip(group.tolist(), rate.tolist(), strict=True))) > len(set(group.tolist()))


def _few(surface: Surface, told: float) -> tuple[Problem, ...]:
    if told <= ENOUGH:
        return ()
    what = "of several learning rates" if _varied(surface) else "none of them with two learning rates that trained"
    message = (
        f"{len(surface.sweep)} runs at {len(surface.groups)} sizes, {what}: they leave {100 * told:.0f} % of what is "
        f"not known of the optimum; learning rate and batch follow a rule until that is {100 * ENOUGH:.0f} %."
    )
    return (Problem("few_tuning_runs", message, "/runs", "Do the runs that are offered next."),)


def _schedule(imported: Imported, found: Swept) -> str | None:
    """The schedule of most of the runs, None where none says."""
    words = [imported.records[place].words.get("schedule", "") for place in found.places]
    kinds = Counter(kind for word in words if (kind := kind_of(word)) is not None)
    return kinds.most_common(1)[0][0] if kinds else None
