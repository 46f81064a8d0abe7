"""What to doubt about an answer, each with the field that it is about."""

from collections.abc import Iterator

from solvers.errors import Problem
from solvers.laws.fit.doubts import doubts
from solvers.laws.kinds import KINDS
from solvers.laws.predict.repeats import PUBLISHED
from solvers.scaling.case import Case
from solvers.scaling.forecast.kinds import seen_by
from solvers.scaling.forecast.known import Known
from solvers.scaling.forecast.outside import outside
from solvers.scaling.forecast.place import Place
from solvers.scaling.forecast.recipes import shown as called
from solvers.scaling.forecast.runs import left_out, shown
from solvers.scaling.forecast.unlike import kinds_seen
from solvers.scaling.ladder.family import shaped
from solvers.scaling.words import size
from solvers.units import many

# A model whose N is this many times another's is another (estimate: sizes of a ladder are a factor of 1.3 apart).
OTHER_SIZE = 1.3


def warnings(case: Case) -> Iterator[Problem]:
    """Of the import, of the fits, and of the target, each once."""
    if case.known is None:
        yield Problem(
            "no_runs",
            "No runs were given: the size is what other families of runs teach, and no loss is foretold.",
            "/runs",
            "Make the first runs, then ask again with them.",
        )
    else:
        yield from _of_runs(case, case.known)
    yield from case.tuning.warnings
    yield from _of_target(case, case.place)


def _of_runs(case: Case, known: Known) -> Iterator[Problem]:
    yield from (Problem(p.code, p.message, f"/runs{p.at}", p.hint) for p in known.imported.warnings)
    yield from shown(known)
    yield from left_out(known)
    yield from _repeated(known)
    yield from _of_recipes(case)
    yield from _left_out(case, known)
    yield from _of_kinds(case, known)
    yield from _of_fits(known, case.place)
    yield from outside(known, case.place)


def _repeated(known: Known) -> Iterator[Problem]:
    runs = known.imported.runs
    if "unique_tokens" not in runs.inputs:
        return
    again = int((runs.inputs["tokens"] > runs.inputs["unique_tokens"])[known.places].sum())
    if again:
        found = known.mix.repeats
        message = (
            f"{many(again, 'run')} saw tokens more than once; those count as what they are worth: by these runs,"
            f" repetition loses its worth with an R* of {found.rate:.3g} epochs (published: {PUBLISHED.rate:.3g})."
        )
        yield Problem("tokens_repeat", message, "/runs/csv")


def _of_kinds(case: Case, known: Known) -> Iterator[Problem]:
    """What the target did not say of its kind, and of which kind the small runs are."""
    seen = kinds_seen(known)
    for name in seen:
        if getattr(case.spec.target, name) is None:
            message = f"The target does not say its {name}; {known.setting[name]:g} is assumed, as of the largest run."
            yield Problem("kind_as_largest", message, f"/target/{name}", f"Say `{name}`.")
    if case.spec.budget is not None and seen:
        said = ", ".join(f"{known.setting[name]:g} {KINDS[name].title}" for name in seen)
        yield Problem("ladder_of_kind", f"Small runs are meant to be of the target's kind: {said}.", "/budget")


def _of_recipes(case: Case) -> Iterator[Problem]:
    if case.recipes is None or case.chosen is None:
        return
    yield from case.recipes.refused
    yield Problem(
        "recipe_chosen",
        f"The runs are of several recipes; the forecast is that of '{called(case.chosen.best)}', {_why(case.place)}.",
        "/runs/csv",
        "Give the runs of one recipe to foretell that one.",
    )


def _why(place: Place) -> str:
    """What a recipe is best at."""
    if place.how == "cheapest_for_loss":
        return "which reaches the loss with the least compute"
    return "the lowest there" if place.found is None else "the lowest with each at its own best size"


def _left_out(case: Case, known: Known) -> Iterator[Problem]:
    asked = seen_by(case.spec.options.laws, known.whole.runs)
    if set(asked) != set(case.spec.options.laws):
        message = f"All runs are of one length, so laws of what runs differ in were asked instead: {', '.join(asked)}."
        yield Problem("laws_of_one_length", message, "/runs/csv", "Add runs of other lengths.")
    for name in asked:
        if name not in known.mix.laws:
            message = f"The law '{name}' was left out: these runs are too few or too alike for it."
            yield Problem("law_left_out", message, "/options/laws", "Give more runs, of several sizes and lengths.")


def _of_fits(known: Known, place: Place) -> Iterator[Problem]:
    """Doubts of each law, said once with the laws that they are of."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in known.mix.experts:
        for doubt in doubts(one.fitted, known.runs, target_flops=place.flops):
            found.setdefault((doubt.code, doubt.message), []).append(one.fitted.law.title)
    for (code, message), laws in found.items():
        if code.endswith("far_target"):
            yield Problem(code, message, "/target")
        else:
            yield Problem(code, f"{', '.join(laws)}: {message}", "/runs/csv")


def _of_target(case: Case, place: Place) -> Iterator[Problem]:
    asked = case.spec.target
    if place.found is not None and place.found.at_edge:
        message = "The best size lies at the edge of the sizes that were tried: the runs do not say where it is."
        yield Problem("at_edge", message, "/target", "Add runs of other tokens for each parameter.")
    if asked.params is not None and asked.counts is not None and asked.counts != case.counts:
        message = (
            f"The target's {size(asked.params)} parameters ({asked.counts}) are {size(place.params)} as the runs count"
            f" them ({case.counts}), by the shape of {case.of.title}."
        )
        yield Problem("counts_converted", message, "/target/counts", "Give `model`, if its shape is another.")
    near = shaped(case.of, place.params, case.counts).params(case.counts)
    if not place.params / OTHER_SIZE <= near <= place.params * OTHER_SIZE:
        message = (
            f"No model of the shape of {case.of.title} has {size(place.params)} parameters; the nearest, whose sizes"
            f" are told, has {size(near)}."
        )
        yield Problem("no_such_model", message, "/model", "Give a model whose shape has such a size.")
    if place.epochs > 1.0:
        told = case.known is not None and case.known.mix.repeats.runs
        message = (
            f"Each of the {size(place.unique or 0.0)} unique tokens is seen {place.epochs:.3g} times; repeated ones"
            f" count as what they are worth by {'these runs' if told else 'a published rate'}."
        )
        yield Problem("data_repeats", message, "/target/unique_tokens")
    if case.machine is not None and case.hours is None:
        message = f"A model of {size(place.params)} parameters does not fit on {case.machine.hardware.gpus:,} GPUs."
        yield Problem("does_not_fit", message, "/hardware", "Give more nodes, or GPUs of more memory.")
