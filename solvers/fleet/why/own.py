"""What of a service's own capacities the answer did not use, or does not understand."""

from collections.abc import Iterator

import numpy as np

from solvers.errors import Problem
from solvers.fleet.supply.classes import measured
from solvers.fleet.supply.table import Row, named
from solvers.fleet.why.answered import Answered

# Beside a model: a pace so far from the model's is worth a second look at the table (estimate).
ODD = 2.0


def own_capacities(answered: Answered) -> Iterator[Problem]:
    """Lines that stand for no replica of the market, and replicas whose pace is far from the model's."""
    for place, service in enumerate(answered.spec.services):
        table = measured(service)
        if table is not None:
            at = f"/services/{place}/capacities/csv"
            yield from (_unused(row, at) for row in _idle(answered, place, table.rows))
            yield from _odd(answered, place, at)


def _idle(answered: Answered, place: int, rows: tuple[Row, ...]) -> list[Row]:
    """The first line of each kind of replica that is not among those that the plan was chosen from."""
    ready = [one for one in answered.supplies.ready if one.service == place and one.measured]
    kinds = {(row.gpu.lower(), row.tp): row for row in reversed(rows)}
    idle = [row for row in kinds.values() if not any(named(one.gpu, row.gpu) and one.gpus == row.tp for one in ready)]
    return sorted(idle, key=lambda row: row.line)


def _unused(row: Row, at: str) -> Problem:
    kind = row.gpu if row.tp == 1 else f"{row.tp} {row.gpu}"
    message = (
        f"What was measured of replicas of {kind} (from line {row.line:,} of the table on) is not used: no offer has"
        " such a replica, or none of the requests is as small as what was measured."
    )
    return Problem("not_used", message, at, "Look at the names and `tp` of the table, and at its sizes.")


def _odd(answered: Answered, place: int, at: str) -> Iterator[Problem]:
    proof, seen = answered.proof, set[str]()
    for c in np.flatnonzero(proof.mix.replicas.max(axis=1, initial=0)).tolist():
        one, pace = answered.supplies.ready[c], proof.holding.pools.pace(c)
        if one.service == place and max(pace, 1.0 / pace) > ODD and one.gpu.name not in seen:
            seen.add(one.gpu.name)
            message = (
                f"To carry what was measured of {one.gpu.shown}, steps of the model's engine take {pace:.2g} times"
                " its seconds."
            )
            hint = "See that the table has the spec's model, precision, latencies and sizes."
            yield Problem("far_from_model", message, at, hint)
