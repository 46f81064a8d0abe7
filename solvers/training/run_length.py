"""How long the whole run takes, with failures: time, dollars and joules for a step's time and for all tokens.

    run = steps x step x factor      factor: seconds for each second of useful work (solvers/cost/checkpoint.py)
The job fails as often as one of its GPUs does, times their number. A checkpoint holds 16-bit weights, their fp32 copies
and the optimizer's moments, once; it is written while the job stands still, at the storage's bandwidth, and read again
after each failure. Interval ends: what is uncertain moves to its own end, one thing at a time, and the logarithms of
the effects add up as squares, as of things that err independently.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeVar

import numpy as np

from solvers.base import Estimate
from solvers.cost.adapters import adapter_parameters
from solvers.cost.block import Job
from solvers.cost.checkpoint import Overheads, availability, daly_interval_s, overheads, young_interval_s
from solvers.cost.layouts import Floats
from solvers.cost.power import COMPUTING, WAITING, draw_of
from solvers.cost.states import WEIGHT_BYTES, widths_of
from solvers.cost.step import StepTime
from solvers.documents import Document
from solvers.training.conditions import GPU_MTBF_S, GPU_STORAGE_BYTES_PER_S, HARDWARE_SHARE
from solvers.training.spec import Question, TrainingSpec

Time = TypeVar("Time", float, Floats)
# Terms of a step in which the GPU's units compute; in the others they wait.
COMPUTED = ("compute", "recompute", "optimizer")


@dataclass(frozen=True)
class Saving:
    """Checkpoints of a job on so many GPUs: their size and pace, and what failures cost."""

    mtbf_s: float
    checkpoint_bytes: float
    bytes_per_s: float
    young_s: float
    daly_s: float
    interval_s: float
    detection_s: float
    restart_s: float
    overheads: Overheads

    @property
    def write_s(self) -> float:
        """Seconds to write a checkpoint, or to read it."""
        return self.checkpoint_bytes / self.bytes_per_s


def checkpoint_bytes(spec: TrainingSpec, job: Job) -> float:
    """Bytes of one checkpoint: of all parameters that train."""
    adapters, layers = job.adapters, spec.model.layers
    trained = spec.model.parameters
    if adapters is not None:
        trained = float(adapter_parameters(adapters, job.architecture.gemms, np.ones(1, dtype=np.int64))[0]) * layers
    return trained * (WEIGHT_BYTES + widths_of(job).optimizer)


def saving(
    spec: TrainingSpec,
    job: Job,
    *,
    gpu_mtbf_s: float = GPU_MTBF_S.value,
    gpu_bytes_per_s: float = GPU_STORAGE_BYTES_PER_S.value,
) -> Saving:
    """The saving of a job under the spec's conditions; the defaults stand for what they do not say."""
    run, gpus = spec.run, float(job.cluster.gpus)
    mtbf = run.mtbf if run.mtbf is not None else (run.gpu_mtbf or gpu_mtbf_s) / gpus
    rate = run.checkpoint_bandwidth or gpu_bytes_per_s * gpus
    size = checkpoint_bytes(spec, job)
    write = size / rate
    young, daly = (formula(write_s=write, mtbf_s=mtbf) for formula in (young_interval_s, daly_interval_s))
    interval = run.checkpoint_interval or daly
    available = 1.0
    if run.spare_nodes is not None and run.repair_time is not None:
        available = availability(spares=run.spare_nodes, repair_s=run.repair_time, between_s=mtbf / HARDWARE_SHARE)
    return Saving(
        mtbf_s=mtbf,
        checkpoint_bytes=size,
        bytes_per_s=rate,
        young_s=young,
        daly_s=daly,
        interval_s=interval,
        detection_s=run.detection_time,
        restart_s=run.restart_time + write,
        overheads=overheads(
            interval_s=interval,
            write_s=write,
            mtbf_s=mtbf,
            detection_s=run.detection_time,
            restart_s=run.restart_time + write,
            available=available,
        ),
    )


def paid_gpus(spec: TrainingSpec, gpus: int) -> int:
    """GPUs that cost money and power: the plan's and those of spare nodes."""
    return gpus + (spec.run.spare_nodes or 0) * spec.hardware.node.gpus


def energy_j(
    spec: TrainingSpec,
    found: Overheads,
    *,
    gpus: int,
    busy_s: Time,
    step_s: Time,
    computing: float = COMPUTING.value,
    waiting: float = WAITING.value,
) -> Time | None:
    """Joules for each optimizer step of a run with failures; None where nobody knows the node's power.

    Lost work draws what work draws; through checkpoints, failures and restarts the nodes idle, as spare ones always do.
    """
    node = spec.hardware.node
    draw = draw_of(node, computing=computing, waiting=waiting)
    if draw is None:
        return None
    nodes, spares = gpus / node.gpus, float(spec.run.spare_nodes or 0)
    work = draw.energy_j(busy_s=busy_s, step_s=step_s) * (1.0 + found.lost)
    standing = step_s * draw.idle_w * (found.factor - 1.0 - found.lost)
    return (nodes * (work + standing) + step_s * spares * draw.idle_w * found.factor) * spec.run.pue


def busy_s(terms: dict[str, float]) -> float:
    """Seconds of a step in which the GPUs compute."""
    return sum(terms[name] for name in COMPUTED if name in terms)


def busy_seconds(step: StepTime) -> Floats:
    """The same of many layouts."""
    return step.compute + step.recompute + step.optimizer


def steps_of(spec: Question) -> float | None:
    """Optimizer steps that the spec's tokens take."""
    return spec.tokens / (spec.global_batch * spec.sequence_length) if spec.tokens else None


@dataclass(frozen=True)
class RunFactors:
    """By what failures and spare nodes multiply the seconds and the dollars of the steps."""

    time: float
    cost: float


def run_factors(spec: TrainingSpec, job: Job) -> RunFactors:
    """The factors of every layout on this job's GPUs."""
    factor, gpus = saving(spec, job).overheads.factor, int(job.cluster.gpus)
    return RunFactors(time=factor, cost=factor * paid_gpus(spec, gpus) / gpus)


def run_energies(spec: TrainingSpec, job: Job, *, step_s: Floats, busy_s: Floats) -> Floats:
    """Joules that a step adds to the whole run, for each layout; 0 where nobody knows the node's power."""
    found, gpus = saving(spec, job).overheads, int(job.cluster.gpus)
    joules = energy_j(spec, found, gpus=gpus, busy_s=busy_s, step_s=step_s)
    return np.zeros_like(step_s) if joules is None else joules


@dataclass(frozen=True)
class Uncertain:
    """What may be otherwise: the step's time, failures, storage, and what nodes draw."""

    step_s: float
    gpu_mtbf_s: float = GPU_MTBF_S.value
    gpu_bytes_per_s: float = GPU_STORAGE_BYTES_PER_S.value
    computing: float = COMPUTING.value
    waiting: float = WAITING.value


def estimates(
    spec: TrainingSpec, job: Job, *, step: Estimate, busy_share: float, steps: float | None
) -> dict[str, Estimate]:
    """Goodput and checkpoint interval; with the number of steps also time, dollars and joules of the whole run."""
    gpus, price = int(job.cluster.gpus), spec.hardware.usd_per_gpu_hour

    @cache
    def saved_with(gpu_mtbf_s: float, gpu_bytes_per_s: float) -> Saving:
        return saving(spec, job, gpu_mtbf_s=gpu_mtbf_s, gpu_bytes_per_s=gpu_bytes_per_s)

    def saved(at: Uncertain) -> Saving:
        return saved_with(at.gpu_mtbf_s, at.gpu_bytes_per_s)

    def run(at: Uncertain) -> float:
        return (steps or 0.0) * at.step_s * saved(at).overheads.factor

    def energy(at: Uncertain) -> float:
        joules = energy_j(
            spec,
            saved(at).overheads,
            gpus=gpus,
            busy_s=busy_share * at.step_s,
            step_s=at.step_s,
            computing=at.computing,
            waiting=at.waiting,
        )
        return (steps or 1.0) * (joules or 0.0)

    found = {
        "goodput": _spread(lambda at: saved(at).overheads.goodput, step, most=1.0),
        "checkpoint_interval_s": _spread(lambda at: saved(at).interval_s, step),
    }
    powered = energy_j(spec, saved(Uncertain(step.value)).overheads, gpus=gpus, busy_s=0.0, step_s=1.0) is not None
    if powered:
        found["energy_j" if steps else "energy_j_per_step"] = _spread(energy, step)
    if steps:
        found["run_time_s"] = _spread(run, step)
        if price is not None:
            found["cost_usd"] = found["run_time_s"].scaled(paid_gpus(spec, gpus) * price / 3600.0)
        if powered and spec.run.energy_price is not None:
            found["energy_cost_usd"] = found["energy_j"].scaled(spec.run.energy_price)
    return found


def _spread(value_at: Callable[[Uncertain], float], step: Estimate, *, most: float = math.inf) -> Estimate:
    """The value and its interval: each uncertain thing alone at each of its ends, put together as independent."""
    middle = Uncertain(step.value)
    value = value_at(middle)
    ends = [
        (replace(middle, **{name: given.low}), replace(middle, **{name: given.high}))
        for name, given in (
            ("step_s", step),
            ("gpu_mtbf_s", GPU_MTBF_S),
            ("gpu_bytes_per_s", GPU_STORAGE_BYTES_PER_S),
            ("computing", COMPUTING),
            ("waiting", WAITING),
        )
    ]
    moved = [[math.log(value_at(end) / value) for end in pair] if value > 0 else [0.0, 0.0] for pair in ends]
    up = math.sqrt(sum(max(*pair, 0.0) ** 2 for pair in moved))
    down = math.sqrt(sum(min(*pair, 0.0) ** 2 for pair in moved))
    return Estimate(value, value * math.exp(-down), min(value * math.exp(up), most))


def run_document(spec: TrainingSpec, job: Job, *, step_s: float, steps: float | None) -> Document:
    """Checkpoints, failures and the parts of the run, as the plan shows them; the assumptions beside them."""
    found = saving(spec, job)
    work = step_s * steps if steps else 1.0
    parts = found.overheads.seconds(work)
    whole = sum(parts.values())
    document: Document = {
        "mtbf_s": found.mtbf_s,
        "checkpoint_bytes": found.checkpoint_bytes,
        "checkpoint_write_s": found.write_s,
        "interval_young_s": found.young_s,
        "interval_daly_s": found.daly_s,
        "interval_s": found.interval_s,
        "interval_steps": max(1, round(found.interval_s / step_s)),
        "restart_s": found.restart_s,
        "parts": [
            {"part": name, **({"time_s": seconds} if steps else {}), "time_share": seconds / whole}
            for name, seconds in parts.items()
        ],
        "assumed": {
            "gpu_mtbf_s": found.mtbf_s * float(job.cluster.gpus),
            "checkpoint_bytes_per_s": found.bytes_per_s,
            "detection_s": found.detection_s,
            "restart_s": spec.run.restart_time,
            "spare_nodes": spec.run.spare_nodes,
            "pue": spec.run.pue,
        },
    }
    return {**document, "failures": found.overheads.failures * work} if steps else document
