"""Step costs by hand: steps that take the same time however much is in them."""

import numpy as np

from solvers.cost.serving.tables import StepCost, constant

MOST = 4096


def even_steps(*, decode_s: float, mixed_s: float) -> StepCost:
    """Steps of decodes alone, and those with prompts."""
    nothing = constant(0.0, most=MOST)
    return StepCost(
        decode_tokens=constant(decode_s, most=MOST),
        mixed_tokens=constant(mixed_s, most=MOST),
        shared_tokens=np.zeros(1),
        sampled=nothing,
        decode_base=nothing,
        decode_context=nothing,
        decode_window=nothing,
        hop=nothing,
        chunk=0.0,
        pair=0.0,
        pair_window=0.0,
        context=0.0,
        host=0.0,
        host_sequence=0.0,
        window=0,
        overlapped=False,
    )
