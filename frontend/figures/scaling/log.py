"""Logarithmic axes with few round ticks that are written as people write them."""

import math
from collections.abc import Callable, Iterable
from typing import Any

from frontend.figures.theme import Theme

ROOM = 0.04
"""The share of its length that an axis is longer at each end than what it shows."""
STEPS = ((6.0, (1,), 2), (2.5, (1,), 1), (1.2, (1, 3), 1), (0.6, (1, 2, 5), 1), (0.0, (1, 1.5, 2, 3, 4, 5, 6, 8), 1))
"""From so many decades on: the digits that have a tick, in every so many decades."""


def axis(
    theme: Theme, title: str, values: Iterable[float], show: Callable[[float], str], *, room: float = ROOM
) -> dict[str, Any]:
    """An axis that holds all values."""
    known = [math.log10(value) for value in values if value > 0]
    low, high = min(known), max(known)
    beyond = max(room * (high - low), 0.01)
    ticks = within(low - beyond, high + beyond)
    return theme.axis(
        title,
        type="log",
        range=[low - beyond, high + beyond],
        tickvals=ticks,
        ticktext=[show(tick) for tick in ticks],
        fixedrange=True,
    )


def within(low: float, high: float) -> list[float]:
    """Round numbers whose logarithms to base ten lie between these."""
    digits, every = next((digits, every) for start, digits, every in STEPS if high - low >= start)
    decades = range(math.floor(low), math.ceil(high) + 1)
    found = (digit * 10.0**decade for decade in decades if decade % every == 0 for digit in digits)
    return [tick for tick in found if low <= math.log10(tick) <= high]


def ten(value: float) -> str:
    """`10²⁰` as Plotly writes it, with its digit where that is not 1."""
    exponent = math.floor(math.log10(value) + 1e-9)
    digit = value / 10.0**exponent
    lead = "" if abs(digit - 1) < 1e-6 else f"{digit:.2g}·"
    return f"{lead}10<sup>{exponent}</sup>"
