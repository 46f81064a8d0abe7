"""Recipes, their parameters and what was measured, in words and as tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from frontend.templatetags.tables import label
from planner.models import Job
from solvers import recipes, units
from solvers.documents import Document

QUANTITIES = {quantity.noun: quantity for quantity in units.QUANTITIES}
# What rows have beside what they are measurements of, and what is told for itself.
TIMING = {"seconds", "clock", "slowed", "rates"}
CLOCKS = {
    "wall": "the host's clock",
    "core": "the time that it had a core",
    "events": "the device's events",
    "graph": "replays of a CUDA graph",
}
# Beyond this the quartiles lie so far apart that the median says little.
WIDE = 0.15


@dataclass(frozen=True)
class Table:
    """What was measured: headings with whether they are numbers, rows of cells, and what is the same in all rows."""

    columns: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[str, ...], ...]
    same: tuple[tuple[str, str], ...]


def params(job: Job) -> list[tuple[str, str]]:
    """What the job is to measure, under the titles of its recipe."""
    return params_of(job.recipe, job.params)


def params_of(recipe: str, params: Document) -> list[tuple[str, str]]:
    """Parameters under the titles of their recipe."""
    if recipe not in recipes.KNOWN:
        return [(label(name), _said(name, value)) for name, value in params.items()]
    known = recipes.KNOWN[recipe].schema()["properties"]
    told = ((known.get(name, {}), name, value) for name, value in params.items())
    return [(str(node.get("title") or label(name)), _written(node, name, value)) for node, name, value in told]


def needs(job: Job) -> str:
    """Which nodes may take it: `a CPU`, `2 GPUs called H200 on one node`."""
    asked = job.needs
    if asked["device"] == "cpu":
        return "a CPU"
    called = f" called {asked['gpu']}" if asked["gpu"] else ""
    return f"{units.many(asked['gpus'], 'GPU')}{called} on one node"


def table(document: Document) -> Table:
    """A measurement's rows: what each is of, the median with its quartiles, rates, and what else its recipe tells."""
    rows = document["rows"]
    keys = [name for name in rows[0] if name not in TIMING]
    same = [name for name in keys if len(rows) > 1 and all(row[name] == rows[0][name] for row in rows)]
    shown = [name for name in keys if name not in same]
    rates = list(rows[0]["rates"])
    heads = [(_heading(name), _is_number(rows[0][name])) for name in shown]
    columns = (*heads, ("Median", True), ("Quartiles", True), *((_rate(name), True) for name in rates))
    return Table(
        columns=columns,
        rows=tuple(_cells(row, shown, rates) for row in rows),
        same=tuple((_heading(name), _said(name, rows[0][name])) for name in same),
    )


def labels(document: Document) -> list[str]:
    """What each row is a measurement of, in a few words: `m 512, n 512, k 512`."""
    found = document["rows"]
    keys = recipes.get(document["recipe"]).keys(recipes.get(document["recipe"]).parse(document["params"]))
    differ = [name for name in keys[0] if any(key[name] != keys[0][name] for key in keys)] or list(keys[0])[:2]
    return [", ".join(f"{_heading(name).lower()} {_said(name, row[name])}" for name in differ) for row in found]


def environment(document: Document) -> list[tuple[str, str]]:
    """Where it was measured, so that one may find out why another differs."""
    there = document["environment"]
    device = f"{there['gpus']} × {there['name']}" if there["gpus"] else there["name"]
    pairs = [
        ("Device", device),
        ("Memory", units.show(there["memory_bytes"], units.SIZE)),
        ("Processes", str(there["processes"])),
        ("Threads of each", f"{there['threads']} on {units.many(there['cores'], 'core')}"),
        *((name, there[key]) for name, key in SOFTWARE),
        ("Clocks before", _clocks(there["clocks_before"])),
        ("Clocks after", _clocks(there["clocks_after"])),
        ("Load before and after", _loads(there)),
        ("Timed by", CLOCKS[document["rows"][0]["clock"]]),
        ("Took", units.show(document["seconds_total"], units.DURATION)),
    ]
    return [(name, value) for name, value in pairs if value]


def doubts(document: Document) -> list[str]:
    """What speaks against the measurement."""
    flags = document["flags"]
    slowed = max(row["slowed"] for row in document["rows"])
    said = []
    if flags["throttled"]:
        said.append(f"The device slowed down meanwhile: the last repeats took {slowed:.2f} × as long as the first.")
    if flags["spread"] > WIDE:
        said.append(f"Repeats lie far apart: the quartiles are {flags['spread']:.0%} of the median from each other.")
    return [sentence.replace("%", " %") for sentence in said]


def sentence(document: Document) -> str:
    """`3 rows, up to 65.3 GFLOP/s`, or the shortest time where there is no rate."""
    rows = document["rows"]
    name = next(iter(rows[0]["rates"]), "")
    if not name:
        return f"{units.many(len(rows), 'row')}, from {_said('s', min(row['seconds']['median'] for row in rows))} on"
    return f"{units.many(len(rows), 'row')}, up to {_said(name, max(row['rates'].get(name, 0.0) for row in rows))}"


def title(recipe: str) -> str:
    """The recipe's title."""
    return recipes.KNOWN[recipe].title if recipe in recipes.KNOWN else recipe


SOFTWARE = (
    ("torch", "torch"), ("CUDA", "cuda"), ("NCCL", "nccl"), ("Driver", "driver"), ("CPU", "cpu"), ("System", "os"),
    ("Python", "python"),
)  # fmt: skip
LAUNCHES = "launches_per_s"
RATES = {
    "flops_per_s": "Speed",
    "bytes_per_s": "Memory",
    "link_bytes_per_s": "Link",
    "tokens_per_s": "Tokens",
    LAUNCHES: "Launches",
}
# What rows call by a letter or a word of their own.
HEADINGS = {"m": "m", "n": "n", "k": "k", "batch": "Batch", "kv_heads": "KV heads", "head_dim": "Head size"}


def _cells(row: Document, shown: Sequence[str], rates: Sequence[str]) -> tuple[str, ...]:
    seconds = row["seconds"]
    ends = f"{_said('s', seconds['low'])} – {_said('s', seconds['high'])}"
    timed = (_said("s", seconds["median"]), ends)
    return (*(_said(name, row[name]) for name in shown), *timed, *(_said(name, row["rates"][name]) for name in rates))


def _heading(name: str) -> str:
    return HEADINGS.get(name, label(name))


def _rate(name: str) -> str:
    return RATES.get(name, label(name))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _said(name: str, value: Any) -> str:
    """A value under the name that says its unit; whole numbers of no unit with all digits."""
    match value:
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return _number(name, value)
        case list() | tuple():
            return ", ".join(_said(name, item) for item in value) or "none"
        case Mapping():
            told = {key: item for key, item in value.items() if item is not None}
            return ", ".join(f"{_heading(key).lower()} {_said(key, item)}" for key, item in told.items())
    return str(value)


def _number(name: str, value: float) -> str:
    if name == LAUNCHES:
        return f"{units.show(value, units.COUNT)} launches/s"
    if units.quantity_of(name) is not units.COUNT:
        return units.show_named(name, value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _written(node: Document, name: str, value: Any) -> str:
    """A parameter's value: in the unit that its schema names, lists of shapes one after another."""
    quantity = QUANTITIES.get(str((node.get("items") or node).get("x-quantity", "")))
    values = value if isinstance(value, list) else [value]
    if quantity is not None:
        return ", ".join(each if isinstance(each, str) else units.show(each, quantity) for each in values)
    if value and all(isinstance(each, Mapping) for each in values):
        return "; ".join(_said(name, each) for each in values)
    return _said(name, value).replace("_", " ")


def _clocks(said: Document | None) -> str:
    if said is None:
        return ""
    held = f", held back by {', '.join(said['reasons'])}" if said["reasons"] else ""
    power, celsius = units.show(said["power_w"], units.POWER), f"{said['temperature_c']:.0f} °C"
    return (
        f"{said['sm_clock_hz'] / 1e9:.2f} GHz, memory {said['memory_clock_hz'] / 1e9:.2f} GHz, {power}, {celsius}{held}"
    )


def _loads(there: Document) -> str:
    loads = [there["load_before"], there["load_after"]]
    return ", ".join(f"{load:.1f}" for load in loads if load is not None)
