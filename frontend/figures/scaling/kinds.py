"""What runs differ in besides size and length: experts, streams, replicas, and tokens that are seen again."""

from collections.abc import Iterator

from frontend.figures.base import Panel, Table
from frontend.figures.scaling import asked, said
from solvers.documents import Document

TITLE = "What runs and target differ in besides size and length"
COLUMNS = ("What", "Runs", "Target", "At the target", "Form", "Source")
REPEATS = (
    "R* is the number of epochs after which repeated tokens have lost their worth; the runs' own is weighed against the"
    " published one."
)


def panel(result: Document) -> Panel | None:
    """Each kind with what it does to the loss, and the rate at which repetition loses its worth."""
    rows = (*_kinds(result), *_repeats(result))
    notes = (REPEATS,) if asked.part(result, "repeats") else ()
    return Panel("kinds", TITLE, Table(TITLE, COLUMNS, rows), notes) if rows else None


def words(run: Document) -> str:
    """`8 experts, 2 replicas` of a run; nothing where runs do not differ in them."""
    return ", ".join(_count(name, value) for name, value in (run.get("kind") or {}).items())


def facts(result: Document) -> Iterator[tuple[str, str]]:
    """The target's own numbers, where laws see them."""
    yield from ((one["title"], said.number(one["target"])) for one in asked.parts(result, "kinds"))


def _count(name: str, value: float) -> str:
    return f"{said.number(value)} {name if value != 1 else name.removesuffix('s')}"


def _kinds(result: Document) -> Iterator[tuple[str, ...]]:
    for one in asked.parts(result, "kinds"):
        low, high = said.number(one["least"]), said.number(one["most"])
        change = one["loss_change"]
        ends = f"{said.percent(change['low'])} to {said.percent(change['high'])}"
        told = f"loss {said.percent(change['value'])} against one ({ends})"
        runs = low if low == high else f"{low} to {high}"
        yield one["title"], runs, said.number(one["target"]), told, one["form"], one["source"]


def _repeats(result: Document) -> Iterator[tuple[str, ...]]:
    found = asked.part(result, "repeats")
    if not found:
        return
    rate = found["rate"]
    told = f"R* {said.number(rate['value'])} epochs ({said.number(rate['low'])} to {said.number(rate['high'])})"
    again = f"{said.many(found['runs'], 'run')} saw tokens again" if found["runs"] else "none saw tokens again"
    epochs = asked.target(result)["epochs"]
    seen = f"each seen {said.number(epochs)} times" if epochs > 1 else "each seen once"
    told = f"{told}; published {said.number(found['published'])}" if found["runs"] else f"{told}, as published"
    yield "Repeated tokens", again, seen, told, found["form"], found["source"]
