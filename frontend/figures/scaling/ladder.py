"""What to run next, and the ladder of small runs as a table."""

from frontend.figures.base import Panel, Table
from frontend.figures.scaling import asked, said
from solvers import units
from solvers.documents import Document

HOW = {
    "first": (
        "Without runs there is no forecast yet: an L of small runs (every size short, the smallest long) with a few of "
        "more compute teaches all laws most. Intervals are what other families lead to expect."
    ),
    "designed": "Chosen together for the interval at the target, each in the order that narrows it most for its cost.",
}


SAID_ALREADY = ("budget_spent",)
"""Stop rules that say no more than what the runs cost together."""
LITTLE = 0.005
"""A share of the cost that is not worth a sentence."""


def panels(result: Document) -> tuple[Panel, ...]:
    """The ladder, where a budget was given."""
    ladder = asked.part(result, "ladder")
    if ladder.get("rungs"):
        return (_panel(result, ladder),)
    message = stops(result)
    return (Panel("ladder", "No more small runs are advised", Table("", (), ()), (message,)),) if message else ()


def title(result: Document) -> str:
    """The next run, and what it buys."""
    step, rungs = asked.part(result, "next"), asked.part(result, "ladder")["rungs"]
    if not step:
        return f"A ladder of {said.many(len(rungs), 'run')}"
    rung = rungs[step["rung"]]
    run = f"Run next: {said.size(rung['params'])} parameters on {said.size(rung['tokens'])} tokens"
    if step["before"] is None or step["after"] is None:
        return f"{run}, {said.spent(step)}"
    return f"{run}: interval {said.change(step['before'], step['after'])} for {said.spent(step)}"


def stops(result: Document) -> str:
    """The stop rule in a sentence."""
    stop = asked.part(result, "stop")
    return str(stop.get("message") or "")


def _panel(result: Document, ladder: Document) -> Panel:
    rungs = ladder["rungs"]
    after = asked.part(result, "next").get("rung")
    first = [after] if after is not None else []
    order = [*first, *(place for place in range(len(rungs)) if place not in first)]
    ends = said.apart([rung["after"] for rung in rungs])
    rows = tuple(_row(rungs[place], ends[place], is_next=place == after) for place in order)
    columns = ("Run", f"Parameters, {asked.counts(result)}", "Tokens", "Model", "Learning rate", "Batch and steps",
               _cost_column(ladder), "Interval after it")  # fmt: skip
    return Panel("ladder", title(result), Table("The ladder of small runs", columns, rows), _notes(result, ladder))


def _notes(result: Document, ladder: Document) -> tuple[str, ...]:
    told = stops(result) if asked.part(result, "stop").get("code") not in SAID_ALREADY else ""
    how = HOW.get(str(ladder.get("how")), "") if len(ladder["rungs"]) > 1 else ""
    found = [how, _together(ladder), _trunks(ladder), told]
    return tuple(text for text in found if text)


def _together(ladder: Document) -> str:
    cost = f"Together {said.spent(ladder)}"
    money = f" ({units.show(ladder['usd'], units.MONEY)})" if ladder.get("usd") is not None else ""
    if ladder.get("before") is None or ladder.get("after") is None:
        return f"{cost}{money}."
    return f"{cost}{money}: interval {said.change(ladder['before'], ladder['after'])} of the loss on either side."


def _trunks(ladder: Document) -> str:
    saved = ladder.get("tree_saving")
    if not saved or saved < LITTLE or not any(one["trunk"] for one in ladder["rungs"]):
        return ""
    return (
        f"Runs of one size share a trunk at a constant learning rate and part only to decay (WSD): that saves "
        f"{said.percent(saved)} of what they cost alone."
    )


def _row(rung: Document, end: str, *, is_next: bool) -> tuple[str, ...]:
    training = rung.get("training")
    return (
        f"{rung['name']}{' (next)' if is_next else ''}",
        said.size(rung["params"]),
        said.size(rung["tokens"]) + (f", from {rung['trunk']}" if rung["trunk"] not in (None, rung["name"]) else ""),
        shape(rung.get("model")),
        said.rate(training["learning_rate"]["value"]) if training else "–",
        _batch(training) if training else "–",
        _cost(rung),
        end,
    )


def shape(model: Document | None) -> str:
    """`24 layers of 2,048`."""
    return "–" if not model else f"{model['layers']} layers of {units.count(model['hidden'])}"


def _batch(training: Document) -> str:
    schedule = said.SCHEDULES.get(training["schedule"], training["schedule"])
    batch = f"{said.size(training['batch_tokens']['value'])} tokens"
    return f"{batch} × {units.count(training['steps'])}, {schedule}"


def _cost_column(ladder: Document) -> str:
    return "Compute" if any(one["gpu_hours"] is None for one in ladder["rungs"]) else "GPU-hours"


def _cost(rung: Document) -> str:
    if rung["gpu_hours"] is None:
        return said.flops(rung["flops"])
    gpus = f" on {rung['gpus']} GPUs" if (rung.get("gpus") or 0) > 1 else ""
    return f"{said.number(rung['gpu_hours'])}{gpus}"
