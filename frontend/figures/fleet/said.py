"""Numbers of a fleet answer for people."""

import math

from solvers import units
from solvers.documents import Document


def price(value: float) -> str:
    """`$15.70/h`."""
    return units.show(value, units.PRICE)


def share(value: float) -> str:
    """In whole per cents: `62 %`."""
    return units.show(round(value, 2), units.SHARE)


def attained(value: float) -> str:
    """In tenths of a per cent and never more than it is: `99.9 %` of 99.96 %."""
    return units.show(math.floor(value * 1000 + 1e-6) / 1000, units.SHARE)


def rate(value: float) -> str:
    """`12 requests/s`."""
    return units.show(value, units.COUNT_RATE).replace(" /s", " requests/s")


def gpus(number: float) -> str:
    """`1 GPU`, `6 GPUs`."""
    return "1 GPU" if number == 1 else f"{units.count(number)} GPUs"


def ends(pair: Document) -> str:
    """`2`, or `0 to 2` where it changes over the hours."""
    least, most = units.count(pair["least"]), units.count(pair["most"])
    return least if least == most else f"{least} to {most}"


def listed(words: list[str]) -> str:
    """`a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def carbon(grams: float) -> str:
    """`341 g/h` or `2.4 kg/h` of CO2."""
    return f"{grams / 1000:,.2f} kg/h" if grams >= 1000 else f"{grams:,.0f} g/h"


def hours(numbers: list[int]) -> str:
    """`hour 3`, `hours 0 to 4, 7 and 9`: hours count from 0."""
    runs: list[list[int]] = []
    for hour in numbers:
        if runs and hour == runs[-1][-1] + 1:
            runs[-1].append(hour)
        else:
            runs.append([hour])
    words = [str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]
    return f"{'hour' if len(numbers) == 1 else 'hours'} {listed(words)}"
