"""Writes the doubt that left-out families teach and prints how it does: `python -m tests.solvers.laws.write_doubt`."""

import json
import sys
from pathlib import Path

import numpy as np

from tests.solvers.laws.forecasts import doubt_of, forecasts, scores

FILE = Path(__file__).parents[3] / "solvers" / "laws" / "data" / "doubt.json"
DIGITS = 6


def main() -> None:
    known = forecasts()
    found = doubt_of(known)
    document = {
        "made_by": "python -m tests.solvers.laws.write_doubt",
        "parts": [float(f"{one:.{DIGITS}g}") for one in found.parts],
        "reach": float(f"{found.reach:.{DIGITS}g}"),
    }
    FILE.write_text(json.dumps(document) + "\n", "utf-8")
    rows = scores(known)
    for one in rows:
        sys.stdout.write(f"{one.family:13} {one.share:.2f} {one.fitted:4} -> {one.asked:4}  {100 * one.mape:5.2f} %  "
              f"covers {one.coverage:.2f}  +-{100 * one.half_width:.2f} %\n")  # fmt: skip
    for what in ("mape", "coverage", "half_width"):
        values = [getattr(one, what) for one in rows]
        sys.stdout.write(f"{what}: mean {100 * np.mean(values):.2f} %, median {100 * np.median(values):.2f} %\n")


if __name__ == "__main__":
    main()
