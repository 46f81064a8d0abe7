"""How fast the simulator is: requests a second on one core, all features on.

Llama 3 8B on one A100 a replica, two replicas, the lengths of Azure's conversations [patel2024splitwise] at 6.45
requests a second and replica, chunks of 512 tokens. Half of the requests share one of 64 prefixes, a fifth has a better
priority, and the pool has so few blocks that requests are preempted. What is counted is the whole call, from the
deployment to the outcome; the step's cost and the requests are made before. Beside it stands the time in which
DistServe's whole 32-GPU space is simulated, measured once however often this is repeated, as it takes a minute.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from solvers import catalogue
from solvers.cost.serving.job import Limits, ServingJob
from solvers.cost.serving.step import step_cost
from solvers.serving.distserve import bench as distserve
from solvers.serving.shipped import shipped
from solvers.simulate.serving.arrivals import arrivals, sampled_tokens
from solvers.simulate.serving.case import Deployment, Engine, Pool, Requests
from solvers.simulate.serving.engine import prepare, simulate

SEED = 20
REQUESTS = 100_000
REPLICAS = 2
RATE_PER_S = 6.45  # of each replica, as in Vidur's example
CHUNK_TOKENS = 512
MOST_SEQUENCES = 256
# Of 16 tokens: a sixth of what an 80-GB A100 has room for, so that it runs out now and then.
BLOCKS = 4000
# Every placement of the space; tests take few.
SPACE_EVERY = 1
PREFIXES, PREFIX_TOKENS, SHARING, FIRST_CLASS = 64, 256, 0.5, 0.2


def workload() -> tuple[Deployment, Requests]:
    """Two replicas with few blocks, and what they are asked."""
    limits = Limits(max_num_batched_tokens=CHUNK_TOKENS, max_num_seqs=MOST_SEQUENCES, max_model_len=16_384)
    job = ServingJob(model=catalogue.model("llama-3-8b"), node=catalogue.node("dgx-a100-80"), limits=limits)
    engine = Engine(MOST_SEQUENCES, CHUNK_TOKENS, BLOCKS, policy="priority")
    return Deployment((Pool("both", REPLICAS, engine, step_cost(job)),), routing="prefix_aware"), requests()


def requests() -> Requests:
    """Poisson arrivals with lengths of real conversations, shared prefixes and two priorities."""
    rng = np.random.default_rng(SEED)
    moments = arrivals(REQUESTS, rng=rng) / (RATE_PER_S * REPLICAS)
    rows = shipped("azure-2023-conv")
    lengths = sampled_tokens(REQUESTS, samples=np.stack([rows.input_tokens, rows.output_tokens], axis=1), rng=rng)
    shares = rng.random(REQUESTS) < SHARING
    prefix = np.where(shares, rng.integers(0, PREFIXES, REQUESTS), -1)
    return Requests(
        arrival_s=moments,
        input_tokens=np.ascontiguousarray(lengths[:, 0]),
        output_tokens=np.ascontiguousarray(lengths[:, 1]),
        prefix=prefix,
        prefix_tokens=np.where(shares, np.minimum(PREFIX_TOKENS, lengths[:, 0]), 0),
        priority=np.where(rng.random(REQUESTS) < FIRST_CLASS, 0, 1),
    )


def run(clock: Callable[[], float]) -> dict[str, Any]:
    """One repeat, timed by the caller's `clock` (seconds)."""
    deployment, asked = workload()
    prepare()
    start = clock()
    outcome = simulate(deployment, asked)
    seconds = clock() - start
    return {
        "requests_per_s": asked.size / seconds,
        "requests": asked.size,
        "finished": int(np.isfinite(outcome.finish_s).sum()),
        "seconds": seconds,
        "steps": outcome.steps,
        "replicas": REPLICAS,
        "prefix_hits": int((outcome.cached_tokens > 0).sum()),
        "prefix_hit_tokens": int(outcome.cached_tokens.sum()),
        "preemptions": int(outcome.preemptions.sum()),
        **_space(clock, SPACE_EVERY),
        "workload": (
            "Llama 3 8B on one A100 a replica, Azure conversations at 6.45 requests/s a replica, chunks of 512: "
            "shared prefixes, two priorities, prefix-aware routing, too few blocks"
        ),
    }


@cache
def _space(clock: Callable[[], float], every: int) -> dict[str, Any]:
    return distserve.run(clock, every=every)
