"""Plans of both planners side by side: over islands, and on islands that are one cluster."""

from dataclasses import dataclass

from solvers.base import Estimate
from solvers.documents import Document
from solvers.training import run_length
from solvers.training.estimates import estimates_of as alone_estimates
from solvers.training.islands.alone import Alone
from solvers.training.islands.documents import (
    alone_crossing,
    alone_document,
    alone_label,
    label,
    layout_document,
    plan_document,
)
from solvers.training.islands.estimates import estimates_of, run_document
from solvers.training.islands.laid import Laid
from solvers.training.islands.scale import scale_of
from solvers.training.islands.spec import IslandsSpec
from solvers.training.islands.stages import staged
from solvers.training.islands.stages import terms_of as staged_terms
from solvers.training.plan import layout_document as uniform_layout
from solvers.training.plan import terms_of as alone_terms
from solvers.training.room import largest_part
from solvers.training.run_length import steps_of


@dataclass(frozen=True)
class Plan:
    """One plan, as it is compared: `value` is its objective."""

    source: Laid | Alone
    islands: tuple[int, ...]
    value: float
    step_time_s: float
    memory_bytes: float
    cost_usd: float


def plan_of(spec: IslandsSpec, found: Laid | Alone) -> Plan:
    """What was found, ready to be compared."""
    scale = scale_of(spec, found.islands)
    return Plan(
        source=found,
        islands=found.islands,
        value=scale.value(found.step_time_s),
        step_time_s=found.step_time_s,
        memory_bytes=found.memory_bytes,
        cost_usd=scale.usd_per_s * found.step_time_s,
    )


def document_of(spec: IslandsSpec, plan: Plan) -> Document:
    """The whole plan."""
    source = plan.source
    if isinstance(source, Alone):
        steps = steps_of(spec)
        whole = run_length.run_document(source.spec, source.choice.job, step_s=source.step_time_s, steps=steps)
        return {**alone_document(spec, source), "run": whole}
    stages = staged(source)
    return {**plan_document(spec, stages), "run": run_document(spec, stages)}


def label_of(spec: IslandsSpec, plan: Plan) -> str:
    """One line that tells plans apart."""
    return alone_label(spec, plan.source) if isinstance(plan.source, Alone) else label(spec, plan.source)


def layout_of(plan: Plan) -> Document:
    """The degrees."""
    source = plan.source
    if isinstance(source, Alone):
        return uniform_layout(source.choice.layouts, source.choice.tables)
    return layout_document(source)


def estimates_of_plan(spec: IslandsSpec, plan: Plan) -> dict[str, Estimate]:
    """The estimates of the contract."""
    source = plan.source
    return (
        alone_estimates(source.spec, source.choice) if isinstance(source, Alone) else estimates_of(spec, staged(source))
    )


def terms_of(plan: Plan) -> dict[str, float]:
    """Seconds of the step by term."""
    source = plan.source
    return alone_terms(source.choice) if isinstance(source, Alone) else staged_terms(staged(source))


def crossing_groups(spec: IslandsSpec, plan: Plan) -> set[str]:
    """The kinds of groups that cross between islands."""
    source = plan.source
    if isinstance(source, Alone):
        return {str(entry["group"]) for entry in alone_crossing(spec, source)}
    several = {"data parallel"} if len(source.groups) > 1 else set()
    return several | ({"pipeline"} if any(len(group) > 1 for group in source.groups) else set())


def fullest(document: Document) -> tuple[Document, str]:
    """The stage that comes nearest to its GPU's memory, and its largest part."""
    memory = document["memory"]

    def share(stage: Document) -> float:
        return float(stage["total_bytes"] / stage.get("capacity_bytes", memory["capacity_bytes"]))

    stage = max(memory["stages"], key=share)
    return stage, largest_part(stage)
