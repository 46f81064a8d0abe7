"""A device with coefficients of its own, as the cost kernel and the posterior see it.

log c = mean + root u,   u ~ N(0, 1)      c: rates reached in 16 bit and by memory, and coefficients of the kernel
log step = log kernel(z, c) + apart w,   w ~ N(0, 1)      what steps of an unlike device have in common beyond that
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from solvers.calibration.covariance import Floats
from solvers.cost.cluster import Hardware
from solvers.cost.coefficients import Coefficients
from solvers.cost.layouts import Number

# Rates that large kernels reach; a share of the datasheet's peak is what the kernel takes.
COMPUTE, MEMORY = "flops_per_s", "memory_bytes_per_s"
RATES = (COMPUTE, MEMORY)


@dataclass(frozen=True)
class Device:
    """`names` of the coefficients that are its own, their logarithms' mean [m] and covariance's factor [m, m]."""

    names: tuple[str, ...]
    mean: Floats
    root: Floats
    apart: float

    @property
    def size(self) -> int:
        """How many standard normal numbers say where it is: u and w."""
        return len(self.names) + 1

    def values(self, points: Floats) -> dict[str, Floats]:
        """The coefficients at k points (u, w) [k, size]."""
        found = np.exp(self.mean + points[:, : len(self.names)] @ self.root.T)
        return {name: found[:, place] for place, name in enumerate(self.names)}

    def at(self, point: Floats) -> dict[str, float]:
        """The coefficients at one point (u, w)."""
        return {name: float(values[0]) for name, values in self.values(point[None]).items()}

    def beyond(self, points: Floats) -> Floats:
        """What steps take longer than the kernel says, in logarithms [k]."""
        found: Floats = self.apart * points[:, -1]
        return found


def on(hardware: Hardware, values: dict[str, Any]) -> Hardware:
    """The hardware with the rates that were measured."""
    shares: dict[str, Number] = {}
    if COMPUTE in values:
        shares["achievable_compute"] = values[COMPUTE] / hardware.half_peak_flops_per_s
    if MEMORY in values:
        shares["achievable_memory"] = values[MEMORY] / hardware.memory_bytes_per_s
    return replace(hardware, **shares)


def beside(coefficients: Coefficients, values: dict[str, Any]) -> Coefficients:
    """The coefficients with those that were measured."""
    return replace(coefficients, **{name: value for name, value in values.items() if name not in RATES})
