"""The chosen plan's pipeline over time, operation by operation: what a chart of stages against time draws.

Of many stages some are kept, of many operations those nearest to the start and to the end of the pipeline; what lies
between repeats itself.
"""

from dataclasses import dataclass

import numpy as np

from solvers.catalogue import Model
from solvers.cost.layer_costs import StageCosts, part_seconds, stage_costs
from solvers.cost.layouts import Bools, Floats, Ints
from solvers.documents import Document
from solvers.simulate.orders import BACKWARD
from solvers.simulate.pipeline import Seconds, finish_times
from solvers.simulate.program import Program, program_of
from solvers.training.plan import Choice
from solvers.training.staging import schedule_of

MOST_STAGES, MOST_OPERATIONS = 16, 1200
KINDS = ("forward", "backward", "weights", "recompute")
RECOMPUTE = 3


@dataclass(frozen=True)
class Operations:
    """Operations as columns of one length; seconds from the start of the pipeline. `kind` indexes KINDS."""

    stage: Ints
    kind: Ints
    chunk: Ints
    micro_batch: Ints
    start_s: Floats
    seconds: Floats

    def take(self, keep: Ints | Bools) -> "Operations":
        """Some of them."""
        return Operations(
            stage=self.stage[keep],
            kind=self.kind[keep],
            chunk=self.chunk[keep],
            micro_batch=self.micro_batch[keep],
            start_s=self.start_s[keep],
            seconds=self.seconds[keep],
        )


def timeline(model: Model, choice: Choice) -> Document | None:
    """The operations of the plan's pipeline; None where there is none."""
    if choice.staged is None:
        return None
    costs = stage_costs(model, choice.layouts, choice.tables.shards, choice.job)
    seconds = part_seconds(costs, np.array([choice.staged.parts]))
    schedule = schedule_of(choice.layouts)
    program = program_of(schedule)
    ends = finish_times([(schedule, seconds)])[0][:, 0]
    again = _recomputed(costs, choice.staged.parts)
    whole = float(ends.max())
    stages = _spread(schedule.stages)
    operations = _operations(program, ends, seconds, again)
    kept, edge_s = _nearest_to_the_ends(operations.take(np.isin(operations.stage, stages)), whole)
    return {
        "seconds": whole,
        "micro_batches": schedule.micro_batches,
        "stages": stages.tolist(),
        "of_stages": schedule.stages,
        "shown_from_each_end_s": edge_s,
        "kinds": list(KINDS),
        "by_stage": _by_stage(operations, choice.staged.layers_per_stage, whole),
        **_columns(kept.take(np.lexsort((kept.start_s, kept.stage))), whole),
    }


def _spread(stages: int) -> Ints:
    """The stages that are shown: all, or some with the first and the last."""
    return np.unique(np.linspace(0, stages - 1, min(stages, MOST_STAGES)).round().astype(np.int64))


def _recomputed(costs: StageCosts, parts: tuple[int, ...]) -> Floats:
    """Seconds of each part's backward operation that repeat forward work."""
    each = np.array([float(kind.time.recompute[0]) for kind in costs.kinds])[costs.of_layer]
    edges = np.cumsum([0, *parts])
    sums = np.concatenate([[0.0], np.cumsum(each)])
    found: Floats = sums[edges[1:]] - sums[edges[:-1]]
    return found


def _operations(program: Program, ends: Floats, seconds: Seconds, again: Floats) -> Operations:
    """All operations; a backward one that begins with recomputation is two."""
    orders, place, parts = program.orders, program.place, program.schedule.parts
    kinds = [seconds.forward[0], seconds.backward[0], seconds.weight[0]]
    if int(orders.kind.max()) == BACKWARD:
        kinds[BACKWARD] = kinds[BACKWARD] + kinds[2]
    part = program.row[place] % parts
    took = np.array(kinds)[orders.kind, part]
    rank = np.tile(np.arange(len(place))[:, None], (1, place.shape[1]))
    found = Operations(
        stage=rank.ravel(),
        kind=orders.kind.ravel(),
        chunk=orders.chunk.ravel(),
        micro_batch=orders.micro_batch.ravel(),
        start_s=(ends[place] - took).ravel(),
        seconds=took.ravel(),
    )
    head = np.where(found.kind == BACKWARD, again[part.ravel()], 0.0)
    return _joined(found, head)


def _joined(found: Operations, head: Floats) -> Operations:
    """The operations without their first `head` seconds, and these as operations of their own."""
    first = found.take(np.flatnonzero(head > 0))
    return Operations(
        stage=np.concatenate([first.stage, found.stage]),
        kind=np.concatenate([np.full(len(first.kind), RECOMPUTE), found.kind]),
        chunk=np.concatenate([first.chunk, found.chunk]),
        micro_batch=np.concatenate([first.micro_batch, found.micro_batch]),
        start_s=np.concatenate([first.start_s, found.start_s + head]),
        seconds=np.concatenate([head[head > 0], found.seconds - head]),
    )


def _by_stage(operations: Operations, layers: tuple[int, ...], whole: float) -> list[Document]:
    """Seconds of each stage by kind of work, and what it waits."""
    rows = len(layers)
    place = operations.kind * rows + operations.stage
    sums = np.bincount(place, weights=operations.seconds, minlength=rows * len(KINDS)).reshape(len(KINDS), rows)
    return [
        {
            "stage": stage,
            "layers": layers[stage],
            **{f"{name}_s": float(sums[kind, stage]) for kind, name in enumerate(KINDS)},
            "idle_s": whole - float(sums[:, stage].sum()),
        }
        for stage in range(rows)
    ]


def _nearest_to_the_ends(operations: Operations, whole: float) -> tuple[Operations, float | None]:
    """At most MOST_OPERATIONS, those of the first and last seconds; how many seconds, None where all are shown."""
    if len(operations.stage) <= MOST_OPERATIONS:
        return operations, None
    reach = np.minimum(operations.start_s + operations.seconds, whole - operations.start_s)
    edge = float(np.partition(reach, MOST_OPERATIONS)[MOST_OPERATIONS])
    return operations.take(reach < edge), edge


def _columns(operations: Operations, whole: float) -> Document:
    """The operations as lists; times to a hundred-thousandth of the whole."""
    digits = max(0, 5 - int(np.floor(np.log10(whole))))
    return {
        "stage": operations.stage.tolist(),
        "kind": operations.kind.tolist(),
        "chunk": operations.chunk.tolist(),
        "micro_batch": operations.micro_batch.tolist(),
        "start_s": np.round(operations.start_s, digits).tolist(),
        "operation_s": np.round(operations.seconds, digits).tolist(),
    }
