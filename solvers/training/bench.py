"""How fast the kernel is: layouts evaluated a second, memory and every term of the step included.

The workload is a 175-billion-parameter model on 1,024 GPUs: every layout that divides, in an order drawn with a fixed
seed. Nothing is filtered: peak memory and all terms of the step are computed for each layout.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from solvers.cost.block import Job
from solvers.cost.layouts import Layouts
from solvers.cost.memory import peak_memory
from solvers.cost.step import step_time
from solvers.training.job import Tables, job_of, tables_of
from solvers.training.search import CHUNK
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


def run(clock: Callable[[], float]) -> dict[str, Any]:
    """One repeat, timed by the caller's `clock` (seconds); building the list of layouts is not counted."""
    evaluate = workload()
    start = clock()
    count = evaluate()
    seconds = clock() - start
    return {
        "configs_per_s": count / seconds,
        "configurations": count,
        "seconds": seconds,
        "workload": "GPT-3 175B on 1,024 H100, batch 1,536: every layout that divides, memory and all terms of each",
    }
