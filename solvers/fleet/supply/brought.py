"""Measured capacities of one service on one kind of node, by class, beside what the model says of the same replica."""

from dataclasses import dataclass

import numpy as np

from solvers.catalogue.hardware import Node
from solvers.fleet.supply.case import Floats
from solvers.fleet.supply.chosen import Way
from solvers.fleet.supply.classes import measured
from solvers.fleet.supply.nodes import Asked, Found, Unable
from solvers.fleet.supply.table import Row, named


@dataclass(frozen=True)
class Brought:
    """Requests a second [K] of a replica of `tp` GPUs that were measured, and the model's best setup of that layout."""

    tp: int
    capacity_per_s: Floats
    way: Way | None

    @property
    def label(self) -> str:
        """What tells it from others of the offer."""
        return f"TP{self.tp}, measured"

    def replaces(self, way: Way) -> bool:
        """Whether it says what the model's setup carries."""
        layout = way.setup.layout
        return (layout.tp, layout.gpus) == (self.tp, self.tp)


def brought(asked: Asked, node: Node, found: Found | Unable | None) -> tuple[Brought, ...]:
    """What was measured of a node's GPUs, the fewest first; replicas that do not fit in the node are left out."""
    table = measured(asked.service)
    if table is None:
        return ()
    rows = [row for row in table.rows if named(node.gpu, row.gpu) and row.tp <= node.gpus]
    best = found.best if isinstance(found, Found) else ()
    return tuple(_of(asked, tp, rows, best) for tp in sorted({row.tp for row in rows}))


def _of(asked: Asked, tp: int, rows: list[Row], best: tuple[Way, ...]) -> Brought:
    table, parts = measured(asked.service), asked.carried.split
    rates = {(row.input, row.output): row.requests_per_s for row in rows if row.tp == tp}
    sizes = [] if table is None else [(table.inputs[a], table.outputs[b]) for a, b in parts.places.tolist()]
    plain = Brought(tp, parts.together(np.array([rates.get(size, 0.0) for size in sizes])), None)
    alike = [way for way in best if plain.replaces(way)]
    most = max(alike, key=lambda way: float(way.capacity_per_s.sum()), default=None)
    return plain if most is None else Brought(tp, plain.capacity_per_s, most)
