"""What published peaks teach: the few coefficients that they identify, and how far off the model is without them.

    minimise  sum rho(((log predicted - log measured) / s)^2) + sum ((c - prior) / sd)^2,  within the prior's bounds
    rho       soft L1: a row far off counts by its distance, not its square
    s         noise of a peak, from the residuals themselves, at least LEAST_NOISE
    sd        a quarter of the prior's range
Each group of like runs (model, GPU, length, recomputation, software) is predicted by a fit to the other groups; the
interval of a new peak comes from those errors.

    python -m solvers.training.evidence.memory_fit < measurements.csv > solvers/training/data/memory.yaml
"""

import csv
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import yaml
from scipy.optimize import least_squares
from scipy.special import stdtrit

from solvers.cost.coefficients import DEFAULT, PRIORS, Coefficients
from solvers.cost.layouts import Floats
from solvers.cost.memory import footprint_of, peak_memory
from solvers.training.evidence.columns import NotExpressible, Row
from solvers.training.evidence.posterior import LEVEL
from solvers.training.evidence.rows import GIB, Case, case_of, measured_memory
from solvers.training.evidence.stacks import shown_bytes
from solvers.training.published import LICENCES

FREE = ("fragmentation", "logits_held", "weight_buffers")
LIKE = ("source", "src_file", "model", "hidden", "layers", "gpu", "recompute", "mbs")
LEAST_NOISE, FIRST_NOISE = 0.01, 0.05
ROUNDS = 3


@dataclass(frozen=True)
class Peak:
    """A run whose peak was published, in bytes."""

    row: Row
    case: Case
    measured: float

    @property
    def group(self) -> tuple[str, ...]:
        """Runs that differ in GPUs, length or precision alone are like."""
        return tuple(self.row.get(name) or "" for name in LIKE)


@dataclass(frozen=True)
class MemoryFit:
    """Coefficients after the peaks, and measured / predicted of each run when its group was left out."""

    coefficients: dict[str, float]
    left_out: tuple[float, ...]
    groups: tuple[tuple[str, ...], ...]

    @property
    def errors(self) -> Floats:
        """Relative errors of the runs, each predicted without its group."""
        return 1.0 / np.array(self.left_out) - 1.0


def peaks_of(rows: Iterable[Row]) -> list[Peak]:
    """The runs among `rows` that state a peak and that the model can express."""
    found = []
    for row in rows:
        measured = measured_memory(row)
        if measured is None:
            continue
        try:
            found.append(Peak(row, case_of(row, DEFAULT), measured))
        except NotExpressible:
            continue
    return found


def predicted_peak(peak: Peak, coefficients: Coefficients) -> float:
    """The peak as the row's framework would print it: of the smallest layout where the row leaves some open."""
    job = replace(peak.case.job, coefficients=coefficients)
    footprint = footprint_of(peak.case.shards, job)
    memory = peak_memory(peak.case.layouts, peak.case.shards, footprint, job)
    return float(shown_bytes(memory, coefficients).min())


def fit_memory(peaks: Sequence[Peak]) -> MemoryFit:
    """The coefficients of all peaks, and every group predicted without itself."""
    groups = [peak.group for peak in peaks]
    ratios = np.ones(len(peaks))
    for group in dict.fromkeys(groups):
        rest = [peak for peak in peaks if peak.group != group]
        fitted = _fit(rest)
        for place, peak in enumerate(peaks):
            if peak.group == group:
                ratios[place] = peak.measured / predicted_peak(peak, fitted)
    final = _fit(peaks)
    return MemoryFit({name: getattr(final, name) for name in FREE}, tuple(ratios.tolist()), tuple(groups))


def _fit(peaks: Sequence[Peak]) -> Coefficients:
    """The priors with the free coefficients where the peaks and their priors together want them."""
    start = np.array([getattr(DEFAULT, name) for name in FREE])
    low, high = (np.array([getattr(PRIORS[name], end) for name in FREE]) for end in ("low", "high"))
    spread = (high - low) / 4.0
    measured = np.log([peak.measured for peak in peaks])
    values, noise = start, FIRST_NOISE

    def with_values(free: Floats) -> Coefficients:
        return replace(DEFAULT, **dict(zip(FREE, map(float, free), strict=True)))

    def misfit(free: Floats) -> Floats:
        coefficients = with_values(free)
        return np.log([predicted_peak(peak, coefficients) for peak in peaks]) - measured if peaks else np.zeros(0)

    for _ in range(ROUNDS):
        solution = least_squares(
            lambda free, noise=noise: np.concatenate([_robust(misfit(free) / noise), (free - start) / spread]),
            np.clip(values, low + 1e-9, high - 1e-9),
            bounds=(low, high),
            x_scale=spread,
        )
        values = solution.x
        if peaks:
            noise = max(LEAST_NOISE, float(1.4826 * np.median(np.abs(misfit(values)))))
    return with_values(values)


def _robust(residual: Floats) -> Floats:
    """Signed square root of the soft-L1 loss, so that the prior's residuals beside it stay quadratic."""
    return np.sign(residual) * np.sqrt(2.0 * (np.sqrt(1.0 + residual**2) - 1.0))


def quantiles(fit: MemoryFit) -> tuple[float, float]:
    """Ends of measured / predicted for a run of a new group; the spread is between groups and within them."""
    logs = np.log(fit.left_out)
    names = sorted(set(fit.groups))
    members = [logs[[group == name for group in fit.groups]] for name in names]
    between = float(np.mean([part.mean() ** 2 for part in members]))
    within = float(np.mean(np.concatenate([(part - part.mean()) ** 2 for part in members])))
    groups = len(names)
    spread = np.sqrt(between * (1.0 + 1.0 / groups) + within)
    reach = float(stdtrit(groups, (1.0 + LEVEL) / 2.0) * spread)
    return float(np.exp(-reach)), float(np.exp(reach))


def memory_yaml(rows: Iterable[Row]) -> dict[str, Any]:
    """The shipped fit as a document: of the rows whose licence lets us carry figures over."""
    peaks = peaks_of(row for row in rows if row.get("source") in LICENCES)
    fit = fit_memory(peaks)
    low, high = quantiles(fit)
    errors = fit.errors
    return {
        "how": "robust fit within the priors; interval from groups of like runs, each left out of the fit",
        "command": "python -m solvers.training.evidence.memory_fit < measurements.csv",
        "meter": "reserved",
        "level": LEVEL,
        "coefficients": {name: round(value, 5) for name, value in fit.coefficients.items()},
        "quantiles": [round(low, 4), round(high, 4)],
        "left_out": {
            "groups": len(set(fit.groups)),
            "runs": len(peaks),
            "mape": round(float(np.abs(errors).mean()), 4),
            "worst_under": round(float(errors.min()), 4),
        },
        "runs": [
            {
                "id": peak.row.get("id", ""),
                "source": peak.row["source"],
                "licence": LICENCES[peak.row["source"]],
                "file": f"{peak.row.get('src_file', '')} @ {peak.row.get('src_commit', '')}",
                "measured_gib": round(peak.measured / GIB, 2),
                "error_left_out": round(float(error), 4),
            }
            for peak, error in zip(peaks, errors, strict=True)
        ],
    }


if __name__ == "__main__":
    yaml.safe_dump(memory_yaml(csv.DictReader(sys.stdin)), sys.stdout, sort_keys=False, width=120)
