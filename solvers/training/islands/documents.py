"""An islands plan as the answer shows it: what each island does, what crosses between them, memory of every stage."""

from itertools import pairwise

from solvers.cost.layouts import ONE_F_ONE_B, RECOMPUTE, SCHEDULES
from solvers.cost.stage import PARTS
from solvers.documents import Document
from solvers.training.islands.alone import Alone
from solvers.training.islands.laid import Laid
from solvers.training.islands.spec import IslandsSpec
from solvers.training.islands.stages import Stage, Staged
from solvers.training.plan import label as layout_label
from solvers.training.plan import layout_document as uniform_layout
from solvers.training.plan import plan_document as uniform_plan
from solvers.training.plan import terms_of


def layout_document(laid: Laid) -> Document:
    """The degrees; where groups differ in copies or micro-batches, all copies together and the most of a copy."""
    ways, shards = laid.ways, laid.ways.shards
    shard = int(ways.shard[0])
    return {
        "tp": int(shards.tp[shard]),
        "pp": len(laid.held),
        "vpp": 1,
        "dp": int(ways.copies[0].sum()),
        "cp": int(shards.cp[shard]),
        "ep": int(shards.ep[shard]),
        "micro_batch": int(shards.micro_batch[shard]),
        "micro_batches": max(laid.micro_batches),
        "sequence_parallel": bool(shards.sequence_parallel[shard]),
        "schedule": SCHEDULES[ONE_F_ONE_B],
        "recompute": RECOMPUTE[int(ways.recompute[0])],
        "zero": int(ways.zero[0]),
    }


def label(spec: IslandsSpec, laid: Laid) -> str:
    """One line that tells plans apart: `ib 2 + roce 2: TP8 PP4 DP4 SP mb1`, the stages of each island."""
    return f"{_where(spec, laid)}: {layout_label(layout_document(laid))}"


def _where(spec: IslandsSpec, laid: Laid) -> str:
    """Which islands stand in one pipeline (+) and which train copies of their own (|)."""
    names = [island.name for island in spec.hardware.islands]
    groups = []
    for order in laid.groups:
        counted = [f"{names[island]} {laid.stages_on(island)}" for island in order]
        groups.append(" + ".join(counted) if len(order) > 1 else names[order[0]])
    return " | ".join(groups)


def plan_document(spec: IslandsSpec, plan: Staged) -> Document:
    """The whole plan."""
    used, islands = plan.laid.islands, spec.hardware.islands
    capacity = min(float(plan.kernels[island].near.cluster.memory_bytes) for island in used)
    return {
        "label": label(spec, plan.laid),
        "layout": layout_document(plan.laid),
        "gpus": sum(islands[island].gpus for island in used),
        "nodes": sum(islands[island].nodes for island in used),
        "layers_per_stage": list(plan.laid.held),
        "memory": {
            "capacity_bytes": capacity,
            "usable_bytes": min(plan.kernels[island].usable for island in used),
            "stages": [_memory(spec, plan, stage) for stage in plan.stages],
        },
        "islands": [_island(spec, plan, number) for number in range(len(islands))],
        "crossing": crossing(spec, plan),
    }


def _memory(spec: IslandsSpec, plan: Staged, stage: Stage) -> Document:
    return {
        "stage": stage.stage,
        "layers": stage.layers,
        **{f"{name}_bytes": stage.memory[name] for name in PARTS},
        "total_bytes": stage.memory_bytes,
        "island": spec.hardware.islands[stage.island].name,
        "capacity_bytes": float(plan.kernels[stage.island].near.cluster.memory_bytes),
    }


def _island(spec: IslandsSpec, plan: Staged, number: int) -> Document:
    island = spec.hardware.islands[number]
    stages = [stage for stage in plan.stages if stage.island == number]
    head = {"name": island.name, "node": island.node.shown, "nodes": island.nodes, "gpus": island.gpus}
    if not stages:
        return {**head, **left_out()}
    group = stages[0].group
    layout, copies = layout_document(plan.laid), int(plan.laid.ways.copies[0][group])
    micro_batches = plan.laid.micro_batches[group]
    return {
        **head,
        "gpus_used": len(stages) * copies * layout["tp"] * layout["cp"],
        "stages": [stage.stage for stage in stages],
        "layers_per_stage": [stage.layers for stage in stages],
        "layers": sum(stage.layers for stage in stages),
        "dp": copies,
        "micro_batches": micro_batches,
        "sequences": copies * micro_batches * layout["micro_batch"],
        "slowest_stage_s": max(stage.seconds for stage in stages),
        "peak_memory_bytes": max(stage.memory_bytes for stage in stages),
        "usable_bytes": plan.kernels[number].usable,
    }


def left_out() -> Document:
    """What an island does that the plan does not use."""
    return {
        "gpus_used": 0,
        "stages": [],
        "layers_per_stage": [],
        "layers": 0,
        "dp": 0,
        "micro_batches": 0,
        "sequences": 0,
        "slowest_stage_s": None,
        "peak_memory_bytes": None,
        "usable_bytes": None,
    }


def crossing(spec: IslandsSpec, plan: Staged) -> list[Document]:
    """What travels between islands, in seconds of a step that it adds."""
    found: list[Document] = []
    names = [island.name for island in spec.hardware.islands]
    for group, stages in enumerate(plan.groups):
        for before, after in pairwise(stages):
            if before.island != after.island:
                seconds = plan.laid.micro_batches[group] * max(before.hops, after.hops)
                found.append(_crossing(spec, "pipeline", [names[before.island], names[after.island]], seconds))
    if len(plan.groups) > 1:
        seconds = max(stage.crossing for stage in plan.stages)
        used = [names[island] for group in plan.laid.groups for island in group]
        found.append(_crossing(spec, "data parallel", used, seconds))
    return found


def _crossing(spec: IslandsSpec, group: str, islands: list[str], seconds: float) -> Document:
    return {"group": group, "islands": islands, "link": spec.hardware.link.shown, "seconds": seconds}


def alone_document(spec: IslandsSpec, plan: Alone) -> Document:
    """A plan of the uniform planner, with what each island does in it."""
    choice = plan.choice
    document = uniform_plan(choice, usable=float(choice.job.cluster.memory_bytes) * (1.0 - _headroom(spec)))
    layout = document["layout"]
    return {
        **document,
        "label": alone_label(spec, plan),
        "islands": [_part(spec, plan, number, layout, document) for number in range(len(spec.hardware.islands))],
        "crossing": alone_crossing(spec, plan),
    }


def alone_label(spec: IslandsSpec, plan: Alone) -> str:
    """`ib: TP8 PP1 DP4 mb1`, or `a & b: ...` for equal islands that are run as one cluster."""
    names = " & ".join(spec.hardware.islands[island].name for island in plan.islands)
    return f"{names}: {layout_label(uniform_layout(plan.choice.layouts, plan.choice.tables))}"


def _headroom(spec: IslandsSpec) -> float:
    return spec.constraints.memory_headroom


def _part(spec: IslandsSpec, plan: Alone, number: int, layout: Document, document: Document) -> Document:
    """An island's stages: ranks are numbered island by island, stages take equal numbers of them."""
    island = spec.hardware.islands[number]
    head = {"name": island.name, "node": island.node.shown, "nodes": island.nodes, "gpus": island.gpus}
    if number not in plan.islands:
        return {**head, **left_out()}
    start, stop = _ranks(spec, plan, number)
    each = document["gpus"] // layout["pp"]
    stages = list(range(start // each, -(-stop // each)))
    memory = [document["memory"]["stages"][stage]["total_bytes"] for stage in stages]
    share = (stop - start) / document["gpus"] if layout["pp"] == 1 else 1.0
    return {
        **head,
        "gpus_used": island.gpus,
        "stages": stages,
        "layers_per_stage": [document["layers_per_stage"][stage] for stage in stages],
        "layers": sum(document["layers_per_stage"][stage] for stage in stages),
        "dp": layout["dp"],
        "micro_batches": layout["micro_batches"],
        "sequences": round(spec.global_batch * share),
        "slowest_stage_s": None,
        "peak_memory_bytes": max(memory),
        "usable_bytes": document["memory"]["usable_bytes"],
    }


def _ranks(spec: IslandsSpec, plan: Alone, number: int) -> tuple[int, int]:
    before = sum(spec.hardware.islands[island].gpus for island in plan.islands[: plan.islands.index(number)])
    return before, before + spec.hardware.islands[number].gpus


def alone_crossing(spec: IslandsSpec, plan: Alone) -> list[Document]:
    """Which groups cross where equal islands are run as one cluster; their seconds are terms of the breakdown."""
    layout = uniform_layout(plan.choice.layouts, plan.choice.tables)
    names = [spec.hardware.islands[island].name for island in plan.islands]
    if len(plan.islands) == 1:
        return []
    each = int(plan.choice.job.cluster.gpus) // layout["pp"]
    cut = any(_ranks(spec, plan, number)[1] % each for number in plan.islands[:-1])
    terms = terms_of(plan.choice)
    groups = {"pipeline": terms["pipeline_p2p"]} if layout["pp"] > 1 else {}
    groups |= {"data parallel": terms["data_parallel"]} if cut else {}
    return [
        {"group": group, "islands": names, "link": spec.hardware.link.shown, "seconds": seconds}
        for group, seconds in groups.items()
    ]


def only_island(spec: IslandsSpec, document: Document) -> Document:
    """What a plan on the only island adds: that it does everything."""
    island, layout = spec.hardware.islands[0], document["layout"]
    part = {
        "name": island.name,
        "node": island.node.shown,
        "nodes": document["nodes"],
        "gpus": document["gpus"],
        "gpus_used": document["gpus"],
        "stages": list(range(layout["pp"])),
        "layers_per_stage": document["layers_per_stage"],
        "layers": sum(document["layers_per_stage"]),
        "dp": layout["dp"],
        "micro_batches": layout["micro_batches"],
        "sequences": spec.global_batch,
        "slowest_stage_s": None,
        "peak_memory_bytes": max(stage["total_bytes"] for stage in document["memory"]["stages"]),
        "usable_bytes": document["memory"]["usable_bytes"],
    }
    return {"islands": [part], "crossing": []}
