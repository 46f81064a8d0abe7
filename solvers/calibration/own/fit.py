"""A device's own coefficients from its micro-benchmarks.

Which are its own: where no published run was on a device about as fast, all of UNKNOWN; else those measured here.
Before anything is measured each is where the spec's hardware and the published calibration have it, within a factor
of e^spread two times of three: beliefs about other devices, and estimates of rates, are a start and nothing more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from solvers.calibration.covariance import Floats
from solvers.calibration.own.device import COMPUTE, MEMORY, beside, on
from solvers.calibration.own.document import Coefficient
from solvers.calibration.own.measured import Measured, Row
from solvers.calibration.own.micro import Observed, log_seconds, observed
from solvers.calibration.own.robust import Belief, Model, mode
from solvers.cost.cluster import Hardware
from solvers.cost.coefficients import Coefficients


@dataclass(frozen=True)
class Unknown:
    """A coefficient that may be a device's own: the recipe that measures it, and how little is known before."""

    name: str
    recipe: str
    spread: float


# The size of a wave and the seconds to fill it are geometry and pipelines of one processor, and differ by orders of
# magnitude between a core and a GPU; rates are estimates of the spec; all else is a few times more or less.
WIDE, USUAL = 3.0, 1.0
UNKNOWN = (
    Unknown(COMPUTE, "gemm", USUAL),
    Unknown("gemm_wave_elements", "gemm", WIDE),
    Unknown("gemm_wave_s", "gemm", WIDE),
    Unknown(MEMORY, "memory_copy", USUAL),
    Unknown("attention_forward", "attention", USUAL),
    Unknown("attention_backward", "attention", USUAL),
    Unknown("attention_half_length", "attention", USUAL),
    Unknown("elementwise_passes", "elementwise", USUAL),
    Unknown("optimizer_passes", "elementwise", USUAL),
    Unknown("kernel_gap_s", "launch", USUAL),
    Unknown("dispatch_s", "launch", USUAL),
    Unknown("loss_passes", "", USUAL),
    Unknown("step_overhead_s", "", USUAL),
)
# A CPU issues nothing ahead of what it runs: what an operator takes beside its work is the gap between kernels, and
# there is no queue whose filling could take longer.
CPU_DISPATCH_S, FIXED = 1e-9, 1e-3
# Rows that lie further than this many deviations from what fits the others are told.
ODD = 4.0


@dataclass(frozen=True)
class Fitted:
    """The coefficients with their correlation, and rows that nothing fits."""

    coefficients: tuple[Coefficient, ...]
    correlation: tuple[tuple[float, ...], ...]
    odd: tuple[tuple[Row, float], ...]


def fitted(measured: Measured, hardware: Hardware, coefficients: Coefficients, *, like_published: bool) -> Fitted:
    """`hardware` is one GPU of the spec, `coefficients` are the published calibration's."""
    rows, seen = _observed(measured)
    recipes = {one.recipe for one in rows}
    unknown = [one for one in UNKNOWN if not like_published or one.recipe in recipes]
    belief = believed(unknown, hardware, coefficients, measured.kind)
    found = mode(
        model_of(seen, [one.name for one in unknown], hardware, coefficients),
        np.log([one.row["seconds"]["median"] for one in rows]),
        deviations=np.array([np.hypot(one.deviation, row.noise) for one, row in zip(seen, rows, strict=True)]),
        belief=belief,
    )
    spread = np.sqrt(np.diag(found.covariance))
    told = [
        Coefficient(
            name=one.name, value=rounded(value), spread=rounded(wide), before=rounded(was),
            recipe=one.recipe if one.recipe in recipes else "",
        )
        for one, value, wide, was in zip(unknown, np.exp(found.mean), spread, np.exp(belief.mean), strict=True)
    ]  # fmt: skip
    correlation = found.covariance / np.outer(spread, spread)
    odd = [(row, float(missed)) for row, missed in zip(rows, found.missed, strict=True) if abs(missed) > ODD]
    return Fitted(tuple(told), table(correlation), tuple(odd))


def model_of(rows: Sequence[Observed], names: Sequence[str], hardware: Hardware, coefficients: Coefficients) -> Model:
    """Log seconds of the rows as a function of the logarithms of the device's own coefficients, called `names`."""

    def model(theta: Floats) -> Floats:
        values = dict(zip(names, np.exp(theta), strict=True))
        return log_seconds(list(rows), on(hardware, values), beside(coefficients, values))

    return model


def believed(unknown: Sequence[Unknown], hardware: Hardware, coefficients: Coefficients, kind: str) -> Belief:
    """What is known of a device's own coefficients before anything was measured on it; `kind` is cpu or cuda."""
    before = [_before(one.name, hardware, coefficients, kind) for one in unknown]
    return Belief(np.log(before), np.array([_spread(one, kind) for one in unknown]))


def _observed(measured: Measured) -> tuple[list[Row], list[Observed]]:
    pairs = [(row, one) for row in measured.rows if (one := observed(row.recipe, row.row)) is not None]
    return [row for row, _ in pairs], [one for _, one in pairs]


def _before(name: str, hardware: Hardware, coefficients: Coefficients, kind: str) -> float:
    if name == COMPUTE:
        return float(hardware.half_peak_flops_per_s * hardware.achievable_compute)
    if name == MEMORY:
        return float(hardware.memory_bytes_per_s * hardware.achievable_memory)
    return CPU_DISPATCH_S if _issues_nothing(name, kind) else float(getattr(coefficients, name))


def _spread(one: Unknown, kind: str) -> float:
    return FIXED if _issues_nothing(one.name, kind) else one.spread


def _issues_nothing(name: str, kind: str) -> bool:
    return name == "dispatch_s" and kind == "cpu"


def table(correlation: Floats) -> tuple[tuple[float, ...], ...]:
    """Rounded, with ones on the diagonal."""
    rounded = np.round((correlation + correlation.T) / 2.0, 6)
    np.fill_diagonal(rounded, 1.0)
    return tuple(tuple(row) for row in rounded.tolist())


def rounded(value: float) -> float:
    """Nine digits: what is stored is the same on every machine."""
    return float(f"{value:.9g}")
