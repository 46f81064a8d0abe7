"""Small cases of serving: steps of one second, blocks of four tokens."""

from dataclasses import replace
from typing import Any

import numpy as np

from solvers.cost.serving.tables import StepCost, constant
from solvers.simulate.serving.case import Deployment, Engine, Outcome, Pool, Requests

ENGINE = Engine(max_num_seqs=4, max_num_batched_tokens=8, blocks=101, block_size=4)


def cost(**changes: Any) -> StepCost:
    """Every step takes a second of the device, unless `changes` say otherwise."""
    nothing = constant(0.0, most=64)
    second = constant(1.0, most=64)
    return StepCost(
        decode_tokens=second, mixed_tokens=second, shared_tokens=np.zeros(1), sampled=nothing, decode_base=nothing,
        decode_context=nothing, decode_window=nothing, hop=nothing, chunk=0.0, pair=0.0, pair_window=0.0, context=0.0,
        host=0.0, host_sequence=0.0, window=0, overlapped=False,
    )._replace(**changes)  # fmt: skip


def requests(
    arrival_s: list[float], inputs: list[int], outputs: list[int], *, prefix: int = 0, **changes: Any
) -> Requests:
    """Requests that share the first `prefix` tokens."""
    n = len(arrival_s)
    made = Requests(
        arrival_s=np.array(arrival_s, dtype=np.float64),
        input_tokens=np.array(inputs, dtype=np.int64),
        output_tokens=np.array(outputs, dtype=np.int64),
        prefix=np.full(n, 0 if prefix else -1, dtype=np.int64),
        prefix_tokens=np.full(n, prefix, dtype=np.int64),
        priority=np.zeros(n, dtype=np.int64),
    )
    return replace(made, **changes)


def colocated(
    engine: Engine = ENGINE, *, replicas: int = 1, step: StepCost | None = None, **changes: Any
) -> Deployment:
    """Replicas that do both."""
    return Deployment((Pool("both", replicas, engine, step or cost()),), **changes)


def moments(outcome: Outcome) -> tuple[list[float], list[float]]:
    """When each request has its first and its last token."""
    return outcome.first_token_s.tolist(), outcome.finish_s.tolist()
