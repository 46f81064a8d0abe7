"""Measured capacities of one service on one kind of node, by class, beside what the model says of the same replica."""

from dataclasses import dataclass

import numpy as np

from solvers.catalogue.hardware import Node
from solvers.fleet.supply.case import Floats
from solvers.fleet.supply.chosen import Way
from solvers.fleet.supply.classes import measured
from solvers.fleet.supply.nodes import Asked, Found, Unable
from solvers.fleet.supply.table import Row, Table, named


@dataclass(frozen=True)
class Brought:
    """Requests a second [K] of a replica of `tp` GPUs that were measured, and the model's best setup of that layout.

    That setup may carry nothing by the model; it is None where the service has no model, or the model no room for it.
    """

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
    ways = (*found.best, *found.unable) if isinstance(found, Found) else ()
    tps = sorted({row.tp for row in rows})
    return tuple(_of(asked, table, tp, [row for row in rows if row.tp == tp], ways) for tp in tps)


def rates_of(table: Table, rows: list[Row]) -> Floats:
    """Requests a second [inputs, outputs] of one kind of replica, 0 where it is not known to serve a size.

    A size without a row of its own is served as fast as any larger one that was measured, at least.
    """
    rates: Floats = np.zeros((len(table.inputs), len(table.outputs)))
    at = [(table.inputs.index(row.input), table.outputs.index(row.output)) for row in rows]
    for place, row in zip(at, rows, strict=True):
        rates[place] = row.requests_per_s
    larger = np.maximum.accumulate(np.maximum.accumulate(rates[::-1, ::-1], axis=0), axis=1)[::-1, ::-1]
    return np.where(rates > 0, rates, larger)


def _of(asked: Asked, table: Table, tp: int, rows: list[Row], ways: tuple[Way, ...]) -> Brought:
    parts = asked.carried.split
    plain = Brought(tp, parts.together(rates_of(table, rows)[tuple(parts.places.T)]), None)
    shares = np.where(plain.capacity_per_s > 0, asked.carried.shares, 0.0)
    alike = [way for way in ways if plain.replaces(way)]
    most = max(alike, key=lambda way: _carries(way, shares), default=None)
    return plain if most is None else Brought(tp, plain.capacity_per_s, most)


def _carries(way: Way, shares: Floats) -> tuple[float, float]:
    """The share of the measured classes that a setup serves by the model, and how much of them together."""
    able = (way.capacity_per_s > 0) & (shares > 0)
    work = float((shares[able] / way.capacity_per_s[able]).sum())
    return float(shares[able].sum()), 1.0 / work if work else 0.0
