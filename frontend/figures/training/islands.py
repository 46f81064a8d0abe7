"""What each island does in a plan over islands, and what crosses between them."""

from frontend.figures.base import Panel, Table
from solvers import units
from solvers.documents import Document

COLUMNS = ("Island", "GPUs", "Stages", "Layers per stage", "Batch", "Fullest GPU")
NOTHING = "–"


def panels(result: Document) -> tuple[Panel, ...]:
    """One table where the plan is one over islands."""
    plan = result["plan"]
    if not plan.get("islands"):
        return ()
    rows = tuple(_row(island) for island in plan["islands"])
    crossing = tuple(_crossing(entry) for entry in plan["crossing"])
    return (Panel("islands", _title(plan), Table("What each island does", COLUMNS, rows), crossing),)


def _title(plan: Document) -> str:
    """What the islands are to one another."""
    used = [island["name"] for island in plan["islands"] if island["gpus_used"]]
    left = [island["name"] for island in plan["islands"] if not island["gpus_used"]]
    groups = {entry["group"] for entry in plan["crossing"]}
    if len(used) == 1:
        said = f"{used[0]} trains alone"
    elif groups == {"pipeline"}:
        said = f"{_listed(used)} share pipelines: no gradient crosses between them"
    elif groups == {"data parallel"}:
        said = f"{_listed(used)} train copies of the model: only gradients cross between them"
    else:
        said = f"{_listed(used)} share pipelines, and gradients cross as well"
    return said + (f"; {_listed(left)} is left out" if left else "")


def _row(island: Document) -> tuple[str, ...]:
    name = f"{island['name']}, {units.count(island['nodes'])} × {island['node']}"
    if not island["gpus_used"]:
        return (name, f"0 of {units.count(island['gpus'])}", *(NOTHING for _ in COLUMNS[2:]))
    gpus = units.count(island["gpus"])
    if island["gpus_used"] < island["gpus"]:
        gpus = f"{units.count(island['gpus_used'])} of {gpus}"
    copies, parts = units.count(island["dp"]), units.count(island["micro_batches"])
    memory = units.show(island["peak_memory_bytes"], units.SIZE)
    return (
        name,
        gpus,
        _range(island["stages"]),
        f"{_runs(island['layers_per_stage'])} = {units.count(island['layers'])}",
        f"{units.count(island['sequences'])} sequences, {copies} × {parts} micro-batches",
        f"{memory} of {units.show(island['usable_bytes'], units.SIZE)} usable",
    )


def _crossing(entry: Document) -> str:
    seconds = units.show(entry["seconds"], units.DURATION)
    where = " of the step on the stages at the seam" if entry["group"] == "pipeline" else " a step"
    return f"{entry['link']} carries {entry['group']} traffic between {_listed(entry['islands'])}: {seconds}{where}."


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _range(stages: list[int]) -> str:
    return str(stages[0]) if len(stages) == 1 else f"{stages[0]} to {stages[-1]}"


def _runs(layers: list[int]) -> str:
    """`13 + 12`, or `3 × 8` where many are equal."""
    runs: list[tuple[int, int]] = []
    for number in layers:
        if runs and runs[-1][1] == number:
            runs[-1] = (runs[-1][0] + 1, number)
        else:
            runs.append((1, number))
    return " + ".join(str(number) if times == 1 else f"{times} × {number}" for times, number in runs)
