"""What would change the answer: the same question with one thing changed, solved again.

A large space is solved again over all degrees, micro-batches, schedules and recomputation, with the ZeRO stage and
sequence parallelism of the plan; a small one as a whole. `space` says which.
"""

from dataclasses import dataclass

from solvers.documents import Document
from solvers.training.explore import explore
from solvers.training.plan import Choice, label, layout_document
from solvers.training.pool import Pool, best
from solvers.training.settle import FEW, settle
from solvers.training.spec import MOST_TOKENS_IN_SEQUENCE, TrainingSpec
from solvers.training.techniques import uses
from solvers.units import SHARE, show, show_named

SMALL = 60_000
# Layouts that are refined for one change.
REFINED = 2_000


@dataclass(frozen=True)
class Change:
    """A changed question, in words."""

    name: str
    spec: TrainingSpec


def sensitivity(spec: TrainingSpec, chosen: Choice, pool: Pool) -> list[Document]:
    """Each change with its best layout and step time."""
    large = sum(f.candidates for f in pool.found) > SMALL
    return [_answered(change, chosen, large=large) for change in changes(spec)]


def changes(spec: TrainingSpec) -> list[Change]:
    """What is asked again."""
    found: list[Change] = []
    if spec.hardware.nodes > 1:
        found += [
            Change("half the bandwidth between nodes", _with_network(spec, 0.5)),
            Change("twice the bandwidth between nodes", _with_network(spec, 2.0)),
        ]
    if spec.global_batch % 2 == 0:
        found.append(Change("half the global batch", spec.model_copy(update={"global_batch": spec.global_batch // 2})))
    if spec.sequence_length * 2 <= MOST_TOKENS_IN_SEQUENCE:
        length = spec.sequence_length * 2
        found.append(Change("twice the sequence length", spec.model_copy(update={"sequence_length": length})))
    if spec.precision in ("bf16", "fp16") and spec.hardware.node.gpu.has("fp8"):
        found.append(Change("FP8 products", spec.model_copy(update={"precision": "fp8"})))
    return found


def _with_network(spec: TrainingSpec, factor: float) -> TrainingSpec:
    node = spec.hardware.node
    if node.nic is None:
        return spec
    nic = node.nic.model_copy(update={"bytes_per_s": node.nic.bytes_per_s * factor})
    return _with_node(spec, node.model_copy(update={"nic": nic}))


def _with_node(spec: TrainingSpec, node: object) -> TrainingSpec:
    return spec.model_copy(update={"hardware": spec.hardware.model_copy(update={"node": node})})


def _answered(change: Change, chosen: Choice, *, large: bool) -> Document:
    spec = _narrowed(change.spec, chosen) if large else change.spec
    again = explore(spec, nodes=chosen.nodes, most=REFINED)
    pool = settle(spec, again.found, most=FEW).pool
    if pool is None:
        return _nothing(change, large=large)
    plan = pool.choice(best(spec, pool, most=1)[0])
    name = label(layout_document(plan.layouts, plan.tables))
    same = name == label(layout_document(chosen.layouts, chosen.tables))
    ratio = plan.step_time_s / chosen.step_time_s
    change_by = f"{'+' if ratio > 1 else '−'}{show(abs(ratio - 1.0), SHARE)}"
    speed = f"{show_named('step_time_s', plan.step_time_s)} a step ({change_by})"
    return {
        "change": change.name,
        "outcome": f"{speed}, {'the same layout' if same else 'best with ' + name}.",
        "step_time_s": plan.step_time_s,
        "label": name,
        "techniques": sorted(uses(plan)),
        "space": "narrowed" if large else "whole",
    }


def _nothing(change: Change, *, large: bool) -> Document:
    return {
        "change": change.name,
        "outcome": "Nothing fits.",
        "step_time_s": None,
        "label": None,
        "techniques": None,
        "space": "narrowed" if large else "whole",
    }


def _narrowed(spec: TrainingSpec, chosen: Choice) -> TrainingSpec:
    layout = layout_document(chosen.layouts, chosen.tables)
    kept = {"zero": layout["zero"]}
    if layout["tp"] > 1:
        kept["sequence_parallel"] = layout["sequence_parallel"]
    known = spec.options.fix.model_dump(exclude_none=True)
    fix = spec.options.fix.model_copy(update={**kept, **known})
    return spec.model_copy(update={"options": spec.options.model_copy(update={"fix": fix})})
