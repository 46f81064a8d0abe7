"""What training plans hold of rows of measurements: operators by the kernel's formulas, steps by the posterior."""

from collections.abc import Sequence

import numpy as np

from solvers.base import Foretold
from solvers.calibration.own.chosen import read_own
from solvers.calibration.own.document import Own
from solvers.calibration.own.fit import model_of
from solvers.calibration.own.foretold import beside_unworded, operators, own_names
from solvers.calibration.own.foretold import foretold as by_kind
from solvers.calibration.own.measured import Row
from solvers.calibration.own.micro import observed
from solvers.catalogue import Node
from solvers.cost.cluster import hardware_of
from solvers.documents import Document
from solvers.recipes.training_step import TrainingStepParams
from solvers.training import calibration
from solvers.training.evidence.posterior import foreseen
from solvers.training.own.steps import SOFTWARE, batches, reason_against

BEYOND = "Their processes are on more GPUs than the node that is known here has."


def foretold(
    document: Document | None, measured: Sequence[tuple[Document, Document]]
) -> list[tuple[Foretold | str, ...]]:
    """Of each measurement its rows as foretold by an own calibration or the published one, or why not."""
    own = read_own(document, Own) if document else None
    return by_kind(own, measured, step="training_step", of_steps=_steps, of_operators=_operators)


def _operators(own: Own | None, rows: Sequence[Row], node: Node) -> list[Foretold | str]:
    seen = [observed(row.recipe, row.row) for row in rows]
    known = [one for one in seen if one is not None]
    model = model_of(
        known, own_names(own), hardware_of(node, gpus=1, precision="bf16"), calibration.coefficients("published")
    )
    worded = [row for row, one in zip(rows, seen, strict=True) if one is not None]
    told = operators(own, worded, model, deviations=[one.deviation for one in known])
    return beside_unworded([one is not None for one in seen], told)


def _steps(own: Own | None, rows: Sequence[Row], node: Node) -> list[Foretold | str]:
    params = TrainingStepParams.model_validate(rows[0].params)
    if reason := reason_against(params) or _beyond(params, node):
        return [reason] * len(rows)
    runs = batches([(params, row.row["layers"]) for row in rows], node)
    log, _ = foreseen(calibration.posterior(own or "published"), runs, SOFTWARE)
    left_out = {(one.measurement, one.layers): one.left_out_s for one in own.steps} if own else {}
    keys = [(row.measurement, row.row["layers"]) for row in rows]
    return [
        Foretold(left_out[key], left_out=True) if key in left_out else Foretold(seconds)
        for key, seconds in zip(keys, np.exp(log.mean).tolist(), strict=True)
    ]


def _beyond(params: TrainingStepParams, node: Node) -> str:
    reached = params.data_parallel * params.parallel.tp <= node.gpus or node.nic is not None
    return "" if reached else BEYOND
