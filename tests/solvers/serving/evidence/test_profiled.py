"""Tables of a step from a profile of round numbers."""

import numpy as np
import pytest

from solvers import catalogue
from solvers.cost.serving.coefficients import DEFAULT
from solvers.cost.serving.job import Layout, Limits, ServingJob
from solvers.serving.evidence.profiled import captured, padded_tokens, profiled_cost
from solvers.serving.evidence.profiles import Profile

LIMITS = Limits(max_num_batched_tokens=600, max_num_seqs=12)
ROWS = [[0, 0, n, k, 1e-5 + 1e-9 * n * k] for n in (1, 8, 64) for k in (16, 1024)]
MIXED = [[q, 0, n, 256, 2e-5 + 1e-9 * n * 256] for q in (16, 512) for n in (0, 8, 64)]
CURVES = {name: (np.array([1.0, 1000.0]), np.array([1e-4, 1e-4])) for name in ("embedding", "layernorm", "qkv_proj")}
PROFILE = Profile(
    layers=CURVES, heads={"lm_head": (np.array([1.0]), np.array([3e-4]))}, attention=np.array(ROWS + MIXED, dtype=float)
)


def _job(model: str = "llama-3.1-8b", **changes: Layout) -> ServingJob:
    return ServingJob(catalogue.model(model), catalogue.node("rtx-pro-6000-server"), limits=LIMITS, **changes)


def test_batches_are_padded_to_the_graphs_that_are_captured() -> None:
    assert captured(_job()).tolist() == [1, 2, 4, 8, 16, 24]
    assert padded_tokens(np.array([1.0, 3.0, 17.0, 24.0, 25.0]), _job()).tolist() == [1, 4, 24, 24, 25]


def test_a_step_is_its_layers_as_often_as_the_model_has_them_and_the_gaps_between() -> None:
    cost = profiled_cost(PROFILE, _job(), batch=8.0, longest=1024.0)

    kernels = 1 + 32 * 2 + 32 + 32 * 2
    assert cost.decode_tokens[0] == 0
    assert cost.decode_tokens[8] == pytest.approx(97e-4 + kernels * DEFAULT.graph_gap_s + DEFAULT.step_s, rel=1e-9)
    assert cost.mixed_tokens[8] >= 97e-4 + kernels * DEFAULT.eager_gap_s + DEFAULT.step_s
    assert cost.sampled[:2].tolist() == [0, pytest.approx(3e-4)]
    assert cost.decode_base[8] + cost.decode_context[8] * 8 * 1024 == pytest.approx(32 * (1e-5 + 8.192e-6), rel=1e-3)


def test_ranks_of_tensor_parallelism_pay_for_their_reductions() -> None:
    one, two = (profiled_cost(PROFILE, _job(layout=Layout(tp=tp)), batch=8.0, longest=1024.0) for tp in (1, 2))

    assert (two.decode_tokens[1:] > one.decode_tokens[1:]).all()


def test_experts_that_ranks_share_are_counted_for_the_tokens_of_all() -> None:
    rows = [[tokens, chosen, 1e-5 * chosen] for tokens in (1, 100, 2000) for chosen in (1, 8, 64, 128)]
    profile = Profile(PROFILE.layers, PROFILE.heads, PROFILE.attention, np.array(rows, dtype=float))

    alone = profiled_cost(profile, _job("qwen3-30b-a3b"), batch=8.0, longest=1024.0)
    pair = profiled_cost(profile, _job("qwen3-30b-a3b", layout=Layout(dp=2, ep=2)), batch=8.0, longest=1024.0)

    assert (len(alone.shared_tokens), len(pair.shared_tokens)) == (1, 1201)
    assert pair.decode_tokens[8] < alone.decode_tokens[8]
    assert pair.shared_tokens[1200] > 48 * 1e-5 * 60


def test_experts_that_a_profile_lacks_are_the_cost_models() -> None:
    alone = profiled_cost(PROFILE, _job("qwen3-30b-a3b"), batch=8.0, longest=1024.0)
    pair = profiled_cost(PROFILE, _job("qwen3-30b-a3b", layout=Layout(dp=2, ep=2)), batch=8.0, longest=1024.0)

    assert alone.decode_tokens[8] > pair.decode_tokens[8]
    assert pair.shared_tokens[16] > pair.shared_tokens[2] > 0.0
