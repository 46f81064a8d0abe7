"""Values of a result document as people read them, and the tables that they stand in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from solvers import units

Row = tuple[str, ...]
# A unit at the end of a name, unless it is what something is counted per.
UNIT = re.compile(r"(?<!_per)_(s|bytes|usd|flops|w|j)(?=_|$)")
CAPITALS = ("tp", "pp", "vpp", "dp", "cp", "ep", "mfu", "hfu", "gpu", "usd")
WRITTEN = {**{word: word.upper() for word in CAPITALS}, "gpus": "GPUs", "zero": "ZeRO"}
NOTHING = "-"
# More numbers than these are a curve, which nobody reads in a cell; the hours of a day are read.
FEW_NUMBERS = 24
# What varies over the hours of a day is told by its ends.
ENDS = {"least", "most"}


@dataclass(frozen=True)
class Table:
    """One table; `numeric` counts the columns, from the right, that hold numbers."""

    title: str
    columns: Row
    rows: tuple[Row, ...]
    numeric: int = 0


def cell(name: str, value: Any) -> str:
    """A value by the unit that its name ends in; whole numbers without one stay as they are."""
    if isinstance(value, Mapping) and estimated(value):
        return units.show_named(name, value["value"], value["low"], value["high"])
    if isinstance(value, float) or (
        isinstance(value, int) and not isinstance(value, bool) and name.endswith(("_bytes", "_s", "_usd"))
    ):
        return units.show_named(name, float(value))
    return text(value)


def text(value: Any) -> str:
    """A value without a name."""
    match value:
        case None | "" | []:
            return NOTHING
        case bool():
            return "yes" if value else "no"
        case list():
            return _numbers(value) or _run_lengths([text(item) for item in value])
        case {"message": message}:
            return str(message)
        case {"least": least, "most": most} if len(value) == len(ENDS):
            told = text(least) if least == most else f"{text(least)} to {text(most)}"
        case dict():
            told = ", ".join(f"{words(name)} {_brief(item)}" for name, item in value.items())
        case _:
            told = str(value)
    return told


def _brief(value: Any) -> str:
    """A value among others in a cell: three digits tell shares and factors apart."""
    return f"{value:.3g}" if isinstance(value, float) and 0 < abs(value) < 1 else text(value)


def estimated(value: Mapping[str, Any]) -> bool:
    """Whether a mapping is an estimate with its interval."""
    return {"value", "low", "high"} <= set(value) and not isinstance(value["value"], list)


def _numbers(values: list[Any]) -> str:
    """`33 numbers, 0.475 to 0.695`: what is drawn in a chart is told by its ends; nothing where there are few."""
    flat = [item for row in values for item in (row if isinstance(row, list) else [row])]
    if len(flat) <= FEW_NUMBERS or not all(isinstance(item, float) for item in flat):
        return ""
    return f"{len(flat):,} numbers, {min(flat):.3g} to {max(flat):.3g}"


def _run_lengths(items: list[str]) -> str:
    """`2 x 16, 3`: equal neighbours are counted, so that 64 stages stay one line."""
    runs: list[tuple[str, int]] = []
    for item in items:
        if runs and runs[-1][0] == item:
            runs[-1] = (item, runs[-1][1] + 1)
        else:
            runs.append((item, 1))
    return ", ".join(item if count == 1 else f"{count} x {item}" for item, count in runs)


def words(name: str) -> str:
    """`peak_memory_bytes` as people say it; the unit is in the cell."""
    plain = UNIT.sub("", name).replace("_", " ")
    return " ".join(WRITTEN.get(word, word) for word in plain.split(" "))
