"""Islands that are one cluster: a single island, or equal nodes whose slowest link all of them share.

They are the uniform planner's, with everything that it knows; a plan that pays for the slow link everywhere stands
beside those that keep off it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from solvers.catalogue import Node
from solvers.catalogue.equal_nodes import Hardware
from solvers.training.islands.kernel import uniform
from solvers.training.islands.scale import scale_of
from solvers.training.islands.spec import Island, IslandsSpec
from solvers.training.plan import Choice, choice_of
from solvers.training.pool import best, pareto, pool_of
from solvers.training.search import Found, search
from solvers.training.space import size_of as size_of_space
from solvers.training.spec import TrainingSpec

KEPT = 10
FRONT = 20


@dataclass(frozen=True)
class Alone:
    """A plan of the uniform planner on some of the islands."""

    islands: tuple[int, ...]
    spec: TrainingSpec
    choice: Choice

    @property
    def step_time_s(self) -> float:
        """Seconds of a step."""
        return self.choice.step_time_s

    @property
    def memory_bytes(self) -> float:
        """The fullest stage's."""
        return self.choice.memory_bytes


@dataclass(frozen=True)
class Cluster:
    """Islands as equal nodes, and what the uniform planner found on them."""

    islands: tuple[int, ...]
    spec: TrainingSpec
    found: Found

    def plans(self) -> list[Alone]:
        """The best, and those that need less memory."""
        if not self.found.feasible:
            return []
        pool = pool_of([self.found])
        first = best(self.spec, pool, most=KEPT)
        points = dict.fromkeys([*first, *pareto(pool, most=FRONT, keep=first[0])])
        return [Alone(self.islands, self.spec, choice_of(self.found, int(pool.row[point]))) for point in points]


def clusters(spec: IslandsSpec, known: Sequence[Cluster] = ()) -> list[Cluster]:
    """Every set of islands that is one cluster, those that look alike once; what is `known` is not searched again."""
    before = {cluster.spec.model_dump_json(): cluster for cluster in known}
    return [
        before.get(asked.model_dump_json()) or Cluster(islands, asked, search(asked, nodes=asked.hardware.nodes))
        for islands, asked in ((islands, _asked(spec, islands, hardware)) for islands, hardware in _sets(spec))
    ]


def _asked(spec: IslandsSpec, islands: tuple[int, ...], hardware: Hardware) -> TrainingSpec:
    """The question on one cluster; the islands' objective is applied to what it finds."""
    asked = uniform(spec, hardware).model_copy(update={"objective": "step_time"})
    if not scale_of(spec, islands).usd_per_s:
        asked = asked.model_copy(update={"constraints": asked.constraints.model_copy(update={"budget": None})})
    return asked


def _sets(spec: IslandsSpec) -> Iterator[tuple[tuple[int, ...], Hardware]]:
    everything = spec.hardware.islands
    seen = set()
    for count in range(1, len(everything) + 1):
        for islands in combinations(range(len(everything)), count):
            hardware = as_one(spec, [everything[island] for island in islands])
            if hardware is not None and (looks := hardware.model_dump_json()) not in seen:
                seen.add(looks)
                yield islands, hardware


def as_one(spec: IslandsSpec, islands: list[Island]) -> Hardware | None:
    """Equal nodes behind the slower of their own NICs and the link between islands; None where nodes differ."""
    first = islands[0]
    if any(island.node != first.node for island in islands):
        return None
    if any(island.usd_per_gpu_hour != first.usd_per_gpu_hour for island in islands):
        return None
    node = first.node if len(islands) == 1 else _behind_the_link(spec, first.node)
    return Hardware(
        node=node, nodes=sum(island.nodes for island in islands), cost_usd_per_gpu_hour=first.cost_usd_per_gpu_hour
    )


def _behind_the_link(spec: IslandsSpec, node: Node) -> Node:
    """The node with the link between islands in place of its NICs, unless those are slower."""
    link = spec.hardware.link
    if node.nic is not None and node.nics * node.nic.bytes_per_s * node.nic.achievable <= (
        link.bytes_per_s * link.achievable
    ):
        slower = node.nic.model_copy(update={"latency_s": max(node.nic.latency_s, link.latency_s)})
        return node.model_copy(update={"nic": slower})
    latency = max(link.latency_s, node.nic.latency_s if node.nic else 0.0)
    return node.model_copy(update={"nic": link.model_copy(update={"latency_s": latency}), "nics": 1})


def slowest_parts(spec: IslandsSpec) -> Hardware:
    """All nodes as if each were the worst in every respect: what a plan that is blind to islands may count on."""
    islands = spec.hardware.islands
    nodes = [island.node for island in islands]
    gpus = math.gcd(*(node.gpus for node in nodes))
    worst = min(nodes, key=lambda node: node.gpu.peak(spec.precision))
    gpu = worst.gpu.model_copy(
        update={
            "memory_bytes": min(node.gpu.memory_bytes for node in nodes),
            "memory_bytes_per_s": min(node.gpu.memory_bytes_per_s for node in nodes),
        }
    )
    link = min((node.link for node in nodes), key=lambda link: link.bytes_per_s * link.achievable)
    behind = [_behind_the_link(spec, node) for node in nodes]
    slowest = min(behind, key=lambda node: node.nic_bytes_per_s_per_gpu)
    node = slowest.model_copy(update={"gpu": gpu, "gpus": gpus, "link": link})
    share = slowest.nics if slowest.gpus == gpus else max(slowest.nics * gpus // slowest.gpus, 1)
    return Hardware(
        node=node.model_copy(update={"nics": share}),
        nodes=sum(island.gpus for island in islands) // gpus,
        cost_usd_per_gpu_hour=0.0,
    )


def blind(spec: IslandsSpec) -> Alone | None:
    """The best plan of the uniform planner on those."""
    everything = tuple(range(len(spec.hardware.islands)))
    asked = _asked(spec, everything, slowest_parts(spec))
    plans = Cluster(everything, asked, search(asked, nodes=asked.hardware.nodes)).plans()
    return plans[0] if plans else None


def size_of(spec: IslandsSpec) -> int:
    """How many candidates the uniform planner has on all sets of islands that are one cluster."""
    return sum(size_of_space(uniform(spec, hardware), nodes=hardware.nodes) for _, hardware in _sets(spec))
