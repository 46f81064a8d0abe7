"""Measurements of one device and stack become an own calibration.

micro-benchmarks   the device's own coefficients (`solvers.calibration.own.fit`)
training steps     rows of the posterior beside the published ones (`posterior.py`)
set aside          what `solvers.calibration.own.measured` says; steps that the kernel has no words for; steps that lie
further than ODD deviations from what all others say of them
"""

from collections.abc import Sequence

import numpy as np

from solvers.calibration.covariance import Floats
from solvers.calibration.own.document import Aside, Own, Step
from solvers.calibration.own.draft import draft_of, odd_rows
from solvers.calibration.own.fit import fitted, rounded
from solvers.calibration.own.kept import check_enough, fitting
from solvers.calibration.own.measured import Measured, Row, read
from solvers.catalogue.hardware import Node
from solvers.cost.cluster import hardware_of
from solvers.documents import Document
from solvers.recipes.training_step import TrainingStepParams
from solvers.training import calibration
from solvers.training.evidence.features import COLUMNS
from solvers.training.evidence.posterior import Posterior, foreseen, seen
from solvers.training.own.posterior import Timed, device_of, joined
from solvers.training.own.steps import SOFTWARE, batches, reason_against
from solvers.training.spec import TrainingSpec

# Steps of one device differ from run to run by about as much as published ones of one framework do.
LEAST_NOISE = 0.03
# The feature `peak` is twice a base-2 logarithm.
LIKE = 2.0


def learn(spec: TrainingSpec, measurements: Sequence[Document]) -> Document:
    """The own calibration of the spec's GPU. SpecError says what lacks; the same for the same measurements."""
    node = spec.hardware.node
    measured = read(measurements, node.gpu)
    published = calibration.posterior("published")
    like = is_like_published(published, node)
    micro = fitted(
        measured,
        hardware_of(node, gpus=1, precision="bf16"),
        calibration.coefficients("published"),
        like_published=like,
    )
    steps, aside = _steps(measured)
    check_enough(measured, steps, step="training step")
    draft = draft_of(Own, measured, micro, kind="training", base=calibration.name_of("published"), node=node, like=like)
    kept, odd = fitting(steps, lambda some: _left_out(draft, published, some)[1])
    told = [*measured.aside, *aside, *odd, *odd_rows(micro)]
    return draft.model_copy(update={"steps": _told(draft, published, kept), "aside": tuple(told)}).document()


def is_like_published(posterior: Posterior, node: Node) -> bool:
    """Whether published runs were on devices whose peak is within a factor of two of this one's."""
    probe = TrainingStepParams(precision="bf16")
    rows, _, _ = seen(posterior, batches([(probe, 1)], node), [SOFTWARE])
    place = list(COLUMNS).index("peak")
    away = np.abs(posterior.fitted.process.rows.features[:, place] - rows.features[0, place])
    return bool(away.size and away.min() <= LIKE)


def _steps(measured: Measured) -> tuple[list[tuple[Row, Timed]], list[Aside]]:
    steps: list[tuple[Row, Timed]] = []
    aside: list[Aside] = []
    for row in measured.of("training_step"):
        params = TrainingStepParams.model_validate(row.params)
        reason = reason_against(params)
        if reason:
            aside.append(row.aside(reason))
            continue
        noise = float(np.hypot(LEAST_NOISE, row.noise))
        steps.append((row, Timed(params, row.row["layers"], row.row["seconds"]["median"], noise)))
    return steps, aside


def _left_out(draft: Own, published: Posterior, steps: Sequence[Timed]) -> tuple[Floats, Floats]:
    """Of each step: log of measured over predicted without it, and that in standard deviations."""
    process = joined(published, device_of(draft), steps, draft.node).fitted.process
    residual, variance = (found[-len(steps) :] for found in process.without_itself())
    plain = np.array([step.noise for step in steps]) ** 2
    return residual, residual / np.sqrt(variance - process.noise[-len(steps) :] + plain)


def _told(draft: Own, published: Posterior, steps: Sequence[tuple[Row, Timed]]) -> tuple[Step, ...]:
    """The steps as the document has them, with what was predicted of each without this calibration and without it."""
    if not steps:
        return ()
    timed = [step for _, step in steps]
    runs = batches([(step.params, step.layers) for step in timed], draft.node)
    before = np.exp(foreseen(published, runs, SOFTWARE)[0].mean)
    residual, _ = _left_out(draft, published, timed)
    return tuple(
        Step(
            params=step.params,
            layers=step.layers,
            seconds=step.seconds,
            noise=rounded(step.noise),
            before_s=rounded(float(was)),
            left_out_s=rounded(step.seconds / float(np.exp(away))),
            measurement=row.measurement,
        )
        for (row, step), was, away in zip(steps, before, residual, strict=True)
    )
