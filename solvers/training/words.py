"""The answer in sentences."""

from solvers.base import Estimate
from solvers.cost.stage import PART_WORDS
from solvers.documents import Document
from solvers.errors import Problem
from solvers.training.plan import Choice, label, layout_document, simulated_document, stages_document
from solvers.training.pool import Pool, objective
from solvers.training.room import chance_to_fit, largest_part
from solvers.training.spec import Question, TrainingSpec
from solvers.training.worth import WORTH
from solvers.units import SHARE, SIZE, show, show_named

TERMS = {
    "compute": "compute",
    "recompute": "recomputation",
    "tensor_parallel": "tensor-parallel traffic",
    "context_parallel": "context-parallel traffic",
    "expert_parallel": "expert exchange",
    "pipeline_p2p": "pipeline transfers",
    "pipeline_bubble": "pipeline bubble",
    "data_parallel": "data-parallel traffic",
    "optimizer": "the optimizer",
    "host": "the wait for the host",
    "launch": "launch gaps",
}


def headline(spec: TrainingSpec, choice: Choice, estimates: dict[str, Estimate]) -> str:
    """The plan as a person would say it."""
    model = spec.model.title or ("Your model" if spec.model.name == "own" else spec.model.name)
    gpu = spec.hardware.node.gpu
    gpu_name = gpu.title or ("GPUs of your own" if gpu.name == "own" else gpu.name)
    count = choice.job.cluster.gpus
    name = label(layout_document(choice.layouts, choice.tables))
    step = show_named("step_time_s", estimates["step_time_s"].value)
    rate = show_named("tokens_per_s", estimates["tokens_per_s"].value)
    sentence = (
        f"{model} trains at {step} a step ({rate}, {show(estimates['mfu'].value, SHARE)} MFU)"
        f" on {count:,} {gpu_name} with {name}"
    )
    if "run_time_s" in estimates:
        sentence += f"; {show_named('run_time_s', estimates['run_time_s'].value)} for all tokens, failures included"
        if "cost_usd" in estimates:
            sentence += f", {show_named('cost_usd', estimates['cost_usd'].value)}"
    return sentence + "."


def binding(choice: Choice, terms: dict[str, float], *, usable: float) -> list[str]:
    """What keeps the plan from being faster: the fullest stage, and the largest terms beside compute."""
    stages = stages_document(choice)
    fullest = max(stages, key=lambda stage: float(stage["total_bytes"]))
    part = largest_part(fullest)
    share = fullest["total_bytes"] / usable
    needs = f"{show(fullest['total_bytes'], SIZE)} of {show(usable, SIZE)} usable ({show(share, SHARE)})"
    capacity = float(choice.job.cluster.memory_bytes)
    sure = show(chance_to_fit(float(fullest["total_bytes"]), capacity), SHARE)
    fits = f"it fits in {show(capacity, SIZE)} with a chance of {sure}"
    found = [f"Memory: stage {fullest['stage']} needs {needs}, mostly {PART_WORDS[part]}; {fits}."]
    return found + times(terms)


def times(terms: dict[str, float]) -> list[str]:
    """What takes the step: the two largest terms beside compute, and compute."""
    total = sum(terms.values())
    others = sorted((name for name in terms if name != "compute"), key=lambda name: -terms[name])
    found = [
        f"Time: {TERMS[name]} takes {show_named('step_time_s', terms[name])}, {_share(terms[name], total)} of the step."
        for name in others[:2]
        if terms[name] >= 0.02 * total
    ]
    return [*found, f"Compute alone is {_share(terms['compute'], total)} of the step."]


def simulated_words(choice: Choice) -> Document | None:
    """What the simulation of the plan's pipeline says beside the closed form, as numbers and as a sentence."""
    said = simulated_document(choice)
    if said is None:
        return None
    step, closed, plain = (said[name] for name in ("step_time_s", "closed_form_s", "plain_s"))
    message = (
        f"Simulated operation by operation: {show_named('step_time_s', step)} a step,"
        f" {_share(said['bubble'], 1.0)} of it waiting; in closed form {show_named('step_time_s', closed)}."
    )
    if said["uneven"] and plain is None:
        message += " Layers are dealt unevenly over the stages: dealt evenly they do not fit."
    elif said["uneven"]:
        message += f" Layers are dealt unevenly over the stages: evenly it would be {show_named('step_time_s', plain)}."
    return {**said, "message": message}


def _share(part: float, total: float) -> str:
    return show(part / total, SHARE)


def why_not(terms: dict[str, float], best: dict[str, float]) -> str:
    """What makes one step longer than another: `0.42 s (5.1 %) slower: pipeline bubble +0.61 s, ...`."""
    gap = sum(terms.values()) - sum(best.values())
    share = gap / sum(best.values())
    if abs(share) < 5e-4:
        return f"As fast within {abs(gap) * 1e3:.2g} ms; {_differences(terms, best)}."
    word = "slower" if gap > 0 else "faster"
    size = show_named("step_time_s", abs(gap))
    return f"{size} ({show(abs(share), SHARE)}) {word}: {_differences(terms, best)}."


def beside(spec: TrainingSpec, pool: Pool, point: int, chosen: int) -> str:
    """Why a point that is better than the chosen one by its median is an alternative all the same."""
    values = objective(spec, pool)[-1 if spec.objective == "fewest_gpus" else 0]
    if values[point] >= values[chosen]:
        return ""
    if pool.handicap[point] > pool.handicap[chosen]:
        return f" A rare technique has to gain {show(WORTH - 1.0, SHARE)}."
    regrets = (show(float(pool.regret[place]), SHARE) for place in (point, chosen))
    return " It is less sure: its expected regret is {}, the plan's {}.".format(*regrets)


def _differences(terms: dict[str, float], best: dict[str, float]) -> str:
    """The three largest differences, as `pipeline bubble +0.61 s`."""
    gaps = {name: terms[name] - best[name] for name in terms}
    largest = sorted(gaps, key=lambda name: -abs(gaps[name]))[:3]
    told = [
        f"{TERMS[name]} {'+' if gaps[name] > 0 else '−'}{show_named('step_time_s', abs(gaps[name]))}"
        for name in largest
        if abs(gaps[name]) > 0.02 * max(abs(gaps[largest[0]]), 1e-12)
    ]
    return ", ".join(told) if told else "the terms are the same"


def crossover(name: str, sensitivity: list[Document], *, used: bool) -> str | None:
    """The first change, solved again, that turns the verdict on a technique that is `used` now or is not."""
    for change in sensitivity:
        if change["techniques"] is not None and (name in change["techniques"]) != used:
            step = show_named("step_time_s", change["step_time_s"])
            verb = "no longer pays" if used else "pays"
            return f"It {verb} with {change['change']} ({change['label']}, {step} a step)."
    return None


def beyond_context(spec: Question) -> tuple[Problem, ...]:
    """A warning where sequences are longer than those the model was published for."""
    context = spec.model.context
    if not context or spec.sequence_length <= context:
        return ()
    message = f"The model was published for {context:,} tokens; the plan is for {spec.sequence_length:,}."
    return (Problem("beyond_context", message, "/sequence_length"),)
