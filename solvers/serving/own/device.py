"""A device with numbers of its own, in the coefficients of serving's step cost.

log c = mean + root u,   u ~ N(0, 1)     c: rates reached, padding of products, speeds of attention, gap of kernels
apart w,   w ~ N(0, 1)                   what steps on the device have in common beyond that, in logarithms
    speed of what computes   times  flops_per_s / (P e_c) / exp(apart w)        P, B datasheet; e what the catalogue
    speed of what moves      times  memory_bytes_per_s / (B e_m) / exp(apart w)    says that large kernels reach
Curves of another GPU are scaled to P e_c and B e_m, so the rates stand in for those of the spec. A device that no curve
was fitted to has one curve for all of its products, those of experts too.
"""

from dataclasses import dataclass, replace

import numpy as np

from solvers.calibration.covariance import Floats
from solvers.calibration.own.device import COMPUTE, MEMORY
from solvers.catalogue import Gpu
from solvers.cost.serving.coefficients import Coefficients

TILES, READ, GAP = "tiles", "product_memory", "eager_gap_s"
PREFILL, DECODE, SCORES = "prefill_attention", "decode_attention", "decode_compute"
NAMES = (COMPUTE, MEMORY, TILES, READ, PREFILL, DECODE, SCORES, GAP)
COMPUTES = ("product_compute", "expert_compute", PREFILL)
MOVES = (READ, "expert_memory", DECODE, "latent_attention")
PASSES = ("elementwise_passes", "scan_passes")


@dataclass(frozen=True)
class Device:
    """`names` of what is its own, their logarithms' mean [m] and covariance's factor [m, m]; `gpu` as the spec has it.

    `like_published` says whether a curve was fitted to such a GPU.
    """

    gpu: Gpu
    names: tuple[str, ...]
    mean: Floats
    root: Floats
    apart: float
    like_published: bool

    @property
    def size(self) -> int:
        """How many standard normal numbers say where it is: u and w."""
        return len(self.names) + 1

    def at(self, point: Floats) -> dict[str, float]:
        """Its own numbers at (u, w)."""
        found = np.exp(self.mean + self.root @ point[: len(self.names)])
        return dict(zip(self.names, found.tolist(), strict=True))

    def beside(self, coefficients: Coefficients, point: Floats) -> Coefficients:
        """The coefficients on this device at (u, w)."""
        found = with_values(coefficients, self.at(point), self.gpu)
        return slowed(found, float(np.exp(self.apart * point[-1])))


def with_values(coefficients: Coefficients, values: dict[str, float], gpu: Gpu) -> Coefficients:
    """The coefficients where a device's own numbers stand in for the spec's and the published."""
    plain = {name: value for name, value in values.items() if name not in (COMPUTE, MEMORY)}
    found = replace(coefficients, **plain)
    if READ in values:
        found = replace(found, expert_memory=found.product_memory, expert_compute=found.product_compute)
    compute = values.get(COMPUTE, compute_of(gpu)) / compute_of(gpu)
    memory = values.get(MEMORY, memory_of(gpu)) / memory_of(gpu)
    return _faster(found, compute, memory)


def slowed(coefficients: Coefficients, factor: float) -> Coefficients:
    """The coefficients where everything that a device does takes `factor` times as long."""
    found = _faster(coefficients, 1.0 / factor, 1.0 / factor)
    gaps = {name: getattr(found, name) * factor for name in ("graph_gap_s", GAP)}
    return replace(found, **gaps)


def compute_of(gpu: Gpu) -> float:
    """16-bit FLOP/s that large products reach by the spec."""
    return gpu.peak("bf16") * gpu.achievable_compute


def memory_of(gpu: Gpu) -> float:
    """Bytes a second that large copies reach by the spec."""
    return gpu.memory_bytes_per_s * gpu.achievable_memory


def _faster(coefficients: Coefficients, compute: float, memory: float) -> Coefficients:
    moved = {
        **{name: getattr(coefficients, name) * compute for name in COMPUTES},
        **{name: getattr(coefficients, name) * memory for name in MOVES},
        **{name: getattr(coefficients, name) / memory for name in PASSES},
    }
    return replace(coefficients, **moved)
