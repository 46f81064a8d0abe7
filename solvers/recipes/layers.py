"""Steps of models that are too much for a node, from steps of fewer of their layers: t(L) = a + b L.

Layers are alike, those after dense ones where experts follow; a holds the embeddings, the head and what a step costs
once, and those dense layers.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import Field

from solvers.base import Positive
from solvers.documents import Document
from solvers.errors import Problem, SpecError
from solvers.recipes.model import Model

Counts = tuple[Positive, ...]
COUNTS: Any = Field(
    default=(),
    max_length=4,
    title="Layers measured",
    description="Fewer than the model has: two counts or more, from which the step follows. Empty: the model's.",
)


@dataclass(frozen=True)
class Planned:
    """The step of the whole model: seconds and memory by the line, or as measured where all layers were.

    `once` is a and `layer` is b, both in seconds; both 0 where nothing was extrapolated.
    """

    seconds: float
    low: float
    high: float
    peak_memory_bytes: float
    once: float = 0.0
    layer: float = 0.0


def check_counts(counts: Counts, model: Model) -> None:
    """Raise SpecError unless a line goes through them: two or more, all different, none above the model's."""
    if counts and (len(set(counts)) < max(len(counts), 2) or max(counts) > model.layers):
        said = "The line through fewer layers takes two different counts or more, none above the model's."
        raise SpecError(Problem("layers", said, "/measured_layers"))
    dense = model.moe.first_dense if model.moe else 0
    if counts and min(counts) < dense:
        said = f"Layers are alike from the {dense + 1}. on: the line takes {dense} layers or more."
        raise SpecError(Problem("layers", said, "/measured_layers"))


def planned(layers: int, rows: list[Document]) -> Planned:
    """What rows that differ in `layers` alone say of a model of so many. The quartiles have lines of their own."""
    whole = [row for row in rows if row["layers"] == layers]
    if whole:
        seconds = whole[0]["seconds"]
        return Planned(seconds["median"], seconds["low"], seconds["high"], whole[0]["peak_memory_bytes"])
    counts = [row["layers"] for row in rows]
    layer, once = _line(counts, [row["seconds"]["median"] for row in rows])
    middle = once + layer * layers
    ends = [_at(layers, counts, [row["seconds"][name] for row in rows]) for name in ("low", "high")]
    memory = _at(layers, counts, [row["peak_memory_bytes"] for row in rows])
    return Planned(middle, min(*ends, middle), max(*ends, middle), memory, once, layer)


def _line(counts: list[int], values: list[float]) -> tuple[float, float]:
    """Slope and intercept of least squares."""
    slope, intercept = np.polyfit(counts, values, 1)
    return float(slope), float(intercept)


def _at(layers: int, counts: list[int], values: list[float]) -> float:
    slope, intercept = _line(counts, values)
    return intercept + slope * layers
