"""What serving plans hold of rows of measurements: operators by the curves of kernels, steps by the posterior.

Rows of attention are of plain heads, whatever a plan's model has: the curves are those of such a model.
"""

from collections.abc import Sequence

import numpy as np

from solvers.base import Foretold
from solvers.calibration.own.chosen import read_own
from solvers.calibration.own.foretold import beside_unworded, operators, own_names
from solvers.calibration.own.foretold import foretold as by_kind
from solvers.calibration.own.measured import Row
from solvers.catalogue import Node
from solvers.cost.serving.job import ServingJob
from solvers.cost.serving.lookup import curves_of
from solvers.documents import Document
from solvers.recipes.model import Model, in_catalogue
from solvers.recipes.serving_step import ServingStepParams
from solvers.serving import calibration
from solvers.serving.own.document import ServingOwn
from solvers.serving.own.learn import ran
from solvers.serving.own.micro import model_of, observed
from solvers.serving.own.posterior import untaught
from solvers.serving.own.steps import Ran, reason_against


def foretold(
    document: Document | None, measured: Sequence[tuple[Document, Document]]
) -> list[tuple[Foretold | str, ...]]:
    """Of each measurement its rows as foretold by an own calibration or the published one, or why not."""
    own = read_own(document, ServingOwn) if document else None
    return by_kind(own, measured, step="serving_step", of_steps=_steps, of_operators=_operators)


def _operators(own: ServingOwn | None, rows: Sequence[Row], node: Node) -> list[Foretold | str]:
    seen = [observed(row) for row in rows]
    known = [one for one in seen if one is not None]
    curves = curves_of(ServingJob(in_catalogue(PLAIN, PLAIN.layers), node))
    coefficients = calibration.coefficients("published")
    model = model_of(known, own_names(own), gpu=node.gpu, curves=curves, coefficients=coefficients)
    told = operators(own, [one.row for one in known], model, deviations=[one.deviation for one in known])
    return beside_unworded([one is not None for one in seen], told)


PLAIN = Model()


def _steps(own: ServingOwn | None, rows: Sequence[Row], node: Node) -> list[Foretold | str]:
    params = ServingStepParams.model_validate(rows[0].params)
    if reason := reason_against(params, node):
        return [reason] * len(rows)
    runs = [ran(params, row.row) for row in rows]
    state = calibration.state(own) if own else untaught(calibration.belief("published"), node)
    log, _ = state.foreseen(runs, node)
    left_out = _left_out(own) if own else {}
    keys = [(row.measurement, run) for row, run in zip(rows, runs, strict=True)]
    return [
        Foretold(left_out[key], left_out=True) if key in left_out else Foretold(seconds)
        for key, seconds in zip(keys, np.exp(log).tolist(), strict=True)
    ]


def _left_out(own: ServingOwn) -> dict[tuple[str, Ran], float]:
    """What the rest of the calibration says of each of its steps."""
    return {(one.measurement, Ran(one.params, one.layers, one.step, one.graph)): one.left_out_s for one in own.steps}
