"""Measurements of one device and stack become serving's own calibration.

micro-benchmarks   the device's own numbers (`micro.py`)
serving steps      observations of published coefficients, of the device's numbers, and of what its steps share
set aside          what `solvers.calibration.own.measured` says; steps that the kernel has no words for; steps that lie
further than ODD deviations from what all others say of them
What a step leaves out of an engine, its scheduler and its sampling, stays as published.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np

from solvers.calibration.covariance import Floats
from solvers.calibration.own.document import Aside
from solvers.calibration.own.draft import draft_of, odd_rows
from solvers.calibration.own.fit import rounded
from solvers.calibration.own.kept import check_enough, fitting
from solvers.calibration.own.measured import Measured, Row, read
from solvers.catalogue import Model
from solvers.catalogue.hardware import Node
from solvers.cost.serving.job import ServingJob
from solvers.cost.serving.lookup import SYSTEMS, curves_of
from solvers.documents import Document
from solvers.recipes.serving_step import ServingStepParams
from solvers.recipes.serving_step import Step as Shape
from solvers.serving import calibration
from solvers.serving.own.document import ServingOwn, ServingStep
from solvers.serving.own.micro import fitted
from solvers.serving.own.posterior import Timed, device_of, joined, untaught
from solvers.serving.own.steps import Ran, reason_against
from solvers.serving.spec import ServingSpec

GRAPH = "graph"

Read = tuple[Row, Timed]


def learn(spec: ServingSpec, measurements: Sequence[Document]) -> Document:
    """The own calibration of the spec's GPU. SpecError says what lacks; the same for the same measurements."""
    return learned(spec.model, spec.hardware.node, measurements)


def learned(model: Model, node: Node, measurements: Sequence[Document]) -> Document:
    """The own calibration of the node's GPU, for plans of such a model."""
    measured = read(measurements, node.gpu)
    like = node.gpu.name in SYSTEMS
    curves = curves_of(ServingJob(model, node))
    micro = fitted(measured, node.gpu, curves, calibration.coefficients("published"), like_published=like)
    steps, aside = _steps(measured, node)
    check_enough(measured, steps, step="serving step")
    draft = draft_of(
        ServingOwn, measured, micro, kind="serving", base=calibration.name_of("published"), node=node, like=like
    )
    kept, odd = fitting(steps, partial(_missed, draft))
    told = [*measured.aside, *aside, *odd, *odd_rows(micro)]
    return draft.model_copy(update={"steps": _told(draft, kept), "aside": tuple(told)}).document()


def ran(params: ServingStepParams, row: Document) -> Ran:
    """What a row of a measurement ran."""
    step = Shape(sequences=row["sequences"], tokens=row["tokens"], start=row["start"])
    return Ran(params, row["layers"], step, row["clock"] == GRAPH)


def _steps(measured: Measured, node: Node) -> tuple[list[Read], list[Aside]]:
    steps: list[Read] = []
    aside: list[Aside] = []
    for row in measured.of("serving_step"):
        params = ServingStepParams.model_validate(row.params)
        if reason := reason_against(params, node):
            aside.append(row.aside(reason))
            continue
        # The kernel misses one shape by about as much as published loops of one layout lie apart from others of theirs.
        noise = float(np.hypot(calibration.belief("published").alone, row.noise))
        steps.append((row, Timed(ran(params, row.row), row.row["seconds"]["median"], noise)))
    return steps, aside


def _missed(draft: ServingOwn, steps: Sequence[Timed]) -> Floats:
    """Of each step: by how many standard deviations it lies from what the others say of it."""
    residual, deviation = _left_out(draft, steps)
    return residual / deviation


def _left_out(draft: ServingOwn, steps: Sequence[Timed]) -> tuple[Floats, Floats]:
    """Of each step: log of measured over predicted without it, and the standard deviation of that."""
    belief = calibration.belief("published")
    state = joined(belief, device_of(draft, belief), steps, draft.node)
    return state.residual, state.deviation


def _told(draft: ServingOwn, kept: Sequence[Read]) -> tuple[ServingStep, ...]:
    """The steps as the document has them, with what was predicted of each without this calibration and without it."""
    if not kept:
        return ()
    runs = [step.ran for _, step in kept]
    before = np.exp(untaught(calibration.belief("published"), draft.node).foreseen(runs, draft.node)[0])
    residual, _ = _left_out(draft, [step for _, step in kept])
    return tuple(
        ServingStep(
            params=step.ran.params,
            layers=step.ran.layers,
            step=step.ran.step,
            graph=step.ran.graph,
            seconds=step.seconds,
            noise=rounded(step.noise),
            before_s=rounded(float(was)),
            left_out_s=rounded(step.seconds / float(np.exp(away))),
            measurement=row.measurement,
        )
        for (row, step), was, away in zip(kept, before, residual, strict=True)
    )
