"""How soon the whole 32-GPU space of DistServe is simulated: every placement of OPT-175B at five rates.

1,132 placements on 4 nodes of 8 GPUs with high affinity, 1,000 ShareGPT-like requests at each of the five rates for a
GPU that DistServe's bisection of [0, 5] visits on its way down. Like its simulator, which knows no memory limit beside
a cap of 50,000 tokens, placements whose weights leave less room are given that much.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from solvers.serving.distserve.deployments import disaggregated
from solvers.serving.distserve.goodput import attained
from solvers.serving.distserve.layouts import placements
from solvers.serving.distserve.profile import MODELS
from solvers.serving.distserve.workload import workload
from solvers.serving.slo import Slo

MODEL, NODES, GPUS_PER_NODE = "opt-175b", 4, 8
REQUESTS, SEED = 1000, 0
RATES_PER_GPU = (2.5, 1.25, 0.625, 0.3125, 0.15625)
LEAST_TOKENS = 50_000
SLO = Slo(ttft=4.0, tpot=0.2, attainment=0.9)


def run(clock: Callable[[], float], *, every: int = 1) -> dict[str, Any]:
    """Seconds by the caller's `clock`, and what was done; only each `every`th placement where asked."""
    model, work = MODELS[MODEL], workload("sharegpt", size=REQUESTS, seed=SEED, slo=SLO)
    space = placements(model, nodes=NODES, gpus_per_node=GPUS_PER_NODE, high_affinity=True)[::every]
    attained(disaggregated(model, space[0], least_tokens=LEAST_TOKENS), work, rate=1.0)
    start = clock()
    shares = [
        attained(disaggregated(model, placement, least_tokens=LEAST_TOKENS), work, rate=rate * placement.gpus)
        for placement in space
        for rate in RATES_PER_GPU
    ]
    seconds = clock() - start
    return {
        "distserve_space_layouts": len(space),
        "distserve_space_requests": len(shares) * REQUESTS,
        "distserve_space_seconds": seconds,
        "distserve_space_requests_per_s": len(shares) * REQUESTS / seconds,
        "distserve_space_good_share": float(np.mean(shares)),
    }
