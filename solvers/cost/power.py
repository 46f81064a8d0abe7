"""Watts of a node while its GPUs compute, while they wait for one another, and while no job runs on it.

Shares are of the node's rated power, or of its GPUs' where nobody rated the node:
    computing  0.76 of the rating in demanding training [newkirk2025empirical, abstract]; the most that was seen is
               8.4 kW of 10.2 kW [latif2025single, abstract]
    waiting    half of computing: the troughs of three models' training, in communication, were 0.75, 0.5 and 0.2 of
               the peak [patel2024polca, section 4.1, as remembered]
    idle       the lowest of these troughs, which was an idle GPU's
"""

from dataclasses import dataclass
from typing import TypeVar

from solvers.base import Estimate
from solvers.catalogue.hardware import Node
from solvers.cost.layouts import Floats

Time = TypeVar("Time", float, Floats)
COMPUTING = Estimate(0.76, 0.76**2 / (8.4 / 10.2), 8.4 / 10.2)
WAITING = Estimate(0.5, 0.2, 0.75)
IDLE = 0.2
# A DGX H100 is rated at 10.2 kW and its eight GPUs at 700 W each (its data sheet).
NODE_OVER_GPUS = 10.2 / 5.6


@dataclass(frozen=True)
class Draw:
    """Watts of one node in each state."""

    computing_w: float
    waiting_w: float
    idle_w: float

    def energy_j(self, *, busy_s: Time, step_s: Time) -> Time:
        """Joules of a step in which GPUs compute for `busy_s` of `step_s`, at the node's plug."""
        return busy_s * self.computing_w + (step_s - busy_s) * self.waiting_w


def rated_w(node: Node) -> float | None:
    """The node's rated power; None where neither the node nor its GPU has one."""
    if node.power_w:
        return node.power_w
    return node.gpus * node.gpu.power_w * NODE_OVER_GPUS if node.gpu.power_w else None


def draw_of(node: Node, *, computing: float = COMPUTING.value, waiting: float = WAITING.value) -> Draw | None:
    """What one node draws with these shares; None where nobody knows its power."""
    rated = rated_w(node)
    if rated is None:
        return None
    return Draw(
        computing_w=computing * rated, waiting_w=waiting * computing * rated, idle_w=IDLE * COMPUTING.value * rated
    )
