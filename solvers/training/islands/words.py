"""An islands plan in sentences."""

from solvers.base import Estimate
from solvers.cost.stage import PART_WORDS
from solvers.documents import Document
from solvers.training.islands.plans import Plan, fullest
from solvers.training.islands.spec import Island, IslandsSpec
from solvers.training.words import times
from solvers.units import SHARE, SIZE, show, show_named


def headline(spec: IslandsSpec, plan: Plan, name: str, estimates: dict[str, Estimate]) -> str:
    """The plan as a person would say it."""
    model = spec.model.title or ("Your model" if spec.model.name == "own" else spec.model.name)
    places = " and ".join(_gpus(spec.hardware.islands[island]) for island in plan.islands)
    step = show_named("step_time_s", estimates["step_time_s"].value)
    rate = show_named("tokens_per_s", estimates["tokens_per_s"].value)
    utilisation = show(estimates["mfu"].value, SHARE)
    sentence = f"{model} trains at {step} a step ({rate}, {utilisation} MFU) on {places} with {name}"
    if "run_time_s" in estimates:
        sentence += f"; {show_named('run_time_s', estimates['run_time_s'].value)} for all tokens"
        if "cost_usd" in estimates:
            sentence += f", {show_named('cost_usd', estimates['cost_usd'].value)}"
    return sentence + "."


def _gpus(island: Island) -> str:
    gpu = island.node.gpu
    return f"{island.gpus:,} {gpu.title or ('GPUs of your own' if gpu.name == 'own' else gpu.name)} ({island.name})"


def binding(spec: IslandsSpec, document: Document, terms: dict[str, float]) -> list[str]:
    """What keeps the plan from being faster: what crosses, the fullest stage, the largest terms beside compute."""
    total = sum(terms.values())
    stage, part = fullest(document)
    capacity = stage.get("capacity_bytes", document["memory"]["capacity_bytes"])
    usable = capacity * (1.0 - spec.constraints.memory_headroom)
    where = f"stage {stage['stage']}" + (f" on {stage['island']}" if "island" in stage else "")
    share = show(stage["total_bytes"] / usable, SHARE)
    needs = f"{show(stage['total_bytes'], SIZE)} of {show(usable, SIZE)} usable ({share})"
    found = [*_crossings(document, total), *_left_out(document)]
    found.append(f"Memory: {where} needs {needs}, mostly {PART_WORDS[part]}.")
    return found + times(terms)


def _crossings(document: Document, total: float) -> list[str]:
    """Which groups cross between islands, and what that costs."""
    crossing = document["crossing"]
    if not crossing:
        return []
    said = [
        f"Crossing {entry['link']}: {entry['group']} between {' and '.join(entry['islands'])}, {_adds(entry, total)}."
        for entry in crossing
    ]
    if all(entry["group"] != "data parallel" for entry in crossing):
        said.append("No data-parallel group crosses between islands.")
    return said


def _adds(entry: Document, total: float) -> str:
    """Seconds of the stages at the seam; they hold fewer layers for it, so the step need not be that much longer."""
    seconds = f"{show_named('step_time_s', entry['seconds'])} ({show(entry['seconds'] / total, SHARE)})"
    return f"{seconds} of the step on the stages at the seam" if entry["group"] == "pipeline" else f"{seconds} a step"


def _left_out(document: Document) -> list[str]:
    return [
        f"Island {island['name']} is left out: no plan that uses it is as good."
        for island in document["islands"]
        if not island["gpus_used"]
    ] + [
        f"Island {island['name']}: {island['gpus'] - island['gpus_used']} of {island['gpus']} GPUs stay idle."
        for island in document["islands"]
        if 0 < island["gpus_used"] < island["gpus"]
    ]
