"""A plan's own measurements: three to twenty closed-loop points tell how long its steps take against the model.

    log factor ~ N(m, s^2) before,  each point = factor + noise of sd e:   1 / s'^2 = 1 / s^2 + n / e^2,
    m' = s'^2 (m / s^2 + sum of points / e^2)
Points whose noise is not known are as uncertain as they differ from one another, at least as much as published ones.
"""

from collections.abc import Sequence

import numpy as np

from solvers.calibration.covariance import Floats
from solvers.errors import Problem, SpecError
from solvers.serving.calibration import Calibration, shipped
from solvers.serving.evidence import linear
from solvers.serving.evidence.closed_loop import table_of
from solvers.serving.evidence.columns import Row
from solvers.serving.evidence.posterior import TOKEN, TRUST, material_of
from solvers.serving.evidence.rows import questions_of

MOST_POINTS = 200


def log_ratios(rows: Sequence[Row], calibration: Calibration) -> Floats:
    """Logarithm of measured over predicted time per token of each row; SpecError where a row cannot be expressed."""
    if not 1 <= len(rows) <= MOST_POINTS:
        message = f"{len(rows)} measured points were given."
        raise SpecError(
            Problem("points", message, "calibration", f"Give 1 to {MOST_POINTS}; three to twenty teach most.")
        )
    questions, reasons = questions_of(rows)
    if reasons:
        place, reason = min(reasons.items())
        hint = "Columns are those of `isoflop accuracy serving`."
        raise SpecError(Problem("not_expressible", f"Measured point {place + 1}: {reason}.", "calibration", hint))
    material = material_of(questions, table_of(questions))
    z = np.zeros(len(linear.TPOT)) if calibration == "prior" else shipped(calibration).token.z
    found: Floats = material.log_tpot - linear.token_at(material.frozen, TRUST[TOKEN] * z)
    return found


def factor_after(mean: float, spread: float, points: Floats, calibration: Calibration) -> tuple[float, float]:
    """Mean and standard deviation of the log factor after `points`; see `calibration.step_factor` for the first two."""
    least = float(np.median(shipped(calibration).token.noise))
    noise = max(least, float(points.std(ddof=1))) if len(points) > 1 else max(least, spread)
    weight = 1.0 / spread**2 + len(points) / noise**2
    return float((mean / spread**2 + points.sum() / noise**2) / weight), float(weight**-0.5)
