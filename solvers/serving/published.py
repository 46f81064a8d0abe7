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
from solvers.calibration.covariance import Floats, codes, sizes_of
from solvers.calibration.fit import Fitted
from solvers.calibration.shipped import NAME
from solvers.serving.calibration import OUTPUTS
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
    sizes = sizes_of(process.scales, process.rows.labels)
    values = [float(to_bounded(np.array(TRUST[output] * z), one)) for one, z in zip(bounded, fitted.z, strict=True)]
    return {
        "taught": process.rows.size,
        "coefficients": {one.name: round(float(z), DIGITS) for one, z in zip(bounded, fitted.z, strict=True)},
        "values": {one.name: float(f"{value:.6g}") for one, value in zip(bounded, values, strict=True)},
        "covariance": np.round(covariance, DIGITS).tolist(),
        "effects": _effects(fitted, material, output),
        "sizes": dict(zip(SHARED[output], np.round(np.sqrt(sizes), DIGITS).tolist(), strict=True)),
        "noise": np.round(np.exp(process.scales.noise), DIGITS).tolist(),
        "tails": {name: np.round(getattr(fitted.tails, name), DIGITS).tolist() for name in ("near", "far", "novelty")},
    }


def _effects(fitted: Fitted, material: Material, output: int) -> dict[str, dict[str, dict[str, list[float]]]]:
    """Each effect's levels: S F' w and the lower triangle of S - S F' K^-1 F S, with F the basis of a level's rows."""
    process = fitted.process
    words = names_shared(material.table.loads)
    found: dict[str, dict[str, dict[str, list[float]]]] = {}
    variances = sizes_of(process.scales, process.rows.labels)
    for place, (effect, sizes) in enumerate(zip(SHARED[output], variances, strict=True)):
        column = sorted({text[EFFECTS.index(effect)] for text in words})
        labels = process.rows.labels[:, place]
        levels = {}
        for text, label in zip(column, codes(column), strict=True):
            there = (labels == label)[:, None] * process.rows.basis * sizes
            if there.any():
                half: Floats = solve_triangular(process.factor, there, lower=True, check_finite=False)
                left = np.diag(sizes) - half.T @ half
                levels[text] = {
                    "mean": np.round(there.T @ process.weights, DIGITS).tolist(),
                    "covariance": np.round(left[np.tril_indices(len(left))], DIGITS + 2).tolist(),
                }
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
