"""DistServe against vLLM in the paper's settings, with the paper's coefficients."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from solvers.serving.distserve.deployments import colocated, disaggregated
from solvers.serving.distserve.goodput import goodput
from solvers.serving.distserve.layouts import Placement, Side
from solvers.serving.distserve.profile import MODELS
from solvers.serving.distserve.workload import Workload, workload
from solvers.serving.slo import Slo
from solvers.simulate.serving.case import Deployment
from solvers.simulate.serving.engine import simulate

PAPER = yaml.safe_load(Path(__file__).with_name("zhong2024distserve.yaml").read_text("utf-8"))
ROWS: dict[str, dict[str, Any]] = {f"{row['model']} {row['dataset']}": row for row in PAPER["figure_8_9"]["rows"]}
SYSTEMS = ("distserve", "vllm")
MOST_PER_GPU = 10.0


@cache
def work(name: str, *, size: int, seed: int = 0) -> Workload:
    """The requests of a row and what is asked of them."""
    row = ROWS[name]
    slo = Slo(ttft=row["ttft_s"], tpot=row["tpot_s"], attainment=PAPER["attainment"])
    return workload(row["dataset"], size=size, seed=seed, slo=slo)


def system(name: str, which: str) -> tuple[Deployment, int]:
    """One of the two systems as the paper placed it, and its GPUs."""
    row = ROWS[name]
    model = MODELS[row["model"]]
    if which == "vllm":
        return colocated(model, Side(row["vllm_tp"], 1)), row["vllm_tp"]
    tp, pp, decode_tp, decode_pp = row["distserve"]
    placement = Placement(Side(tp, pp), Side(decode_tp, decode_pp), near=True)
    return disaggregated(model, placement), placement.gpus


def goodput_per_gpu(name: str, which: str, *, size: int) -> float:
    """Requests a second and GPU within both SLOs."""
    deployment, gpus = system(name, which)
    return goodput(deployment, work(name, size=size), most=MOST_PER_GPU * gpus) / gpus


def tightest_scale(name: str, which: str, *, size: int) -> float:
    """The least factor on both SLOs that nine of ten requests keep to at the paper's rate."""
    deployment, gpus = system(name, which)
    asked = work(name, size=size)
    requests = asked.at(ROWS[name]["rate"] * gpus)
    outcome = simulate(deployment, requests)
    limits = asked.slo.limits
    tpot = outcome.tpot_s(requests.output_tokens) / limits["tpot"]
    return float(np.quantile(np.maximum(outcome.ttft_s / limits["ttft"], tpot), asked.slo.attainment))
