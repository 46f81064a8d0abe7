"""How fast the kernel is, in layouts a second with memory and every term of the step, and how soon a plan is there.

The kernel's workload is a 175-billion-parameter model on 1,024 GPUs: every layout that divides, in an order drawn with
a fixed seed. Nothing is filtered: peak memory and all terms of the step are computed for each layout. The plan is the
example of a 1-trillion-parameter model on 3,072 GPUs, from the spec to the whole answer with its sensitivities.
"""

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import numpy as np

from solvers.base import silent
from solvers.cost.block import Job
from solvers.cost.layouts import Layouts
from solvers.cost.memory import peak_memory
from solvers.cost.step import step_time
from solvers.documents import read
from solvers.training.job import Tables, job_of, tables_of
from solvers.training.search import CHUNK
from solvers.training.solve import answer
from solvers.training.space import chunks, space_of
from solvers.training.spec import TrainingSpec

SEED = 20
SPEC = {
    "kind": "training",
    "model": "gpt3-175b",
    "hardware": {"node": "dgx-h100", "nodes": 128},
    "sequence_length": 2048,
    "global_batch": 1536,
    "precision": "bf16",
}

LARGE = "megatron-1t-3072-a100.yaml"


def workload() -> Callable[[], int]:
    """A function that evaluates the whole workload and returns how many layouts that were."""
    spec = TrainingSpec.model_validate(SPEC)
    job = job_of(spec, nodes=spec.hardware.nodes)
    space = space_of(spec, nodes=spec.hardware.nodes)
    order = np.random.default_rng(SEED).permutation(space.layouts.size)
    layouts = space.layouts.take(order)

    def evaluate() -> int:
        return evaluate_all(layouts, tables_of(space.shards, job), job)

    return evaluate


def evaluate_all(layouts: Layouts, tables: Tables, job: Job) -> int:
    """Peak memory and step time of all layouts; how many there were."""
    count = 0
    for part in chunks(layouts, size=CHUNK):
        some = layouts.take(part)
        memory = peak_memory(some, tables.shards, tables.footprint, job)
        total = step_time(some, tables.shards, tables.block, tables.footprint, job).total
        count += int(np.isfinite(memory).sum()) if len(total) == len(memory) else 0
    return count


def plan() -> int:
    """The whole answer for the large example; how many layouts it looked at."""
    example = (files("solvers.training") / "examples" / LARGE).read_text("utf-8")
    found = answer(TrainingSpec.model_validate(read(example)), silent)
    return int(found.search["candidates"])


def run(clock: Callable[[], float]) -> dict[str, Any]:
    """One repeat, timed by the caller's `clock` (seconds); building the list of layouts is not counted."""
    evaluate = workload()
    start = clock()
    count = evaluate()
    seconds = clock() - start
    start = clock()
    looked_at = plan()
    plan_seconds = clock() - start
    return {
        "configs_per_s": count / seconds,
        "configurations": count,
        "seconds": seconds,
        "workload": "GPT-3 175B on 1,024 H100, batch 1,536: every layout that divides, memory and all terms of each",
        "plan_seconds": plan_seconds,
        "plan_candidates": looked_at,
        "plan_workload": "GPT 1T on 3,072 A100, batch 3,072: the whole answer",
    }
