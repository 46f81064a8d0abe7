"""One replica of each pool, watched step by step: its timeline, what its average step is made of, its power."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solvers.cost.power import Draw, draw_of
from solvers.cost.serving.steps import decode_steps, mixed_steps, terms
from solvers.documents import Document
from solvers.serving.candidate import Candidate
from solvers.serving.setup import Group
from solvers.serving.study import Study
from solvers.simulate.serving.case import Outcome, Trace

# Points of a timeline, beside those where idle time begins.
POINTS = 240

Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Watched:
    """The first replica of a pool: its steps while requests come, and means over them.

    `chunked` is the share of its time in steps with prefill chunks, `idle` that without any step.
    """

    group: Group
    number: int
    trace: Trace
    decodes: float
    chunk: float
    kv_share: float
    chunked: float
    idle: float


def watch(study: Study, candidate: Candidate, *, size: int) -> tuple[list[Watched], Outcome]:
    """The first replica of each pool that has work at the traffic's rate, and what became of the requests."""
    rate = study.spec.traffic.rate_per_s
    found, number = [], 0
    outcome = None
    for group in candidate.groups:
        outcome = study.trials.outcome(candidate, rate, size=size, seed=0, trace_of=number)
        if outcome.trace is not None and len(outcome.trace.end_s):
            arrived = float(outcome.sent_s.max())
            found.append(_watched(study, group, number, outcome.trace, until_s=arrived))
        number += group.replicas
    if outcome is None:
        raise ValueError("a plan has no pool")
    return found, outcome


def _watched(study: Study, group: Group, number: int, trace: Trace, *, until_s: float) -> Watched:
    """Steps from a fifth of the time on until the last arrival: before, the replica fills up; after, it drains."""
    inside = (trace.end_s >= 0.2 * until_s) & (trace.end_s <= until_s)
    inside = inside if inside.any() else np.ones(len(trace.end_s), dtype=bool)
    seconds, prefill = trace.seconds[inside], trace.prefill_tokens[inside]
    span = float(trace.end_s[inside][-1] - trace.end_s[inside][0] + seconds[0])
    chunked = prefill > 0
    busy = min(float(seconds.sum()) / span, 1.0)
    decodes = trace.decodes[inside]
    weights = seconds / seconds.sum()
    return Watched(
        group=group,
        number=number,
        trace=trace,
        decodes=float((weights * decodes).sum()),
        chunk=float(prefill[chunked].mean()) if chunked.any() else 0.0,
        kv_share=float((weights * trace.blocks[inside]).sum())
        / (study.shop.blocks(group.setup) * group.setup.layout.dp),
        chunked=busy * float(seconds[chunked].sum() / seconds.sum()),
        idle=1.0 - busy,
    )


def timeline_document(watched: Watched, study: Study) -> Document:
    """The replica's steps, thinned: the batch, the queue, the cache, the prefill tokens."""
    trace, blocks = watched.trace, study.shop.blocks(watched.group.setup) * watched.group.setup.layout.dp
    idle = _before_idle(trace)
    kept = np.union1d(np.linspace(0, len(trace.end_s) - 1, POINTS).astype(np.int64), idle)
    at, busy = _with_idle(kept, idle)
    return {
        "replica": watched.number,
        "role": watched.group.role,
        "end_s": trace.end_s[at].tolist(),
        "batch": (busy * trace.decodes[at]).tolist(),
        "waiting": (busy * trace.waiting[at]).tolist(),
        "kv_share": (busy * trace.blocks[at] / blocks).tolist(),
        "prefill_tokens": (busy * trace.prefill_tokens[at]).tolist(),
    }


def _before_idle(trace: Trace) -> Places:
    """The steps after which nothing runs for longer than a point of the timeline stands for."""
    began = trace.end_s - trace.seconds
    return np.flatnonzero(began[1:] - trace.end_s[:-1] > (trace.end_s[-1] - began[0]) / POINTS)


def _with_idle(kept: Places, idle: Places) -> tuple[Places, Places]:
    """The steps of the points, those before idle time twice; 1 where the point is a step and 0 where idle begins."""
    at = np.sort(np.concatenate([kept, idle]))
    return at, np.concatenate([[1], (at[1:] != at[:-1]).astype(np.int64)])


def breakdown_document(watched: Watched, study: Study) -> list[Document]:
    """Seconds of the pool's average step by term: of its decodes, or of its chunks where it only prefills."""
    job = study.shop.job(watched.group.setup)
    ranks = watched.group.setup.layout.dp * watched.group.setup.layout.pp
    if watched.group.role == "prefill":
        nothing, one = np.zeros(1), np.ones(1)
        steps = mixed_steps(nothing, nothing, chunks=one, new=watched.chunk, before=study.shape.inputs / 2.0, job=job)
    else:
        decodes = np.array([max(watched.decodes / ranks, 1.0)])
        steps = decode_steps(decodes, np.array([study.shape.context]), job=job)
    found = terms(steps, job, study.shop.coefficients)
    longer = math.exp(study.shop.bias(watched.group.setup, apart=watched.group.role != "both")[0])
    return [{"term": name, "value": longer * float(seconds[0])} for name, seconds in found.items() if seconds[0] > 0]


def power_w(watched: list[Watched], study: Study) -> float | None:
    """Watts of all nodes: GPUs compute while they prefill, wait for memory while they decode, and idle else."""
    node = study.spec.hardware.node
    draw = draw_of(node)
    return None if draw is None else sum(one.group.gpus / node.gpus * _watts(one, draw) for one in watched)


def _watts(watched: Watched, draw: Draw) -> float:
    decoding = 1.0 - watched.chunked - watched.idle
    return watched.chunked * draw.computing_w + decoding * draw.waiting_w + watched.idle * draw.idle_w
