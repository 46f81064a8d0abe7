"""Capacity of Sarathi-Serve and of vLLM of 2023, as the paper defines it, by simulation at priors."""

from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import yaml

from solvers import catalogue
from solvers.catalogue import Model, Node
from solvers.cost.serving.job import Layout, Limits, Numerics, ServingJob, Software
from solvers.cost.serving.memory import BLOCK_TOKENS, memory_of
from solvers.cost.serving.step import step_cost
from solvers.serving.lengths import Lengths
from solvers.simulate.serving.case import GAP_EDGES, Deployment, Engine, Outcome, Pool, Requests
from solvers.simulate.serving.engine import simulate
from tests.papers.eager import Eager

PAPER = yaml.safe_load(Path(__file__).with_name("agrawal2024sarathi.yaml").read_text("utf-8"))
ROWS: dict[str, dict[str, Any]] = {row["model"]: row for row in PAPER["figure_10"]["rows"]}
SLOS = ("strict", "relaxed")
SOURCE = {"source": [{"title": "arXiv 2403.02310, section 5"}]}
TOLERANCE, HIGHEST = 0.03, 64.0

System = Literal["sarathi", "vllm"]


@cache
def node(name: str) -> Node:
    """A server of the paper."""
    server = dict(PAPER["servers"][name])
    described = {field: PAPER[server[field]] | SOURCE for field in ("gpu", "link") if server[field] in PAPER}
    return catalogue.node(server | described | SOURCE)


@cache
def requests(trace: str, *, size: int, seed: int = 0) -> Requests:
    """`size` requests of a trace at one a second, those beyond its longest left out."""
    asked, rng = PAPER["traces"][trace], np.random.default_rng(seed)
    tokens = [Lengths.model_validate(asked[name]).draw(rng.standard_normal(4 * size)) for name in ("input", "output")]
    kept = np.flatnonzero(tokens[0] + tokens[1] <= asked["longest"])[:size]
    none = np.zeros(size, dtype=np.int64)
    return Requests(np.cumsum(rng.exponential(size=size)), tokens[0][kept], tokens[1][kept], none - 1, none, none)


def job(row: dict[str, Any], *, tokens: int, longest: int) -> ServingJob:
    """One replica in the cost kernel's words: FP16, an engine that prepares its steps one after the other."""
    model: Model = catalogue.model(row["model"])
    limits = Limits(max_num_batched_tokens=tokens, max_num_seqs=PAPER["batch"], max_model_len=longest)
    layout, software = Layout(tp=row["tp"], pp=row["pp"]), Software("vllm", "0.2")
    return ServingJob(model, node(row["server"]), layout, Numerics("fp16"), software, limits, graphs=False)


@cache
def deployment(model: str, system: System, trace: str, slo: str) -> Deployment:
    """One replica under one scheduler; both have the KV blocks that are left beside the weights."""
    row, longest = ROWS[model], PAPER["traces"][trace]["longest"]
    tokens = row[f"{slo}_chunk"] if system == "sarathi" else longest
    one = job(row, tokens=tokens, longest=longest)
    engine = Engine(
        max_num_seqs=PAPER["batch"],
        max_num_batched_tokens=tokens,
        blocks=memory_of(job(row, tokens=longest, longest=longest)).blocks,
        block_size=BLOCK_TOKENS,
        chunked_prefill=system == "sarathi",
        prefix_caching=False,
        policy="fcfs" if system == "sarathi" else "prefill_first",
        stages=row["pp"],
    )
    return Deployment(pools=(Pool("both", 1, engine, step_cost(one)),))


def machine(model: str) -> Eager:
    """The paper's server with one model on it, for single steps."""
    row = ROWS[model]
    return Eager(catalogue.model(row["model"]), node(row["server"]), Layout(tp=row["tp"], pp=row["pp"]))


def quantile_of_gaps(outcome: Outcome, share: float) -> float:
    """The time between tokens that `share` of them keep to: the upper bound of its bin."""
    place = int(np.searchsorted(np.cumsum(outcome.gaps), share * outcome.gaps.sum()))
    return float(GAP_EDGES[min(place, len(GAP_EDGES) - 1)])


def keeps(model: str, system: System, trace: str, slo: str, *, rate: float, size: int) -> bool:
    """Whether both conditions of capacity hold at `rate` requests a second."""
    unit = requests(trace, size=size)
    arrived = Requests(
        unit.arrival_s / rate, unit.input_tokens, unit.output_tokens, unit.prefix, unit.prefix_tokens, unit.priority
    )
    outcome = simulate(deployment(model, system, trace, slo), arrived)
    waited = float(np.quantile(outcome.scheduled_s - outcome.sent_s, PAPER["waiting"]["quantile"]))
    kept = quantile_of_gaps(outcome, PAPER["quantile"]) <= ROWS[model][f"{slo}_s"]
    return kept and waited <= PAPER["waiting"]["seconds"]


def capacity(model: str, system: System, trace: str, slo: str, *, size: int) -> float:
    """Requests a second, to TOLERANCE; 0 where one request in a hundred seconds is too many."""
    low, high = 0.01, HIGHEST
    if not keeps(model, system, trace, slo, rate=low, size=size):
        return 0.0
    while high / low > 1.0 + TOLERANCE:
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if keeps(model, system, trace, slo, rate=middle, size=size) else (low, middle)
    return low
