"""A layer of experts cut into r pieces: exchanges between nodes, gathers in a node and products work at once.

Each piece goes through five operations, in this order
    dispatch  all-to-all between nodes       gather   of the tokens among the ranks that share an expert
    expert    matrix products                scatter  reduce-scatter of the results        combine  all-to-all back
    seconds of one piece of any of them = start + work / r          [pan2025fsmoe, section 4]
Three streams run side by side: between nodes (dispatch, gradients, combine), in a node (gather, scatter), compute.
Backward the expert works twice as long, and the gradients of the layers before are reduced between nodes in the gap
between dispatch and combine; as much of them as pays, the rest comes after. Each pass has its own r.
A plain schedule has one stream for all traffic, the same r both ways, and gradients after the layer [hwang2023tutel].
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Numbers of pieces that the published optimiser chooses among (tools/optim.py of its repository).
DEGREES = (1, 2, 4, 8)
# Parts of the gradients that may go into the gap.
SLICES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Operation:
    """Seconds of starting one piece, and of the work of all pieces: [K]."""

    start_s: Floats
    work_s: Floats

    def of(self, pieces: int) -> Floats:
        """Seconds of one of so many pieces."""
        return self.start_s + self.work_s / pieces


@dataclass(frozen=True)
class ExpertLayer:
    """K layers: exchange and gather are of one direction; `gradients_s` is the reduction that may fill the gap."""

    exchange: Operation
    gather: Operation
    expert: Operation
    gradients_s: Floats

    def backward(self) -> "ExpertLayer":
        """The same layers on the way back: gradients of inputs and of weights are twice the products."""
        twice = Operation(2.0 * self.expert.start_s, 2.0 * self.expert.work_s)
        return ExpertLayer(self.exchange, self.gather, twice, self.gradients_s)


@dataclass(frozen=True)
class Best:
    """The fastest schedule of each layer: pieces, and seconds with the gradients that are left over."""

    pieces: Ints
    seconds: Floats


def three_streams(layer: ExpertLayer, pieces: int, filling_s: Floats) -> Floats:
    """Seconds of the layers in `pieces`, with `filling_s` of other traffic between nodes before the results return."""
    return np.minimum(*(_in_order(layer, pieces, filling_s, gathers_first=first) for first in (True, False)))


def _in_order(layer: ExpertLayer, pieces: int, filling_s: Floats, *, gathers_first: bool) -> Floats:
    """The streams work through fixed lists; in a node all gathers come first, or scatters in turn with them."""
    exchange, gather, expert = (one.of(pieces) for one in (layer.exchange, layer.gather, layer.expert))
    inside = compute = np.zeros_like(exchange)
    dispatched = [exchange * (number + 1) for number in range(pieces)]
    gathered: list[Floats] = []
    computed: list[Floats] = []
    scattered: list[Floats] = []

    def scatter() -> None:
        nonlocal inside
        inside = np.maximum(inside, computed[len(scattered)]) + gather
        scattered.append(inside)

    for number in range(pieces):
        inside = np.maximum(inside, dispatched[number]) + gather
        gathered.append(inside)
        compute = np.maximum(compute, gathered[number]) + expert
        computed.append(compute)
        if not gathers_first and number:
            scatter()
    while len(scattered) < pieces:
        scatter()
    between = dispatched[-1] + filling_s
    for arrived in scattered:
        between = np.maximum(between, arrived) + exchange
    return between


def one_stream(layer: ExpertLayer, pieces: int) -> Floats:
    """Seconds of the layers when all traffic shares a stream; only the products run beside it."""
    way = layer.exchange.of(pieces) + layer.gather.of(pieces)
    expert = layer.expert.of(pieces)
    traffic, compute = way * pieces, np.zeros_like(way)
    for number in range(pieces):
        compute = np.maximum(compute, way * (number + 1)) + expert
        traffic = np.maximum(traffic, compute) + way
    return traffic


def best_forward(layer: ExpertLayer) -> Best:
    """The best number of pieces forward."""
    nothing = np.zeros_like(layer.gradients_s)
    return _least([three_streams(layer, pieces, nothing) for pieces in DEGREES])


def best_backward(layer: ExpertLayer) -> Best:
    """The best number of pieces and slice of the gradients backward; what is not in the gap comes after."""
    back = layer.backward()
    ways = [
        np.minimum.reduce(
            [three_streams(back, pieces, part * back.gradients_s) + (1.0 - part) * back.gradients_s for part in SLICES]
        )
        for pieces in DEGREES
    ]
    return _least(ways)


def plain_seconds(layer: ExpertLayer) -> Floats:
    """Seconds forward and backward of the plain schedule with its best number of pieces, one for both."""
    both = [one_stream(layer, pieces) + one_stream(layer.backward(), pieces) for pieces in DEGREES]
    seconds: Floats = np.minimum.reduce(both) + layer.gradients_s
    return seconds


def _least(by_degree: list[Floats]) -> Best:
    table = np.array(by_degree)
    return Best(np.array(DEGREES)[table.argmin(axis=0)], table.min(axis=0))
