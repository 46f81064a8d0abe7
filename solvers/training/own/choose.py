"""Which jobs on an attached node teach most of a plan, within so many device-seconds.

Each candidate is rows of the joint posterior: steps as runs of the kernel with their own features, micro-benchmarks as
rows that see the device's own coefficients alone. `solvers.calibration.own.gain` picks; the plan's layouts are those of
the result, from the best on.
"""

from collections.abc import Sequence

import numpy as np

from solvers.calibration.covariance import ALONE, Floats, Ints, Rows
from solvers.calibration.own.answer import answer, check_offered
from solvers.calibration.own.device import Device, beside, on
from solvers.calibration.own.document import Own
from solvers.calibration.own.gain import Joint
from solvers.calibration.own.gain import joint as joint_of
from solvers.calibration.own.micro import Observed, log_seconds, observed
from solvers.calibration.own.offered import Attached, Bounds, Candidate, attached, check_same, no_step
from solvers.catalogue.hardware import Node
from solvers.cost.block import Job
from solvers.cost.cluster import hardware_of
from solvers.cost.layouts import CP_MODES, RECOMPUTE, SCHEDULES, Layouts, Shards
from solvers.documents import Document
from solvers.errors import Problem, SpecError
from solvers.recipes.training_step import TrainingStepParams
from solvers.training import calibration
from solvers.training.evidence.batch import batches_of
from solvers.training.evidence.features import COLUMNS, EFFECTS, smooth
from solvers.training.evidence.linear import BOUNDED, STEP
from solvers.training.evidence.posterior import Posterior, seen
from solvers.training.evidence.rows import Case
from solvers.training.job import job_of
from solvers.training.own.candidates import Asked, candidates
from solvers.training.own.learn import LEAST_NOISE, is_like_published
from solvers.training.own.posterior import joined, unlearned_device
from solvers.training.own.steps import SOFTWARE, batches
from solvers.training.spec import TrainingSpec

# Alternatives of the result that a choice is between.
MOST_ALTERNATIVES = 20
# What `_case` reads of a layout.
SAID = {
    "tp", "pp", "vpp", "dp", "cp", "ep", "micro_batch", "micro_batches", "sequence_parallel", "schedule", "recompute",
    "zero", "cp_mode",
}  # fmt: skip


def experiments(spec: TrainingSpec, result: Document, capability: Document, budget_s: float) -> Document:
    """The jobs, in the order in which they teach most; what is expected of them. SpecError: nothing can be chosen."""
    node = attached(capability)
    record = getattr(spec.hardware, "node", None)
    check_same(record, node)
    layouts = _layouts(result)
    bounds = Bounds(node, spec.hardware.node.gpu, budget_s)
    offered = candidates(Asked(spec, [one["layout"] for one in layouts], bounds))
    check_offered(offered, budget_s)
    joint, parts = _joint(spec, layouts, offered, node)
    return {**answer(joint, parts, offered, bounds, _left_out(spec, offered)), "alternatives": joint.size}


def _left_out(spec: TrainingSpec, offered: Sequence[Candidate]) -> list[str]:
    if any(one.recipe == "training_step" for one in offered):
        return []
    return [no_step(spec.model)]


def _layouts(result: Document) -> list[Document]:
    """The plan and its alternatives, without those that use more than degrees: what they add is not told apart here."""
    if not result.get("plan"):
        raise SpecError(Problem("no_plan", "There is no plan whose assumptions could be measured.", ""))
    others = [one["plan"] for one in result["alternatives"][:MOST_ALTERNATIVES]]
    plain = [one for one in others if set(one["layout"]) <= SAID]
    return [result["plan"], *plain]


def _joint(
    spec: TrainingSpec, layouts: Sequence[Document], offered: Sequence[Candidate], node: Attached
) -> tuple[Joint, list[Ints]]:
    """What is known of the layouts and of all rows that the candidates measure, and which rows are whose."""
    posterior = _open(spec, node)
    runs = batches_of([_case(spec, one) for one in layouts])
    rows, log_model, _ = seen(posterior, runs, [spec.software.stack] * len(layouts))
    mean = posterior.fitted.process.predict(rows)[0] + log_model - rows.slopes @ posterior.fitted.z
    noise: list[float] = []
    parts: list[Ints] = []
    for one in offered:
        more, deviations = _rows(one, posterior, spec.hardware.node, node)
        parts.append(np.arange(len(noise), len(noise) + len(deviations)))
        noise += deviations
        rows = rows.beside(more)
    covariance = posterior.fitted.process.joint(rows)[1]
    return joint_of(mean, covariance, np.array(noise) ** 2), parts


def _open(spec: TrainingSpec, node: Attached) -> Posterior:
    """The spec's posterior, with the device's own coefficients as open as they are before anything is measured."""
    if isinstance(spec.calibration, Own):
        return calibration.posterior(spec.calibration)
    known = calibration.posterior(spec.calibration)
    hardware = hardware_of(spec.hardware.node, gpus=1, precision="bf16")
    like = is_like_published(known, spec.hardware.node)
    coefficients = calibration.coefficients(spec.calibration)
    return joined(known, unlearned_device(hardware, coefficients, node.device, like=like), (), spec.hardware.node)


def _case(spec: TrainingSpec, plan: Document) -> Case:
    layout = plan["layout"]
    job: Job = job_of(spec, nodes=plan["nodes"])
    shards = Shards(
        tp=np.array([layout["tp"]]), cp=np.array([layout["cp"]]), ep=np.array([layout["ep"]]),
        micro_batch=np.array([layout["micro_batch"]]), sequence_parallel=np.array([int(layout["sequence_parallel"])]),
        cp_mode=np.array([CP_MODES.index(layout.get("cp_mode") or "ring")]),
    )  # fmt: skip
    layouts = Layouts(
        shard=np.array([0]), dp=np.array([float(layout["dp"])]), pp=np.array([float(layout["pp"])]),
        vpp=np.array([float(layout["vpp"])]), micro_batches=np.array([float(layout["micro_batches"])]),
        schedule=np.array([SCHEDULES.index(layout["schedule"])]),
        recompute=np.array([RECOMPUTE.index(layout["recompute"])]), zero=np.array([layout["zero"]]),
    )  # fmt: skip
    hardware = calibration.hardware(spec, gpus=int(job.cluster.gpus))
    return Case(job, hardware, shards, layouts, moe=bool(spec.model.moe), nodes=plan["nodes"])


def _rows(candidate: Candidate, posterior: Posterior, record: Node, node: Attached) -> tuple[Rows, list[float]]:
    """What the covariance sees of a candidate's rows, and their standard deviations."""
    keys = candidate.rows()
    if isinstance(candidate.params, TrainingStepParams):
        runs = batches([(candidate.params, key["layers"]) for key in keys], record)
        rows, _, _ = seen(posterior, runs, [SOFTWARE] * len(keys))
        return rows, [LEAST_NOISE] * len(keys)
    clock = {"clock": "wall" if node.device == "cpu" else "events"}
    found = [one for key in keys if (one := observed(candidate.recipe, {**key, **clock})) is not None]
    return _micro(found, posterior, record), [one.deviation for one in found]


def _micro(found: list[Observed], posterior: Posterior, record: Node) -> Rows:
    device = posterior.device
    slopes = np.zeros((len(found), len(posterior.fitted.z)))
    if device is not None and found:
        slopes[:, len(BOUNDED) :] = _slopes(found, device, posterior.fitted.z[len(BOUNDED) :], record)
    return Rows(
        slopes=slopes,
        features=np.zeros((len(found), len(COLUMNS))),
        labels=np.full((len(found), len(EFFECTS)), ALONE),
        weights=np.zeros((len(found), len(smooth().parts))),
        basis=np.zeros((len(found), 1)),
    )


def _slopes(found: list[Observed], device: Device, point: Floats, record: Node) -> Floats:
    """Of the rows' log seconds over where the device's own coefficients lie; steps' common factor moves none."""
    hardware, base = hardware_of(record, gpus=1, precision="bf16"), calibration.coefficients("published")
    points = np.vstack([point, point + STEP * np.eye(device.size)])
    values = [device.at(one) for one in points]
    times = np.array([log_seconds(found, on(hardware, one), beside(base, one)) for one in values])
    slopes: Floats = ((times[1:] - times[0]) / STEP).T
    return slopes
