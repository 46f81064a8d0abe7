"""A placement as the simulator takes it, with the settings of the paper's servers (2-start-api-server.py, 82831f1).

DistServe's prefill takes at most 128 prompts and 8,192 tokens a step, its decode 1,024 requests (one that lost
its blocks is prefilled again there, whole); vLLM of 2023 runs
whole prompts before any decode, 16,384 tokens and 1,024 requests at most. None shares prefixes. Its simulator lets KV
go from prefill to decode in no time; here it takes the link: NVLink within a node, one port of 200 Gbit/s between
nodes where the cluster has high affinity.
"""

from functools import cache

from solvers.serving.distserve.layouts import Placement, Side
from solvers.serving.distserve.profile import BLOCK, Opt, step_cost, tokens_that_fit
from solvers.serving.distserve.workload import CONTEXT
from solvers.simulate.serving.case import Deployment, Engine, Pool, Role, Transfer

PREFILL_TOKENS, PREFILL_SEQS, DECODE_SEQS = 8192, 128, 1024
VLLM_TOKENS, VLLM_SEQS = 16384, 1024
# NVLink of an A100 in one direction; HDR InfiniBand; a message's latency on either: estimates.
NEAR_BYTES_PER_S, FAR_BYTES_PER_S, LATENCY_S = 300e9, 25e9, 1e-5


def disaggregated(model: Opt, placement: Placement, *, least_tokens: int = 0) -> Deployment:
    """One replica for prefill, one for decode, each with the KV tokens that fit, or `least_tokens`."""
    link = NEAR_BYTES_PER_S if placement.near else FAR_BYTES_PER_S
    return Deployment(
        pools=(
            pool(model, placement.prefill, "prefill", least_tokens=least_tokens),
            pool(model, placement.decode, "decode", least_tokens=least_tokens),
        ),
        transfer=Transfer(model.kv_bytes_a_token, link, LATENCY_S),
    )


@cache
def pool(model: Opt, side: Side, role: Role, *, least_tokens: int = 0) -> Pool:
    """One replica of one phase."""
    prefill = role == "prefill"
    tokens, seqs = (PREFILL_TOKENS, PREFILL_SEQS) if prefill else (CONTEXT, DECODE_SEQS)
    return Pool(
        role=role,
        replicas=1,
        engine=_engine(model, side, tokens=tokens, seqs=seqs, least_tokens=least_tokens, policy_of_2023=False),
        cost=step_cost("distserve", model, tp=side.tp, pp=side.pp, most_tokens=tokens, most_seqs=seqs),
    )


@cache
def colocated(model: Opt, side: Side) -> Deployment:
    """One replica of vLLM as the paper compares with."""
    engine = _engine(model, side, tokens=VLLM_TOKENS, seqs=VLLM_SEQS, least_tokens=0, policy_of_2023=True)
    cost = step_cost("vllm", model, tp=side.tp, pp=side.pp, most_tokens=VLLM_TOKENS, most_seqs=VLLM_SEQS)
    return Deployment(pools=(Pool(role="both", replicas=1, engine=engine, cost=cost),))


def _engine(model: Opt, side: Side, *, tokens: int, seqs: int, least_tokens: int, policy_of_2023: bool) -> Engine:
    held = max(tokens_that_fit(model, gpus=side.gpus), least_tokens)
    return Engine(
        max_num_seqs=seqs,
        max_num_batched_tokens=tokens,
        blocks=held // BLOCK + 1,
        block_size=BLOCK,
        chunked_prefill=False,
        prefix_caching=False,
        policy="prefill_first" if policy_of_2023 else "fcfs",
        stages=side.pp,
    )
