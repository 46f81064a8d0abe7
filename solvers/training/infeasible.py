"""When nothing is feasible: what binds, the nearest layout, and the smallest change that helps (solved again)."""

from collections.abc import Iterator, Sequence

import numpy as np

from solvers.base import Infeasible, Progress
from solvers.catalogue.equal_nodes import MOST_GPUS
from solvers.cost.layouts import Layouts
from solvers.cost.memory import peak_memory
from solvers.documents import Document
from solvers.training import calibration
from solvers.training.calibration import slack_of
from solvers.training.explore import explore, refined_all
from solvers.training.job import usable_bytes, usable_host_bytes
from solvers.training.options import TECHNIQUES, Options
from solvers.training.plan import Choice, label, layout_document, plan_document, stages_document, terms_of
from solvers.training.pool import best
from solvers.training.room import largest_part
from solvers.training.run_length import run_factors, steps_of
from solvers.training.savers import most_saved
from solvers.training.search import CHUNK, Found, search
from solvers.training.settle import FEW, settle
from solvers.training.space import chunks
from solvers.training.spec import TrainingSpec
from solvers.units import SHARE, SIZE, show, show_named

LIMITS = ("max_step_time", "deadline", "budget")
MOST_DOUBLINGS = 6
SHORTEST = 128

Try = tuple[str, object, str, TrainingSpec]


def infeasible(spec: TrainingSpec, found: Sequence[Found], counted: Document, progress: Progress) -> Infeasible:
    """The answer that there is no plan."""
    progress(stage="looking for what would help", fraction=0.85, candidates=int(counted["candidates"]))
    reason, binding, nearest = _why(spec, found)
    return Infeasible(
        reason=reason,
        binding=binding,
        nearest=nearest,
        smallest_change=_smallest_change(spec, binding),
        search=counted,
        data=calibration.data_of(spec.calibration),
    )


def _why(spec: TrainingSpec, found: Sequence[Found]) -> tuple[str, tuple[str, ...], Document | None]:
    missed = [name for name in LIMITS if any(f"misses the {name}" in f.rejected for f in found)]
    if missed:
        return _too_slow(spec, missed)
    largest = max(found, key=lambda f: f.nodes)
    if largest.nearest.size:
        return _too_big(spec, largest)
    reasons = sorted(largest.rejected.items(), key=lambda item: -item[1])
    told = "; ".join(f"{reason} ({count:,})" for reason, count in reasons[:4])
    hint = _batch_hint(spec)
    return f"No layout divides: {told}.{hint}", tuple(reason for reason, _ in reasons[:4]), None


def _batch_hint(spec: TrainingSpec) -> str:
    gpus = spec.hardware.gpus
    if spec.global_batch % gpus == 0:
        return ""
    below, above = spec.global_batch // gpus * gpus, -(-spec.global_batch // gpus) * gpus
    choices = " or ".join(f"{n:,}" for n in (below, above) if n)
    return f" A global batch of {choices} sequences divides among all {gpus:,} GPUs."


def _too_big(spec: TrainingSpec, found: Found) -> tuple[str, tuple[str, ...], Document]:
    """The layout that needs least memory does not fit: which stage, which part."""
    choice = _nearest_choice(found, _smallest(spec, found))
    usable = usable_bytes(spec, found.job)
    stage = max(stages_document(choice), key=lambda stage: float(stage["total_bytes"]))
    part = largest_part(stage)
    reason = (
        f"needs {show(stage['total_bytes'], SIZE)} of {show(usable, SIZE)} usable on stage {stage['stage']}: {part}"
    )
    name = label(layout_document(choice.layouts, choice.tables))
    sentence = f"Even the layout that needs least memory, with all that the options let it save ({name}), {reason}."
    plan = plan_document(choice, usable=usable)
    needs = {"memory_bytes": stage["total_bytes"], "usable_bytes": usable, "stage": stage["stage"], "part": part}
    return sentence, ("memory", f"memory: {part}"), {"plan": plan, "needs": needs}


def _smallest(spec: TrainingSpec, found: Found) -> Layouts:
    """The layout that needs least memory, with as much saved as may be; one row."""
    if found.base is None:
        return found.nearest
    layouts, host_limit = found.base.layouts, usable_host_bytes(spec, found.job)
    parts = [
        most_saved(layouts.take(part), found.tables, found.job, spec.options, host_limit=host_limit)
        for part in chunks(layouts, size=CHUNK)
    ]
    memory = [float(peak_memory(one, found.tables.shards, found.tables.footprint, found.job)[0]) for one in parts]
    return parts[int(np.argmin(memory))]


def _nearest_choice(found: Found, layouts: Layouts) -> Choice:
    plain = Choice(
        nodes=found.nodes,
        job=found.job,
        tables=found.tables,
        layouts=layouts,
        step_time_s=0.0,
        memory_bytes=0.0,
        cost_usd=0.0,
    )
    seconds = sum(terms_of(plain).values())
    return Choice(
        nodes=found.nodes,
        job=found.job,
        tables=found.tables,
        layouts=layouts,
        step_time_s=seconds,
        memory_bytes=max(float(stage["total_bytes"]) for stage in stages_document(plain)),
        cost_usd=0.0,
    )


def _too_slow(spec: TrainingSpec, missed: list[str]) -> tuple[str, tuple[str, ...], Document | None]:
    """Plans fit, but each breaks a limit of time or money: how near the best comes."""
    choice = _fastest(_without_limits(spec, LIMITS))
    if choice is None:
        return "Plans fit only on fewer nodes, and those break a limit.", tuple(missed), None
    needs = _needs(spec, choice, missed)
    told = "; ".join(need["message"] for need in needs)
    name = label(layout_document(choice.layouts, choice.tables))
    plan = plan_document(choice, usable=usable_bytes(spec, choice.job))
    return f"The best layout ({name}) {told}.", tuple(missed), {"plan": plan, "needs": needs}


def _needs(spec: TrainingSpec, choice: Choice, missed: list[str]) -> list[Document]:
    steps = steps_of(spec) or 0.0
    factors = run_factors(spec, choice.job)
    values = {
        "max_step_time": ("step_time_s", choice.step_time_s),
        "deadline": ("run_time_s", choice.step_time_s * steps * factors.time),
        "budget": ("cost_usd", choice.cost_usd * steps * factors.cost),
    }
    found = []
    for name in missed:
        quantity, value = values[name]
        limit = getattr(spec.constraints, name)
        message = f"needs {show_named(quantity, value)}, and the {name} is {show_named(quantity, limit)}"
        found.append({"constraint": name, "value": value, "limit": limit, "message": message})
    return found


def _without_limits(spec: TrainingSpec, names: tuple[str, ...]) -> TrainingSpec:
    limits = spec.constraints.model_copy(update=dict.fromkeys(names))
    return spec.model_copy(update={"constraints": limits, "objective": "step_time"})


def _smallest_change(spec: TrainingSpec, missed: tuple[str, ...]) -> Document | None:
    """The first change that makes a plan possible.

    In order: one forbidden technique, less head-room, another batch, more nodes, a shorter sequence. Where plans fit
    and a limit is missed: one forbidden technique, a few more nodes, a looser limit.
    """
    for at, value, message, changed in _tries(spec, missed):
        if _possible(changed):
            return {"message": message, "changes": [{"at": at, "value": value}]}
    return None


def _tries(spec: TrainingSpec, missed: tuple[str, ...]) -> Iterator[Try]:
    yield from _techniques(spec)
    if any(name in LIMITS for name in missed):
        yield from (_more_nodes(spec, most=4) if "budget" not in missed else [])
        yield from _looser(spec)
        return
    yield from _headroom(spec)
    yield from _batch(spec)
    yield from _more_nodes(spec, most=2**MOST_DOUBLINGS)
    yield from _shorter(spec)


def _possible(spec: TrainingSpec) -> bool:
    plain = search(spec, nodes=spec.hardware.nodes, slack=slack_of(spec.calibration))
    limited = any(getattr(spec.constraints, name) is not None for name in LIMITS)
    if plain.feasible and not limited:
        return True
    explored = refined_all(spec, [plain])
    return settle(spec, explored.found, most=FEW).pool is not None if limited else explored.feasible > 0


def _fastest(spec: TrainingSpec) -> Choice | None:
    """The best plan on all nodes."""
    pool = settle(spec, explore(spec, nodes=spec.hardware.nodes).found, most=FEW).pool
    return pool.choice(best(spec, pool, most=1)[0]) if pool else None


def _techniques(spec: TrainingSpec) -> list[Try]:
    """Each forbidden technique given back alone, then all of them; then fixed degrees set free."""
    tries: list[Try] = []
    forbidden = [name for name in TECHNIQUES if spec.options.forbids(name)]
    for name in forbidden:
        options = _permitting(spec.options, (name,))
        at, value = (
            ("/options/forbid", list(options.forbid))
            if name in spec.options.forbid
            else (
                "/options/allow",
                list(options.allow or ()),
            )
        )
        tries.append((at, value, f"Allow {name}.", spec.model_copy(update={"options": options})))
    fixed = spec.options.fix.model_dump(exclude_none=True)
    for name in fixed:
        fix = spec.options.fix.model_copy(update={name: None})
        options = spec.options.model_copy(update={"fix": fix})
        changed = spec.model_copy(update={"options": options})
        tries.append((f"/options/fix/{name}", None, f"Do not fix {name}.", changed))
    return tries


def _permitting(options: Options, names: tuple[str, ...]) -> Options:
    forbid = tuple(name for name in options.forbid if name not in names)
    allow = None if options.allow is None else (*options.allow, *(n for n in names if n not in options.allow))
    return options.model_copy(update={"forbid": forbid, "allow": allow})


def _headroom(spec: TrainingSpec) -> list[Try]:
    tries: list[Try] = []
    for share in (0.05, 0.02, 0.0):
        if share < spec.constraints.memory_headroom:
            limits = spec.constraints.model_copy(update={"memory_headroom": share})
            changed = spec.model_copy(update={"constraints": limits})
            tries.append(("/constraints/memory_headroom", share, f"Keep {show(share, SHARE)} of memory free.", changed))
    return tries


def _batch(spec: TrainingSpec) -> list[Try]:
    """Another global batch, where the present one does not divide."""
    gpus = spec.hardware.gpus
    tries: list[Try] = []
    for batch in sorted({spec.global_batch // gpus * gpus, -(-spec.global_batch // gpus) * gpus}):
        if batch and batch != spec.global_batch:
            changed = spec.model_copy(update={"global_batch": batch})
            tries.append(("/global_batch", batch, f"A global batch of {batch:,} sequences.", changed))
    return tries


def _more_nodes(spec: TrainingSpec, *, most: int) -> list[Try]:
    """More nodes, rising: quarters up to four times as many, then doubled up to `most` times."""
    if spec.hardware.node.nic_bytes_per_s_per_gpu == 0:
        return []
    nodes = spec.hardware.nodes
    tries: list[Try] = []
    steps = {nodes * k // 4 for k in range(5, 17)} | {nodes * 2**k for k in range(1, MOST_DOUBLINGS + 1)}
    for more in sorted(step for step in steps if nodes < step <= nodes * most):
        if more * spec.hardware.node.gpus <= MOST_GPUS:
            hardware = spec.hardware.model_copy(update={"nodes": more})
            changed = spec.model_copy(update={"hardware": hardware})
            tries.append(("/hardware/nodes", more, f"{more:,} nodes instead of {nodes:,}.", changed))
    return tries


def _shorter(spec: TrainingSpec) -> list[Try]:
    tries: list[Try] = []
    for halvings in range(1, MOST_DOUBLINGS + 1):
        length = spec.sequence_length >> halvings
        if length >= SHORTEST:
            changed = spec.model_copy(update={"sequence_length": length})
            tries.append(("/sequence_length", length, f"Sequences of {length:,} tokens.", changed))
    return tries


def _looser(spec: TrainingSpec) -> list[Try]:
    """The limit that the best layout breaks, set to what that layout needs and two per cent."""
    missed = [name for name in LIMITS if getattr(spec.constraints, name) is not None]
    tries: list[Try] = []
    for name in missed:
        choice = _fastest(_without_limits(spec, (name,)))
        if choice is not None:
            needed = _needs(spec, choice, [name])[0]["value"] * 1.02
            limits = spec.constraints.model_copy(update={name: needed})
            quantity = {"max_step_time": "step_time_s", "deadline": "run_time_s", "budget": "cost_usd"}[name]
            message = f"A {name} of {show_named(quantity, needed)}."
            tries.append((f"/constraints/{name}", needed, message, spec.model_copy(update={"constraints": limits})))
    return tries
