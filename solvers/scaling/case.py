"""A question with all that its answer is made of: the runs' laws, the big run, its family, hardware and tuning."""

from dataclasses import dataclass, replace
from functools import partial

from solvers.base import Estimate, Progress
from solvers.documents import Document
from solvers.laws.predict.mixture import Mixture
from solvers.scaling.forecast.believed import believed
from solvers.scaling.forecast.chosen import Chosen, choose
from solvers.scaling.forecast.kinds import setting_of
from solvers.scaling.forecast.known import Known, known_of
from solvers.scaling.forecast.place import Place, at_best, cheapest, given
from solvers.scaling.forecast.recipes import Recipes, apart, recipes_of
from solvers.scaling.hours import Machine, place_in_hours
from solvers.scaling.ladder.family import Family, counted, family, shaped
from solvers.scaling.ladder.speed import Work
from solvers.scaling.spec import ScalingSpec
from solvers.scaling.tuning.answer import Tuning, tuned, tuning

# What N counts where neither runs nor target say, and the unit of a loss that nobody has measured.
COUNTS, LOSS_UNIT = "total", "nats/token"


@dataclass(frozen=True, eq=False)
class Case:
    """`known` is what the best recipe's runs say, None without runs; N counts `counts` throughout.

    `recipes` are those that could be fitted, `chosen` says which is best and where each would be trained: both None
    where the runs are of one.
    """

    spec: ScalingSpec
    of: Family
    counts: str
    loss_unit: str
    known: Known | None
    recipes: Recipes | None
    chosen: Chosen | None
    tuning: Tuning
    machine: Machine | None
    place: Place
    hours: Estimate | None

    def tune(self, params: float, tokens: float) -> Document:
        """How a run of this size is trained."""
        return tuned_of(self.spec, self.of, self.tuning, params, tokens)


@dataclass(frozen=True, eq=False)
class NoPlace:
    """Why there is no big run: its loss is out of reach, or it does not fit on the hardware.

    Of several recipes `known` is that of `recipe`, which comes nearest.
    """

    known: Known | None
    problem: str
    recipe: str | None = None


def case_of(spec: ScalingSpec, progress: Progress) -> Case | NoPlace:
    """The case of a spec."""
    of = family(spec.model)
    runs = spec.runs.imported if spec.runs is not None else None
    counts = runs.runs.counts if runs is not None else spec.target.counts or COUNTS
    tuned_by = tuning(
        runs, counts=counts, counted=lambda n, to: counted(of, n, counts, to),
        sequence_length=spec.options.sequence_length, options=spec.options.tuning,
    )  # fmt: skip
    machine = _machine(spec, of, counts, tuned_by)
    progress(stage="fitting laws to the runs", fraction=0.1, candidates=0)
    recipes = _recipes(spec)
    ask = partial(place_of, spec, machine=machine, of=of, counts=counts)
    chosen = choose(recipes, ask, spec.target, seed=spec.seed) if recipes is not None else None
    known = recipes.known[chosen.best] if recipes is not None and chosen is not None else _known(spec)
    place = chosen.place if chosen is not None else ask(known)
    if isinstance(place, str):
        return NoPlace(known, place, chosen.best if chosen is not None else None)
    hours = machine.hours(place.params, place.tokens) if machine is not None else None
    unit = runs.runs.loss_unit if runs is not None else LOSS_UNIT
    return Case(spec, of, counts, unit, known, recipes, chosen, tuned_by, machine, place, hours)


def _recipes(spec: ScalingSpec) -> Recipes | None:
    """Each recipe's own laws, where there are several that can be fitted."""
    if spec.runs is None or not recipes_of(spec.runs.imported):
        return None
    setting = setting_of(spec.runs.imported.usable, spec.target)
    found = apart(spec.runs.imported, laws=spec.options.laws, seed=spec.seed, setting=setting)
    return found if found.known else None


def _known(spec: ScalingSpec) -> Known | None:
    if spec.runs is None:
        return None
    setting = setting_of(spec.runs.imported.usable, spec.target)
    return known_of(spec.runs.imported, laws=spec.options.laws, seed=spec.seed, setting=setting)


def _machine(spec: ScalingSpec, of: Family, counts: str, tuned_by: Tuning) -> Machine | None:
    if spec.hardware is None:
        return None
    work = Work(spec.options.sequence_length, spec.options.precision)
    return Machine(
        of, spec.hardware, work, counts,
        batch=lambda params, tokens: int(tuned_of(spec, of, tuned_by, params, tokens)["batch_sequences"]),
    )  # fmt: skip


def tuned_of(spec: ScalingSpec, of: Family, tuned_by: Tuning, params: float, tokens: float) -> Document:
    """TUNED of a size of the family."""
    width = shaped(of, params, tuned_by.counts).model.hidden
    return tuned(
        tuned_by, params=params, tokens=tokens, schedule=spec.options.schedule, width=width,
    )  # fmt: skip


def place_of(
    spec: ScalingSpec, known: Known | None, *, machine: Machine | None, of: Family, counts: str
) -> Place | str:
    """The big run, or why there is none."""
    target = spec.target
    if target.params is not None and target.tokens is not None:
        return given(target, counted(of, target.params, target.counts or counts, counts), target.tokens)

    def at(flops: float) -> Place:
        return at_best(_mix(spec, known, flops), flops, target, seed=spec.seed)

    if target.gpu_hours is not None and machine is not None:
        return place_in_hours(machine, target.gpu_hours, at) or "does_not_fit"
    if target.loss is not None and known is not None:
        flops = cheapest(known, target)
        return "loss" if flops is None else replace(at(flops), how="cheapest_for_loss")
    return at(target.flops or 0.0)


def _mix(spec: ScalingSpec, known: Known | None, flops: float) -> Mixture:
    return known.mix if known is not None else believed(flops, spec.options.laws)
