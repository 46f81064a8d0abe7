"""Throughput of vLLM 0.5.3 as NanoFlow measured it: all requests are there at once, and tokens of both kinds count."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import yaml

from solvers import catalogue
from solvers.cost.serving.coefficients import DEFAULT
from solvers.cost.serving.job import Layout, Limits, Numerics, ServingJob, Software
from solvers.cost.serving.memory import BLOCK_TOKENS, memory_of
from solvers.cost.serving.step import step_cost
from solvers.serving.shipped import shipped
from solvers.simulate.serving.case import Deployment, Engine, Pool, Requests
from solvers.simulate.serving.engine import simulate

PAPER = yaml.safe_load(Path(__file__).with_name("zhu2025nanoflow.yaml").read_text("utf-8"))
FIGURE = PAPER["figure_7"]
# vLLM 0.5.3's defaults: 256 sequences, whole prompts first, at most as many tokens as the context.
SEQUENCES, TOKENS = 256, 4096
HOST_STEP_S = 3e-4
# Length sets of the traces; Splitwise's are Azure's conversations.
SETS = {"splitwise": "azure-2023-conv", "lmsys": "lmsys", "sharegpt": "sharegpt"}


def replica() -> ServingJob:
    """Llama-2-70B on a DGX A100 at TP 8."""
    return ServingJob(
        model=catalogue.model("llama-2-70b"),
        node=catalogue.node("dgx-a100-80"),
        layout=Layout(tp=8),
        numerics=Numerics("fp16"),
        software=Software("vllm", "0.5.3"),
        limits=Limits(TOKENS, SEQUENCES, TOKENS),
    )


def requests(workload: str, *, size: int) -> Requests:
    """`size` requests of a column of the figure, all at the start."""
    none = np.zeros(size, dtype=np.int64)
    inputs, outputs = _lengths(workload, size)
    return Requests(np.zeros(size), inputs, outputs, none - 1, none, none)


def _lengths(workload: str, size: int) -> tuple[np.ndarray, np.ndarray]:
    if workload not in SETS:
        first, second = (int(part) for part in workload.split("/"))
        return np.full(size, first, dtype=np.int64), np.full(size, second, dtype=np.int64)
    rows = shipped(SETS[workload])
    fits = np.flatnonzero(rows.input_tokens + rows.output_tokens < TOKENS)
    drawn = np.random.default_rng(0).choice(fits, size)
    return rows.input_tokens[drawn], rows.output_tokens[drawn]


def host_s(*, size: int) -> float:
    """Seconds in which vLLM 0.5.3 prepares a step, from its first bar: between 0 and 100 ms, to a third of one."""
    workload, measured = FIGURE["workloads"][0], FIGURE["bars"]["vllm-0.5.3"][0]
    low, high = 0.0, 0.1
    while high - low > HOST_STEP_S:
        middle = (low + high) / 2.0
        faster = tokens_per_s_per_gpu(workload, size=size, host_s=middle) > measured
        low, high = (middle, high) if faster else (low, middle)
    return low


def tokens_per_s_per_gpu(workload: str, *, size: int, host_s: float = DEFAULT.host_vllm_s) -> float:
    """What the simulation says, tokens of prompts and answers."""
    one, asked = replica(), requests(workload, size=size)
    engine = Engine(
        max_num_seqs=SEQUENCES,
        max_num_batched_tokens=TOKENS,
        blocks=memory_of(one).blocks,
        block_size=BLOCK_TOKENS,
        chunked_prefill=False,
        prefix_caching=False,
        policy="prefill_first",
    )
    outcome = simulate(
        Deployment((Pool("both", 1, engine, step_cost(one, replace(DEFAULT, host_vllm_s=host_s))),)), asked
    )
    total = int(asked.input_tokens.sum() + asked.output_tokens.sum())
    return float(total / outcome.finish_s.max() / one.layout.gpus)
