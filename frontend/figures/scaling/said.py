"""Numbers of a scaling answer for people, and the words for what they count."""

import itertools
import math

from solvers import units
from solvers.documents import Document

COUNTS = {
    "non-embedding": "non-embedding",
    "with-head": "with the output head",
    "total": "in total",
    "active": "active for a token",
}
MINUTES = 0.1
"""Below so many hours a time is told in minutes."""
SCHEDULES = {"wsd": "WSD", "cosine": "cosine", "linear": "linear"}


def size(value: float) -> str:
    """Parameters or tokens: `12.3B`."""
    return units.show(value, units.COUNT)


def loss(value: float) -> str:
    """`2.013`: what laws tell apart lies in the third decimal."""
    return f"{value:.3f}"


def flops(value: float) -> str:
    """`3.2e20 FLOP`."""
    return f"{power(value)} FLOP"


def power(value: float) -> str:
    """Two digits and a power of ten: `3.2e20`, `1e22`, `2.1e-4`."""
    digits, _, exponent = f"{value:.1e}".partition("e")
    return f"{digits.removesuffix('.0')}e{int(exponent)}"


def rate(value: float) -> str:
    """A learning rate: `2.1e-4`."""
    return power(value)


def number(value: float) -> str:
    """Three digits: `9,400`, `40.2`, `0.123`."""
    if value == 0:
        return "0"
    places = max(0, 2 - math.floor(math.log10(abs(float(f"{value:.3g}")))))
    shown = f"{float(f'{value:.3g}'):,.{places}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def change(before: float, after: float) -> str:
    """Two shares with as many digits as tell them apart: `1.9 % → 1.1 %`, `32.4 % → 31.9 %`."""
    if bare(before) != bare(after) or before == after:
        return f"{percent(before)} → {percent(after)}"
    places = next((places for places in range(6) if f"{100 * before:.{places}f}" != f"{100 * after:.{places}f}"), 5)
    return f"{100 * before:.{places}f} % → {100 * after:.{places}f} %"


def apart(values: list[float | None]) -> list[str]:
    """Halves of intervals, `± 1.9 %`, with as many digits as tell neighbours apart, two more at the most."""
    known = [value for value in values if value is not None]
    more = next((more for more in range(2) if _differ([bare(value, more) for value in known])), 2)
    return ["–" if value is None else f"± {bare(value, more)} %" for value in values]


def _differ(shown: list[str]) -> bool:
    return all(one != after for one, after in itertools.pairwise(shown))


def hours(value: float) -> str:
    """`40 GPU-hours`, `3 GPU-minutes`."""
    if 0 < value < MINUTES:
        return "1 GPU-minute" if number(60 * value) == "1" else f"{number(60 * value)} GPU-minutes"
    return "1 GPU-hour" if number(value) == "1" else f"{number(value)} GPU-hours"


def percent(value: float) -> str:
    """A share in two digits: `1.9 %`, `0.53 %`, `12 %`."""
    return f"{bare(value)} %"


def bare(value: float, more: int = 0) -> str:
    """The same without its sign, with so many more digits."""
    share = abs(100 * value)
    places = more + (0 if share >= 9.95 else 1 if share >= 0.995 else 2)
    return f"{100 * value:.{places}f}".replace("-", "−")


def whole(value: float) -> str:
    """In whole per cents: `62 %`, `under 1 %`."""
    return "under 1 %" if 0 < value < 0.005 else f"{100 * value:.0f} %"


def spent(entry: Document) -> str:
    """GPU-hours where they are known, else FLOP."""
    return flops(entry["flops"]) if entry.get("gpu_hours") is None else hours(entry["gpu_hours"])


def steps(value: float) -> str:
    """`1 step`, `12,000 steps`."""
    return "1 step" if value == 1 else f"{units.count(value)} steps"


def many(count: int, noun: str) -> str:
    """`1 run`, `12 runs`."""
    return units.many(count, noun)


def listed(words: list[str]) -> str:
    """`a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""
