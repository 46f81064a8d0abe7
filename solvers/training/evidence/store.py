"""The posterior as a document, and back.

What is kept of each run that was seen: its residual, noise, features, slopes and labels, rounded. Features and slopes
are kept by name: a file made before the kernel gained a coefficient is read as if that coefficient had taught nothing.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from solvers.calibration.covariance import Floats, Rows, Scales, constant
from solvers.calibration.fit import Fitted
from solvers.calibration.process import condition
from solvers.calibration.tails import Tails
from solvers.training.evidence.features import COLUMNS, EFFECTS, smooth, weights_of
from solvers.training.evidence.linear import BOUNDED, coefficients_at
from solvers.training.evidence.posterior import LEVEL, Posterior

# Digits after the point: a ten-thousandth of a factor of two, and a millionth of a logarithm.
FEATURE_DIGITS, LOG_DIGITS = 4, 6


def document_of(posterior: Posterior) -> dict[str, Any]:
    """Everything that predictions need."""
    fitted, process = posterior.fitted, posterior.fitted.process
    scales, names = process.scales, [b.name for b in BOUNDED]
    known, places = np.unique(process.rows.labels, return_inverse=True)
    lines: list[Any] = [
        _rounded(process.target, LOG_DIGITS),
        _rounded(process.noise, LOG_DIGITS + 2),
        _rounded(process.rows.features, FEATURE_DIGITS),
        _rounded(process.rows.slopes, LOG_DIGITS),
        places.reshape(process.rows.labels.shape).tolist(),
    ]
    return {
        "level": LEVEL,
        "families": list(posterior.families),
        "coefficients": dict(zip(names, _rounded(fitted.z, LOG_DIGITS), strict=True)),
        "scales": {
            "effects": dict(zip(EFFECTS, _rounded(scales.effects, LOG_DIGITS), strict=True)),
            "amplitude": _rounded(scales.amplitude, LOG_DIGITS),
            "lengths": _rounded(scales.lengths, LOG_DIGITS),
            "noise": _rounded(scales.noise, LOG_DIGITS),
        },
        "tails": {
            "near": _rounded(fitted.tails.near, LOG_DIGITS),
            "far": _rounded(fitted.tails.far, LOG_DIGITS),
            "novelty": _rounded(fitted.tails.novelty, LOG_DIGITS),
            "relative": round(fitted.tails.relative, LOG_DIGITS),
        },
        "features": list(COLUMNS),
        "labels": known.tolist(),
        "rows": [list(row) for row in zip(*lines, strict=True)],
    }


def posterior_of(document: dict[str, Any]) -> Posterior:
    """The posterior that a document holds."""
    target, noise, features, slopes, places = zip(*document["rows"], strict=True)
    z = document["coefficients"]
    kept = document["scales"]
    scales = Scales(
        effects=np.array([kept["effects"][name] for name in EFFECTS]),
        amplitude=np.array(kept["amplitude"]),
        lengths=np.array(kept["lengths"]),
        noise=np.array(kept["noise"]),
    )
    seen = _aligned(np.array(features), document["features"], list(COLUMNS))
    rows = Rows(
        slopes=_aligned(np.array(slopes), list(z), [b.name for b in BOUNDED]),
        features=seen,
        weights=weights_of(seen),
        basis=constant(len(seen)),
        labels=np.array(document["labels"], dtype=np.int64)[np.array(places)],
    )
    process = condition(rows, np.array(target), noise=np.array(noise), scales=scales, smooth=smooth())
    tails = Tails(
        near=tuple(document["tails"]["near"]),
        far=tuple(document["tails"]["far"]),
        novelty=tuple(document["tails"]["novelty"]),
        relative=document["tails"]["relative"],
    )
    point = np.array([z.get(b.name, 0.0) for b in BOUNDED])
    return Posterior(Fitted(z=point, process=process, tails=tails), families=tuple(document["families"]))


def learned_coefficients(posterior: Posterior) -> list[dict[str, Any]]:
    """Each coefficient before and after, and the share of the prior's spread that is left."""
    _, covariance = posterior.fitted.process.coefficients()
    left = np.sqrt(np.clip(np.diag(covariance), 0.0, 1.0))
    after = coefficients_at(posterior.fitted.z)
    return [
        {"name": b.name, "prior": b.value, "posterior": float(getattr(after, b.name)), "spread_left": float(share)}
        for b, share in zip(BOUNDED, left, strict=True)
    ]


def _aligned(table: Floats, there: Sequence[str], wanted: Sequence[str]) -> Floats:
    """The columns of `table` in the order of `wanted`; a column that is not there is zero."""
    place = {name: number for number, name in enumerate(there)}
    columns = [table[:, place[name]] if name in place else np.zeros(len(table)) for name in wanted]
    return np.column_stack(columns)


def _rounded(values: Any, digits: int) -> Any:
    return np.round(np.asarray(values, dtype=np.float64), digits).tolist()
