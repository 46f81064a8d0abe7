"""A grid of expert layers as large as that of FSMoE: 2 x 3^6 [pan2025fsmoe]. Its values, but for the size, are ours."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from solvers.simulate.experts import ExpertLayer, Operation

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rates:
    """A cluster: seconds to start a message and bytes/s of a GPU, between nodes and inside; products a second."""

    gpus: int
    nodes: int
    between_start_s: float
    between_bytes_per_s: float
    inside_start_s: float
    inside_bytes_per_s: float
    kernel_start_s: float
    flops_per_s: float


GRID: dict[str, tuple[float, ...]] = {
    "batch": (1, 2, 4),
    "length": (512, 1024, 2048),
    "hidden": (1024, 2048, 4096),
    "widening": (2, 3, 4),
    "capacity": (1.0, 1.2, 2.4),
    "layers_of_gradients": (1, 2, 3),
    "products": (2, 3),
}


def grid_layers(rates: Rates, *, top_k: int = 2) -> ExpertLayer:
    """The layers on a cluster whose nodes share experts: 2-byte tokens, gradients of attention before the layer.

    A node's ranks hold batch x length tokens together and cut each expert between them.
    """
    batch, length, hidden, widening, capacity, depth, products = np.array(list(product(*GRID.values()))).T
    tokens = capacity * top_k * batch * length
    received = 2.0 * tokens * hidden
    share = rates.gpus

    def timed(start: float, work: Floats) -> Operation:
        return Operation(np.full(len(batch), start), work)

    return ExpertLayer(
        exchange=timed(
            rates.between_start_s, received / share * (rates.nodes - 1) / rates.nodes / rates.between_bytes_per_s
        ),
        gather=timed(rates.inside_start_s, received * (share - 1) / share / rates.inside_bytes_per_s),
        expert=timed(rates.kernel_start_s, 2.0 * products * tokens * hidden**2 * widening / share / rates.flops_per_s),
        gradients_s=rates.between_start_s
        + 2.0 * depth * 2.0 * 4.0 * hidden**2 / share * (rates.nodes - 1) / rates.nodes / rates.between_bytes_per_s,
    )
