"""The techniques that few plans use, one value for each layout: finer sharding, offload, recomputation by layer.

    w, g, o   ranks that share one copy of the weights, of the gradients, of the optimizer: 1 <= w <= g <= o <= n
              ZeRO 1, 2, 3 are (1, 1, n), (1, n, n), (n, n, n) [rajbhandari2020zero, section 5]
              HSDP is (g, g, g) with n / g replicas [zhao2023fsdp, section 3.2.2]
              three levels, one for each class of link, are (w, g, n) [xu2025lowbandwidth]
A search without them carries no such columns and pays nothing for them.
"""

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Refined:
    """All arrays have one length; what is no number of ranks or share is 0 or 1.

    `recomputed` is the share of a stage's layers that are computed again in full, `offloaded` the share whose
    activations wait in the host's memory, both of `stage_layers` layers. `secondary` keeps a second copy of the weights
    within each domain.
    """

    weight_group: Floats
    gradient_group: Floats
    optimizer_group: Floats
    quantized_weights: Floats
    quantized_gradients: Floats
    secondary: Floats
    recomputed: Floats
    offloaded: Floats
    optimizer_offload: Floats
    expert_overlap: Floats
    stage_layers: Floats

    def take(self, index: Ints | Bools | slice) -> "Refined":
        """The chosen rows."""
        return Refined(*(getattr(self, field.name)[index] for field in fields(self)))


@dataclass(frozen=True)
class Shares:
    """Parts of a stage's weights, gradients and optimizer that one rank's device holds."""

    weights: Floats
    gradients: Floats
    optimizer: Floats


def plain(zero: Ints, copies: Floats, stage_layers: Floats) -> Refined:
    """No technique: groups as the ZeRO stage has them, for `copies` ranks that hold the same parameters."""
    whole, none = np.ones(len(zero)), np.zeros(len(zero))
    every = copies.astype(np.float64)
    return Refined(
        weight_group=np.where(zero >= 3, every, whole),
        gradient_group=np.where(zero >= 2, every, whole),
        optimizer_group=np.where(zero >= 1, every, whole),
        quantized_weights=none,
        quantized_gradients=none,
        secondary=none,
        recomputed=none,
        offloaded=none,
        optimizer_offload=none,
        expert_overlap=none,
        stage_layers=stage_layers,
    )


def for_experts(refined: Refined, ratio: Floats) -> Refined:
    """Groups among the ranks that hold the same experts: `ratio` times as many, at least one; one rank stays one."""
    names = ("weight_group", "gradient_group", "optimizer_group")
    return replace(refined, **{name: _narrowed(getattr(refined, name), ratio) for name in names})


def _narrowed(group: Floats, ratio: Floats) -> Floats:
    return np.where(group > 1, np.maximum(np.floor(group * ratio), 1.0), 1.0)


def shares_of(refined: Refined, stride: Ints | Floats, domain: float | Floats) -> Shares:
    """Groups as shares; a second copy of the weights is shared by the group's ranks in one domain."""
    near = np.clip(np.floor(domain / stride), 1.0, refined.weight_group)
    return Shares(
        weights=1.0 / refined.weight_group + refined.secondary / near,
        gradients=1.0 / refined.gradient_group,
        optimizer=(1.0 - refined.optimizer_offload) / refined.optimizer_group,
    )
