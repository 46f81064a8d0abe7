"""What to doubt about an answer, each with the field that it is about."""

from collections.abc import Iterator

from solvers.errors import Problem
from solvers.laws.fit.doubts import doubts
from solvers.scaling.forecast.known import Known
from solvers.scaling.forecast.place import Place
from solvers.scaling.forecast.runs import shown
from solvers.scaling.spec import ScalingSpec


def warnings(spec: ScalingSpec, known: Known, place: Place) -> Iterator[Problem]:
    """Of the import, of the fits, and of the target, each once."""
    yield from (Problem(p.code, p.message, f"/runs{p.at}", p.hint) for p in known.imported.warnings)
    yield from shown(known)
    yield from _left_out(spec, known)
    yield from _of_fits(known, place)
    yield from _edge(place)


def _left_out(spec: ScalingSpec, known: Known) -> Iterator[Problem]:
    for name in spec.options.laws:
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
        of_target = code.endswith("far_target")
        yield Problem(
            code, message if of_target else f"{', '.join(laws)}: {message}", "/target" if of_target else "/runs/csv"
        )


def _edge(place: Place) -> Iterator[Problem]:
    if place.found is not None and place.found.at_edge:
        message = "The best size lies at the edge of the sizes that were tried: the runs do not say where it is."
        yield Problem("at_edge", message, "/target", "Add runs of other tokens for each parameter.")
