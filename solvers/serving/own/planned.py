"""The steps that a serving plan is made of: a chunk of a mean prompt, and a decode of its usual batch.

Each pool's replica as its engine runs it; where prefill and decode have GPUs of their own, each on its pool.
    chunk    fresh tokens of a mean prompt after what the cache spares, as many as a step takes
    batch    decodes of one rank in the plan's own timeline, on average of the steps that have any
    context  tokens before an answer's average token
"""

from dataclasses import dataclass

import numpy as np

from solvers.calibration.covariance import Floats
from solvers.cost.serving.coefficients import Coefficients
from solvers.cost.serving.job import Adapters, Layout, Limits, ServingJob, Software
from solvers.cost.serving.steps import decode_steps, mixed_steps, ready, seconds_at
from solvers.documents import Document
from solvers.errors import Problem, SpecError
from solvers.serving.engine import numerics_of
from solvers.serving.requests import Shape, sample, shape_of
from solvers.serving.spec import ServingSpec

# Requests that means are taken from.
SHAPED = 4000


@dataclass(frozen=True)
class Planned:
    """A plan's two steps: `chunk` tokens after `before` by the prefiller, `batch` decodes after `context` each."""

    prefiller: ServingJob
    decoder: ServingJob
    chunk: int
    before: int
    batch: int
    context: int

    def log_seconds(self, coefficients: Coefficients) -> Floats:
        """Log seconds of the prefill and of the decode [2]."""
        none, one = np.zeros(1), np.ones(1)
        prefill = mixed_steps(
            none, none, chunks=one, new=float(self.chunk), before=float(self.before), job=self.prefiller
        )
        decode = decode_steps(np.array([float(self.batch)]), np.array([self.context + 1.0]), job=self.decoder)
        steps = ((prefill, self.prefiller), (decode, self.decoder))
        return np.log([seconds_at(step, ready(job, coefficients))[0] for step, job in steps])


def planned(spec: ServingSpec, result: Document) -> Planned:
    """The steps of a result's plan. SpecError: it has none."""
    plan = result.get("plan")
    if not plan:
        raise SpecError(Problem("no_plan", "There is no plan whose assumptions could be measured.", ""))
    prefill = next(one for one in plan["pools"] if one["role"] != "decode")
    decode = next(one for one in plan["pools"] if one["role"] != "prefill")
    return steps_of(spec, prefill, decode, _shape(spec, prefill), batch=_batch(result, decode))


def steps_of(spec: ServingSpec, prefill: Document, decode: Document, shape: Shape, *, batch: int) -> Planned:
    """The steps of a plan's pools (layout, precision and engine of a replica), for requests of a shape."""
    most = prefill["engine"]["max_num_batched_tokens"]
    return Planned(
        prefiller=_job(spec, prefill),
        decoder=_job(spec, decode),
        chunk=max(min(round(shape.fresh), most), 1),
        before=max(round(shape.inputs - shape.fresh), 0),
        batch=batch,
        context=max(round(shape.context), 1),
    )


def _shape(spec: ServingSpec, pool: Document) -> Shape:
    engine = pool["engine"]
    drawn = sample(spec.traffic, size=SHAPED, seed=spec.seed * 1009, longest=engine["max_model_len"])
    return shape_of(drawn.requests, cached=engine["prefix_caching"])


def _job(spec: ServingSpec, pool: Document) -> ServingJob:
    engine, adapters, precision = pool["engine"], spec.adapters, pool["precision"]
    return ServingJob(
        model=spec.model,
        node=spec.hardware.node,
        layout=Layout(**pool["layout"]),
        numerics=numerics_of(spec.model, precision["weights"], precision["kv"]),
        software=Software(spec.engine.name, spec.engine.version),
        limits=Limits(engine["max_num_batched_tokens"], engine["max_num_seqs"], engine["max_model_len"]),
        adapters=Adapters(count=adapters.count, rank=adapters.rank) if adapters else None,
    )


def _batch(result: Document, pool: Document) -> int:
    lines = [one for one in result["explanation"]["timeline"] if one["role"] == pool["role"]]
    batches = np.array(lines[0]["batch"] if lines else [])
    some = batches[batches > 0]
    ranks = pool["layout"]["dp"]
    most = pool["engine"]["max_num_seqs"]
    return int(np.clip(round(float(some.mean()) / ranks), 1, most)) if some.size else 1
