"""One training plan of one size on so many GPUs: the first answer of the training planner, without what explains it.

Layouts of the plain space (solvers.training.search), the best of them corrected by what published runs teach: no rare
techniques, no sensitivities. Its interval is the training planner's (level 0.8).
"""

from dataclasses import dataclass

from solvers.base import Estimate
from solvers.catalogue import Node
from solvers.catalogue.equal_nodes import Hardware
from solvers.cost.flops import model_flops
from solvers.documents import Document
from solvers.scaling.ladder.family import Member
from solvers.training.calibration import slack_of
from solvers.training.job import job_of
from solvers.training.plan import label, layout_document
from solvers.training.pool import best
from solvers.training.search import search
from solvers.training.settle import FEW, settle
from solvers.training.spec import Precision, TrainingSpec


@dataclass(frozen=True)
class Work:
    """What is trained, of whatever size: sequences of so many tokens, in a precision."""

    sequence_length: int
    precision: Precision


@dataclass(frozen=True)
class Speed:
    """A plan's tokens/s of all its GPUs with the interval, its model FLOP utilisation, label and layout."""

    gpus: int
    nodes: int
    tokens_per_s: Estimate
    mfu: float
    plan: str
    layout: Document


def speed(member: Member, hardware: Hardware, work: Work, *, gpus: int, batch: int) -> Speed | None:
    """The plan of a member on `gpus` of the hardware's GPUs; None where nothing fits."""
    spec = asked(member, hardware, work, gpus=gpus, batch=whole_batch(batch, gpus))
    nodes = spec.hardware.nodes
    pool = settle(spec, [search(spec, nodes=nodes, slack=slack_of(spec.calibration))], most=FEW).pool
    if pool is None:
        return None
    chosen = pool.choice(best(spec, pool, most=1)[0])
    tokens, step = float(spec.global_batch * spec.sequence_length), chosen.interval
    layout = layout_document(chosen.layouts, chosen.tables)
    peak = gpus * float(chosen.job.cluster.peak_flops_per_s)
    rate = Estimate(tokens / step.value, tokens / step.high, tokens / step.low)
    return Speed(gpus, nodes, rate, float(model_flops(chosen.job)) / peak / step.value, label(layout), layout)


def flops_per_token(member: Member, hardware: Hardware, work: Work) -> float:
    """Model FLOP of training on a token, as the training planner counts them (solvers.cost.flops)."""
    spec = asked(member, hardware, work, gpus=1, batch=1)
    return float(model_flops(job_of(spec, nodes=1))) / work.sequence_length


def asked(member: Member, hardware: Hardware, work: Work, *, gpus: int, batch: int) -> TrainingSpec:
    """The question that the training planner is asked."""
    return TrainingSpec(
        model=member.model,
        hardware=part(hardware, gpus),
        sequence_length=work.sequence_length,
        global_batch=batch,
        precision=work.precision,
    )


def part(hardware: Hardware, gpus: int) -> Hardware:
    """So many GPUs of the hardware: a part of one node, or whole nodes."""
    whole = hardware.node.gpus
    if gpus >= whole:
        return hardware.model_copy(update={"nodes": gpus // whole})
    return hardware.model_copy(update={"node": _share(hardware.node, gpus), "nodes": 1})


def _share(node: Node, gpus: int) -> Node:
    share = gpus / node.gpus
    scaled = {
        name: value * share
        for name in ("host_memory_bytes", "host_memory_bytes_per_s", "power_w")
        if (value := getattr(node, name)) is not None
    }
    return node.model_copy(update={**scaled, "gpus": gpus, "nic": None, "nics": 0})


def whole_batch(batch: int, gpus: int) -> int:
    """The batch that is timed: a multiple of the GPUs near to it; below that, a power of two that divides better."""
    if batch >= gpus:
        return max(1, round(batch / gpus)) * gpus
    return int(2 ** max(0, round(float(batch)).bit_length() - 1))


def choices(hardware: Hardware) -> tuple[int, ...]:
    """Numbers of GPUs that a run may have: powers of two of a node, then of nodes, and all."""
    whole, nodes = hardware.node.gpus, hardware.nodes
    within = {2**k for k in range(whole.bit_length()) if whole % 2**k == 0} | {whole}
    beyond = {whole * 2**k for k in range(nodes.bit_length())} | {whole * nodes}
    return tuple(sorted(within | beyond))
