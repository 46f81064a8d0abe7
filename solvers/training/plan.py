"""A layout as the answer shows it: label, degrees, layers and memory of each stage, estimates, terms of the step."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from solvers.base import Estimate
from solvers.cost.block import Job
from solvers.cost.layouts import RECOMPUTE, SCHEDULES, Bools, Layouts
from solvers.cost.memory import memory_of_stage
from solvers.cost.pipeline import layers_per_stage
from solvers.cost.stage import PARTS, StageMemory
from solvers.cost.step import step_time
from solvers.documents import Document
from solvers.training.job import Tables
from solvers.training.rare import rare_document, rare_words
from solvers.training.room import room_document
from solvers.training.search import Found
from solvers.training.staging import Staged, plain_parts

SHOWN = {"gpipe": "GPipe", "zb-h1": "ZB-H1"}


@dataclass(frozen=True)
class Choice:
    """One layout of a search, and where it came from; `staged` where its layers were dealt to stages.

    What calibration says of it is as in `Pool`.
    """

    nodes: int
    job: Job
    tables: Tables
    layouts: Layouts
    step_time_s: float
    memory_bytes: float
    cost_usd: float
    closed_form_s: float | None = None
    staged: Staged | None = None
    factor: float = 1.0
    low: float = 1.0
    high: float = 1.0
    novelty: float = 1.0
    regret: float = math.inf
    probability_best: float = 0.0

    @property
    def interval(self) -> Estimate:
        """The step time with its interval."""
        return Estimate(self.step_time_s, self.step_time_s * self.low, self.step_time_s * self.high)

    @property
    def gpus(self) -> int:
        """All GPUs."""
        return int(self.job.cluster.gpus)


def choice_of(found: Found, row: int) -> Choice:
    """Row `row` of what was found."""
    return Choice(
        nodes=found.nodes,
        job=found.job,
        tables=found.tables,
        layouts=found.layouts.take(slice(row, row + 1)),
        step_time_s=float(found.step_time_s[row]),
        memory_bytes=float(found.memory_bytes[row]),
        cost_usd=float(found.cost_usd[row]),
        closed_form_s=float(found.step_time_s[row]),
        staged=found.staged.get(row),
    )


def layout_document(layouts: Layouts, tables: Tables, row: int = 0) -> Document:
    """The degrees of one layout."""
    shard = int(layouts.shard[row])
    shards = tables.shards
    return {
        "tp": int(shards.tp[shard]),
        "pp": int(layouts.pp[row]),
        "vpp": int(layouts.vpp[row]),
        "dp": int(layouts.dp[row]),
        "cp": int(shards.cp[shard]),
        "ep": int(shards.ep[shard]),
        "micro_batch": int(shards.micro_batch[shard]),
        "micro_batches": int(layouts.micro_batches[row]),
        "sequence_parallel": bool(shards.sequence_parallel[shard]),
        "schedule": SCHEDULES[int(layouts.schedule[row])],
        "recompute": RECOMPUTE[int(layouts.recompute[row])],
        "zero": int(layouts.zero[row]),
        **rare_document(layouts, shards, row),
        **_pieces(tables, shard),
    }


def _pieces(tables: Tables, shard: int) -> Document:
    """Into how many pieces experts are cut in each pass; nothing where they are whole."""
    if tables.exchange is None:
        return {}
    ahead, back = int(tables.exchange.pieces_forward[shard]), int(tables.exchange.pieces_backward[shard])
    return {"expert_pieces": True, "pieces_forward": ahead, "pieces_backward": back} if max(ahead, back) > 1 else {}


def label(layout: Document) -> str:
    """One line that tells layouts apart: `TP4 PP4 VPP5 DP32 SP mb1 selective ZeRO-1`."""
    words = [f"TP{layout['tp']}", f"PP{layout['pp']}"]
    words += [f"VPP{layout['vpp']}"] if layout["vpp"] > 1 else []
    words += [f"DP{layout['dp']}"]
    words += [f"CP{layout['cp']}"] if layout["cp"] > 1 else []
    words += [f"EP{layout['ep']}"] if layout["ep"] > 1 else []
    words += ["SP"] if layout["sequence_parallel"] else []
    words += [f"mb{layout['micro_batch']}"]
    words += [layout["recompute"]] if layout["recompute"] != "none" else []
    words += [f"ZeRO-{layout['zero']}"] if layout["zero"] else []
    words += [SHOWN[layout["schedule"]]] if layout["schedule"] in SHOWN else []
    words += rare_words(layout)
    return " ".join(words)


def overlaps_tensor(layouts: Layouts, tables: Tables, job: Job) -> Bools:
    """Where tensor-parallel traffic runs beside products: with sequence parallelism, in one domain."""
    shards, row = tables.shards, layouts.shard
    able: Bools = (shards.tp[row] > 1) & (shards.tp[row] <= job.cluster.domain) & (shards.sequence_parallel[row] > 0)
    return able & job.stack.overlap_tensor


def plan_document(choice: Choice, *, usable: float) -> Document:
    """The whole plan."""
    layout = layout_document(choice.layouts, choice.tables)
    parts = parts_of(choice)
    stages, capacity = stages_document(choice), float(choice.job.cluster.memory_bytes)
    if overlaps_tensor(choice.layouts, choice.tables, choice.job)[0]:
        layout["tensor_overlap"] = True
    return {
        "label": label(layout),
        "layout": layout,
        "gpus": choice.job.cluster.gpus,
        "nodes": choice.nodes,
        "layers_per_stage": [sum(parts[rank :: layout["pp"]]) for rank in range(layout["pp"])],
        "layers_per_chunk": list(parts),
        "simulated": simulated_document(choice),
        "memory": {
            "capacity_bytes": choice.job.cluster.memory_bytes,
            "usable_bytes": usable,
            "stages": stages,
            **room_document(stages, capacity=capacity),
        },
    }


def parts_of(choice: Choice) -> tuple[int, ...]:
    """Layers of each chunk of the pipeline, from the embedding to the head; chunk i is on stage i mod p."""
    if choice.staged:
        return choice.staged.parts
    pp, vpp = int(choice.layouts.pp[0]), int(choice.layouts.vpp[0])
    return plain_parts(int(choice.job.architecture.layers), pp, pp * vpp)


def simulated_document(choice: Choice) -> Document | None:
    """What the simulation of the pipeline says beside the closed form; None where nothing was simulated.

    `bubble` is the share of the step that the busiest stage waits; `plain_s` the step with layers dealt evenly. All of
    them as calibrated as the plan's step.
    """
    staged = choice.staged
    if staged is None or not staged.simulated:
        return None
    longer = choice.step_time_s / staged.step_time_s
    return {
        "step_time_s": choice.step_time_s,
        "closed_form_s": None if choice.closed_form_s is None else choice.closed_form_s * longer,
        "plain_s": None if staged.plain_s is None else staged.plain_s * longer,
        "layers_per_stage": list(staged.layers_per_stage),
        "uneven": staged.uneven,
        "bubble": staged.terms["pipeline_bubble"] / staged.step_time_s,
    }


def _memory_of_stages(choice: Choice) -> StageMemory:
    if choice.staged:
        return choice.staged.memory
    pp = int(choice.layouts.pp[0])
    repeated = choice.layouts.take(np.zeros(pp, dtype=np.int64))
    layers = np.array(layers_per_stage(int(choice.job.architecture.layers), pp), dtype=np.float64)
    tables = choice.tables
    return memory_of_stage(
        np.arange(pp, dtype=np.float64), layers, repeated, tables.shards, tables.footprint, choice.job
    )


def stages_document(choice: Choice) -> list[Document]:
    """Memory of every stage, part by part."""
    pp, parts = int(choice.layouts.pp[0]), parts_of(choice)
    memory = _memory_of_stages(choice)
    return [
        {
            "stage": number,
            "layers": sum(parts[number::pp]),
            **{f"{name}_bytes": float(memory.part(name)[number]) for name in PARTS},
            "total_bytes": float(memory.total[number]),
        }
        for number in range(pp)
    ]


def terms_of(choice: Choice) -> dict[str, float]:
    """Seconds of the step by term; they add up to the step: what calibration adds is spread over all of them."""
    tables = choice.tables
    kernel = step_time(choice.layouts, tables.shards, tables.block, tables.footprint, choice.job)
    terms = dict(choice.staged.terms) if choice.staged else kernel.terms(0)
    longer = choice.step_time_s / sum(terms.values())
    return {name: seconds * longer for name, seconds in terms.items()}


def breakdown_document(terms: dict[str, float]) -> list[Document]:
    """The terms as the answer lists them."""
    return [{"term": name, "value": value} for name, value in terms.items()]


def estimates_document(estimates: dict[str, Estimate]) -> dict[str, Any]:
    """Estimates inside a nested document."""
    return {name: {"value": e.value, "low": e.low, "high": e.high} for name, e in estimates.items()}
