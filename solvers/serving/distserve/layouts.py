"""The placements that DistServe looks at (algorithms 1 and 2 of the paper, search_configs.py of its artifact, 82831f1).

TP divides the heads, PP the layers. With high affinity (fast links between all nodes) prefill and decode take any GPUs;
with low affinity a segment, that is one stage of each, shares a node, and pipelines may also cross nodes together.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from solvers.serving.distserve.profile import Opt


@dataclass(frozen=True, order=True)
class Side:
    """Parallel sizes of one replica."""

    tp: int
    pp: int

    @property
    def gpus(self) -> int:
        """GPUs of the replica."""
        return self.tp * self.pp


@dataclass(frozen=True, order=True)
class Placement:
    """One replica for prefill beside one for decode; `near` says that KV goes within the node."""

    prefill: Side
    decode: Side
    near: bool = False

    @property
    def gpus(self) -> int:
        """GPUs of both."""
        return self.prefill.gpus + self.decode.gpus

    @property
    def label(self) -> str:
        """As DistServe writes it: TP and PP of prefill, TP and PP of decode."""
        return f"({self.prefill.tp}, {self.prefill.pp}, {self.decode.tp}, {self.decode.pp})"


def placements(model: Opt, *, nodes: int, gpus_per_node: int, high_affinity: bool) -> list[Placement]:
    """All of them, in a fixed order."""
    found = _anywhere if high_affinity else _in_segments
    return list(found(model, nodes, gpus_per_node))


def colocated(model: Opt, *, gpus: int) -> list[Side]:
    """Replicas that do both, on at most `gpus` GPUs."""
    sides = (Side(tp, pp) for tp, pp in product(divisors(model.heads), divisors(model.layers)))
    return [side for side in sides if side.gpus <= gpus]


def _anywhere(model: Opt, nodes: int, gpus_per_node: int) -> Iterator[Placement]:
    sides = colocated(model, gpus=nodes * gpus_per_node)
    pairs = (Placement(prefill, decode) for prefill, decode in product(sides, sides))
    return (placement for placement in pairs if placement.gpus <= nodes * gpus_per_node)


def _in_segments(model: Opt, nodes: int, gpus_per_node: int) -> Iterator[Placement]:
    sides = colocated(model, gpus=gpus_per_node)
    across = [stages for stages in divisors(model.layers) if stages <= nodes]
    for stages, prefill, decode in product(across, sides, sides):
        fits = prefill.gpus + decode.gpus <= gpus_per_node
        if fits and model.layers % (stages * prefill.pp) == model.layers % (stages * decode.pp) == 0:
            yield Placement(Side(prefill.tp, stages * prefill.pp), Side(decode.tp, stages * decode.pp), near=True)


def divisors(number: int) -> list[int]:
    """All divisors, smallest first."""
    return [divisor for divisor in range(1, number + 1) if number % divisor == 0]
