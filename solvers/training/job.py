"""From a spec to the cost kernel's input."""

from dataclasses import dataclass, replace

from solvers.cost.architecture import architecture_of
from solvers.cost.block import Block, Job, block_of, exchange_in
from solvers.cost.cluster import paced
from solvers.cost.exchange import Exchange
from solvers.cost.layouts import Shards
from solvers.cost.memory import Footprint, footprint_of
from solvers.training import calibration
from solvers.training.spec import TrainingSpec


@dataclass(frozen=True)
class Tables:
    """What depends on how a layer is cut, computed once for each way of cutting it.

    `exchange` is there where the stack cuts the exchange with experts into pieces.
    """

    shards: Shards
    block: Block
    footprint: Footprint
    exchange: Exchange | None = None


def job_of(spec: TrainingSpec, *, nodes: int) -> Job:
    """The spec's job on `nodes` of its nodes, with the coefficients of its calibration."""
    coefficients = calibration.coefficients(spec.calibration)
    stack = spec.software.habits(spec.precision, spec.options)
    if stack.expert_load is not None:
        coefficients = replace(coefficients, expert_imbalance=stack.expert_load)
    return Job(
        architecture=architecture_of(spec.model, stack),
        stack=stack,
        cluster=paced(calibration.hardware(spec, gpus=nodes * spec.hardware.node.gpus), coefficients),
        coefficients=coefficients,
        sequence_length=spec.sequence_length,
        global_batch=spec.global_batch,
        adapters=spec.trained(),
    )


def tables_of(shards: Shards, job: Job) -> Tables:
    """The tables of all shards."""
    exchange = exchange_in(shards, job) if job.stack.expert_pieces else None
    return Tables(shards=shards, block=block_of(shards, job), footprint=footprint_of(shards, job), exchange=exchange)


def usable_bytes(spec: TrainingSpec, job: Job) -> float:
    """Device memory that a plan may fill."""
    return float(job.cluster.memory_bytes) * (1.0 - spec.constraints.memory_headroom)


def usable_host_bytes(spec: TrainingSpec, job: Job) -> float:
    """A GPU's share of its host's memory that a plan may fill."""
    return float(job.cluster.host_memory_bytes) * (1.0 - spec.constraints.memory_headroom)
