"""Make the shipped calibration of serving from a table of closed-loop measurements, of which no row is kept.

    python -m solvers.serving.published MEASUREMENTS.csv   writes data/posterior.json

The file holds the name, size and digest of the table, how many rows taught, coefficients with their covariance, effects
by label with what is left open of them, sizes, noise and tails.
"""

import csv
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.linalg import solve_triangular

from solvers.calibration.bounds import to_bounded
from solvers.calibration.covariance import Floats, codes
from solvers.calibration.fit import Fitted
from solvers.serving.calibration import NAME, OUTPUTS
from solvers.serving.evidence import linear
from solvers.serving.evidence.closed_loop import table_of
from solvers.serving.evidence.columns import Row
from solvers.serving.evidence.features import EFFECTS, SHARED, names_shared
from solvers.serving.evidence.posterior import FIRST, LEVEL, TOKEN, TRUST, Learned, Material, learned, material_of
from solvers.serving.evidence.rows import questions_of

DATA = Path(__file__).parent / "data"
DIGITS = 5


def posterior_document(rows: Sequence[Row], *, name: str, digest: str) -> dict[str, Any]:
    """The posterior after all rows that can be expressed."""
    questions, _ = questions_of(rows)
    material = material_of(questions, table_of(questions))
    posterior = learned(material, np.arange(len(questions)))
    return {
        "how": "python -m solvers.serving.published MEASUREMENTS.csv",
        "measurements": {"name": name, "sha256": digest, "rows": len(rows), "expressible": len(questions)},
        "level": LEVEL,
        "families": list(posterior.families),
        **{OUTPUTS[output]: _output(posterior, material, output) for output in (TOKEN, FIRST)},
    }


def _output(posterior: Learned, material: Material, output: int) -> dict[str, Any]:
    fitted = (posterior.token, posterior.first)[output]
    bounded = (linear.TPOT, linear.TTFT)[output]
    process, covariance = fitted.process, fitted.process.coefficients()[1]
    values = [float(to_bounded(np.array(TRUST[output] * z), one)) for one, z in zip(bounded, fitted.z, strict=True)]
    return {
        "taught": process.rows.size,
        "coefficients": {one.name: round(float(z), DIGITS) for one, z in zip(bounded, fitted.z, strict=True)},
        "values": {one.name: float(f"{value:.6g}") for one, value in zip(bounded, values, strict=True)},
        "covariance": np.round(covariance, DIGITS).tolist(),
        "effects": _effects(fitted, material, output),
        "sizes": dict(zip(SHARED[output], np.round(np.exp(process.scales.effects), DIGITS).tolist(), strict=True)),
        "noise": np.round(np.exp(process.scales.noise), DIGITS).tolist(),
        "tails": {name: np.round(getattr(fitted.tails, name), DIGITS).tolist() for name in ("near", "far", "novelty")},
    }


def _effects(fitted: Fitted, material: Material, output: int) -> dict[str, dict[str, tuple[float, float]]]:
    """Mean and deviation of each effect's levels: s^2 1' w and s^2 - s^4 1' K^-1 1 over the rows of a level."""
    process = fitted.process
    words = names_shared(material.table.loads)
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for place, effect in enumerate(SHARED[output]):
        size = float(np.exp(2.0 * process.scales.effects[place]))
        column = sorted({text[EFFECTS.index(effect)] for text in words})
        labels = process.rows.labels[:, place]
        levels = {}
        for text, label in zip(column, codes(column), strict=True):
            there = (labels == label).astype(np.float64)
            if there.any():
                half: Floats = solve_triangular(process.factor, there, lower=True, check_finite=False)
                left = max(size - size**2 * float(half @ half), 0.0)
                levels[text] = (round(size * float(there @ process.weights), DIGITS), round(left**0.5, DIGITS))
        found[effect] = levels
    return found


def main(arguments: Sequence[str]) -> None:
    """Write the file."""
    if len(arguments) != 1:
        sys.exit(__doc__)
    path = Path(arguments[0])
    content = path.read_bytes()
    rows = list(csv.DictReader(content.decode("utf-8-sig").splitlines()))
    document = posterior_document(rows, name=path.name, digest=hashlib.sha256(content).hexdigest())
    (DATA / NAME).write_text(json.dumps(document, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
