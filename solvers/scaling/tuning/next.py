"""Which learning rate and batch to run next: the run that takes most from what the target is expected to lose."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from solvers.documents import Document
from solvers.laws.hyperparameters.next_run import Point, advised, candidates
from solvers.laws.hyperparameters.surface import Surface
from solvers.laws.hyperparameters.target import rows, target
from solvers.scaling.tuning.basis import Tuning, in_rule_counts
from solvers.scaling.tuning.chart import Chart, short

Floats = NDArray[np.float64]
Size = tuple[float, float]

# A run is worth what it takes over its compute to this power [li2026spend]. One that takes less than this share, or
# less than this excess, is not worth doing (estimates).
FLOPS_POWER, WORTH, LITTLE = 0.4, 0.02, 1e-5


@dataclass(frozen=True, eq=False)
class NextRuns:
    """Runs of one size, N counted as the family's, and the excess expected at the target before and after them.

    far [K, 2]     their ln learning rate and ln batch from the best of their size
    """

    points: tuple[Point, ...]
    far: Floats
    before: float
    after: float


def advice_of(tuning: Tuning, *, params: float, tokens: float, sizes: Sequence[Size] = ()) -> NextRuns | None:
    """The next runs, at a size of the runs or one of `sizes`; None without runs, or where none is worth it."""
    if tuning.surface is None or tuning.swept is None:
        return None
    named = _sizes(tuning, tuning.surface, sizes)
    sets = [one for n, d in named for one in candidates(tuning.surface, params=n, tokens=d)]
    at = target(tuning.surface, params=in_rule_counts(tuning, params)[0], tokens=tokens)
    found = advised(tuning.surface, at, sets, flops_power=FLOPS_POWER)
    if found.before - found.after < max(WORTH * found.before, LITTLE):
        return None
    given = named[found.points[0].params, found.points[0].tokens]
    points = tuple(_plain(point, given) for point in found.points)
    return NextRuns(points, _far(tuning.surface, found.points), found.before, found.after)


def _far(surface: Surface, points: Sequence[Point]) -> Floats:
    best = (rows(surface, points[0].params, points[0].tokens) @ surface.theta)[:2]
    return np.log([[point.learning_rate, point.batch_tokens] for point in points]) - best


def _sizes(tuning: Tuning, surface: Surface, sizes: Sequence[Size]) -> dict[Size, float]:
    """N of the family by the size as the surface counts it; of those offered, none smaller than all of the runs'."""
    sweep = tuning.swept.sweep if tuning.swept else surface.sweep
    groups = surface.groups
    first = [int(np.flatnonzero(groups.of_run == place)[0]) for place in range(len(groups))]
    named = {(float(n), float(d)): float(sweep.params[run]) for n, d, run in _zipped(surface, first)}
    least = float((groups.params * groups.tokens).min())
    for params, tokens in sizes:
        size = in_rule_counts(tuning, params)[0]
        if size >= groups.params.min() and size * tokens >= least:
            named.setdefault((size, tokens), params)
    return named


def _zipped(surface: Surface, first: Sequence[int]) -> list[tuple[float, float, int]]:
    return list(zip(surface.groups.params, surface.groups.tokens, first, strict=True))


def _plain(point: Point, params: float) -> Point:
    return Point(params, point.tokens, float(f"{point.learning_rate:.3g}"), float(f"{point.batch_tokens:.4g}"))


def next_document(found: NextRuns | None, chart: Chart) -> Document:
    """The keys of `plan.tuning` that speak of the next runs: as they are to be run, and where the chart shows them."""
    if found is None:
        return {"next": None, "next_before": None, "next_after": None}
    points = [
        {**asdict(point), "chart_learning_rate": short(rate), "chart_batch_tokens": short(batch)}
        for point, (rate, batch) in zip(found.points, chart.carried(found.far), strict=True)
    ]
    return {"next": points, "next_before": found.before, "next_after": found.after}
