"""Writes the doubt that left-out families teach and prints how it does: `python -m tests.solvers.laws.write_doubt`."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.solvers.laws.few import few
from tests.solvers.laws.forecasts import COUNTS, MANY, Forecast, Score, doubt_of, forecasts, scores

FILE = Path(__file__).parents[3] / "solvers" / "laws" / "data" / "doubt.json"
DIGITS = 6
# Forecasts from few runs are told by how many: from one number to below another.
FEW = ((1, 10), (10, 16), (16, 25))


def document(taught: list[Forecast]) -> dict[str, Any]:
    """What the forecasts teach, as it ships."""
    found = doubt_of(taught)
    return {
        "made_by": "python -m tests.solvers.laws.write_doubt",
        "parts": [float(f"{one:.{DIGITS}g}") for one in found.parts],
        "reach": float(f"{found.reach:.{DIGITS}g}"),
    }


def lines(rows: list[Score]) -> Iterator[str]:
    """Each whole cut, and every kind of forecast in the mean."""
    for one in rows:
        if one.kind == MANY:
            yield f"{one.family:13} {one.share:.2f} {one.fitted:4} -> {one.asked:4}  {_told([one])}"
    for kind in COUNTS:
        some = [one for one in rows if one.kind == kind]
        yield f"{kind}, {len(some)}: {_told(some)}"
    for least, most in FEW:
        some = [one for one in rows if one.kind != MANY and least <= one.fitted < most]
        yield f"few, {least} to {most - 1} runs, {len(some)}: {_told(some)}"


def _told(rows: list[Score]) -> str:
    error, covers, half = (np.mean([getattr(one, what) for one in rows]) for what in ("mape", "coverage", "half_width"))
    return f"error {100 * error:.2f} %, covers {100 * covers:.1f} %, +-{100 * half:.2f} %"


def main() -> None:
    taught = [*forecasts(), *few()]
    FILE.write_text(json.dumps(document(taught)) + "\n", "utf-8")
    for line in lines(scores(taught, taught)):
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
