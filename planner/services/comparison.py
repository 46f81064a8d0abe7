"""Runs side by side: what was asked and what came out, line by line, differences and the best marked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from planner.models import Run
from planner.services.errors import invalid
from solvers import kinds
from solvers.calibration.own.chosen import FORMAT
from solvers.documents import Document, digest

MOST = 20
# Estimates of which more is better; of time, memory, money and energy, less is.
MORE_IS_BETTER = (
    "tokens_per_s",
    "output_tokens_per_s",
    "goodput",
    "attainment",
    "mfu",
    "hfu",
    "requests_per_s",
    "throughput",
    "saving",
)
# What of a plan, of whatever kind, stands in the table.
SHOWN = ("label", "mode", "layout", "engine", "routing", "nodes", "gpus")
# Estimates that are neither better nor worse, or, as losses, not of one unit in all runs.
NEITHER = ("kv_share", "loss", "params", "tokens", "learning_rate", "batch_tokens")
ASKED, ANSWERED, PLAN, SEARCH, PROVENANCE = "Question", "Answer", "Plan", "Search", "Provenance"


@dataclass(frozen=True)
class Row:
    """One line: the field's own name (`step_time_s`, `layout.tp`), a value for each run (None where it has none).

    Values are those of the documents, for the page to write out; `best_index` is None where none is better.
    """

    label: str
    group: str
    values: tuple[Any, ...]
    differs: bool
    best_index: int | None


@dataclass(frozen=True)
class Comparison:
    """The rows, and the runs in the order of their values.

    `alike` says that plans of one kind rest on one calibration. Where they do not, as before and after a validation,
    what is foretold differs by what was known, and none is marked as the best.
    """

    rows: list[Row]
    runs: list[Run]
    alike: bool


def compare(runs: Sequence[Run]) -> Comparison:
    """The comparison of two or more runs, whose results are loaded with them."""
    if not 1 < len(runs) <= MOST:
        raise invalid("runs", f"Two to {MOST} runs can be compared.", at="/runs")
    columns = [dict(_lines(run)) for run in runs]
    keys = dict.fromkeys(key for column in columns for key in column)
    order = [ASKED, ANSWERED, PLAN, SEARCH, PROVENANCE]
    rows = [_row(group, label, [column.get((group, label)) for column in columns]) for group, label in keys]
    alike = _alike(runs)
    marked = rows if alike else [replace(row, best_index=None) for row in rows]
    return Comparison(sorted(marked, key=lambda row: order.index(row.group)), list(runs), alike)


def _alike(runs: Sequence[Run]) -> bool:
    documents = [run.result.document for run in runs if hasattr(run, "result")]
    found = {(document["kind"], document["provenance"]["calibration"]) for document in documents}
    return len(found) == len({kind for kind, _ in found})


def _lines(run: Run) -> Iterator[tuple[tuple[str, str], Any]]:
    for name, value in _leaves({key: _named(value) for key, value in run.spec.items() if key not in ("name", "tags")}):
        yield (ASKED, name), value
    yield (ANSWERED, "state"), run.state
    if not hasattr(run, "result"):
        return
    document: Document = run.result.document
    for name, estimate in document.get("estimates", {}).items():
        yield (ANSWERED, name), estimate["value"]
    for name, value in _leaves(document.get("infeasible", {}).get("reason", {})):
        yield (ANSWERED, name or "reason"), value
    plan = document.get("plan", {})
    whole = {key: value for key, value in plan.get("run", {}).items() if not isinstance(value, list)}
    pools = [{name: part for name, part in pool.items() if name != "memory"} for pool in plan.get("pools", ())]
    simple = {key: plan.get(key) for key in SHOWN if not isinstance(plan.get(key), list)}
    own = kinds.get(document["kind"]).compared(plan) if plan else {}
    shown = {**simple, **({"pools": pools} if pools else {}), **own, "run": whole}
    for name, value in _leaves(shown):
        yield (PLAN, name), value
    for name in ("candidates", "feasible"):
        yield (SEARCH, name), document["search"].get(name)
    for name, value in _leaves(document["provenance"]):
        yield (PROVENANCE, name), value


def _named(value: Any) -> Any:
    """An own calibration by its name and the beginning of its digest: its hundreds of numbers say nothing here."""
    if isinstance(value, list):
        return [_named(one) for one in value]
    if isinstance(value, dict) and value.get("format") == FORMAT:
        return f"{value.get('name', '')} {digest(value)[:12]}".strip()
    return value


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The simple values below `value` by their dotted names; a list of simple values counts as one."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{name}.{key}" if name else key)
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{name}.{index}")
    elif isinstance(value, list):
        yield name, ", ".join(map(str, value))
    elif value is not None:
        yield name, value


def _row(group: str, label: str, values: list[Any]) -> Row:
    differs = any(value != values[0] for value in values[1:])
    best = _best(label, values) if differs and group == ANSWERED and label not in NEITHER else None
    return Row(label, group, tuple(values), differs, best)


def _best(label: str, values: list[Any]) -> int | None:
    known = [(value, index) for index, value in enumerate(values) if isinstance(value, int | float)]
    if len(known) < 2:
        return None
    choose = max if label.startswith(MORE_IS_BETTER) else min
    best, index = choose(known, key=lambda pair: pair[0])
    return index if [value for value, _ in known].count(best) == 1 else None
