"""A whole plan as the search compares it: its groups of replicas, its routing, and the deployment to simulate."""

from dataclasses import dataclass, replace
from functools import cached_property

from solvers.cost.serving.transfer import transfer_of
from solvers.serving.setup import Group, Setup, Shop, scaled
from solvers.simulate.serving.case import Deployment, Pool, Routing, Transfer


@dataclass(frozen=True)
class Candidate:
    """One group whose replicas do both, or one for prefill and one for decode."""

    groups: tuple[Group, ...]
    routing: Routing

    @cached_property
    def gpus(self) -> int:
        """All GPUs."""
        return sum([group.gpus for group in self.groups])

    @property
    def setups(self) -> tuple[Setup, ...]:
        """One replica of each group."""
        return tuple(group.setup for group in self.groups)

    @property
    def disaggregated(self) -> bool:
        """Whether prefill and decode have GPUs of their own."""
        return len(self.groups) > 1

    @property
    def replicas(self) -> int:
        """Replicas of all groups."""
        return sum(group.replicas for group in self.groups)

    def with_replicas(self, *replicas: int) -> "Candidate":
        """The same with other numbers of replicas."""
        groups = tuple(replace(group, replicas=n) for group, n in zip(self.groups, replicas, strict=True))
        return replace(self, groups=groups)


def deployment(candidate: Candidate, shop: Shop, *, slower: float = 1.0) -> Deployment:
    """The candidate in the simulator's words, with steps that take `slower` times as long."""
    apart = candidate.disaggregated
    pools = tuple(
        Pool(
            group.role,
            group.replicas,
            shop.engine(group.setup),
            scaled(shop.cost(group.setup, apart=apart), slower),
        )
        for group in candidate.groups
    )
    return Deployment(pools, routing=candidate.routing, transfer=transfer(candidate, shop))


def transfer(candidate: Candidate, shop: Shop) -> Transfer | None:
    """How KV caches go to the decode replicas: inside one node over its link, else over the NICs of their GPUs."""
    if not candidate.disaggregated:
        return None
    node, (ahead, after) = shop.spec.hardware.node, (group.setup for group in candidate.groups)
    moved = transfer_of(
        shop.spec.model,
        after.numerics,
        node,
        prefill=ahead.layout,
        decode=after.layout,
        prompt=shop.context,
        between_nodes=candidate.gpus > node.gpus,
    )
    return Transfer(moved.bytes_per_token, moved.bytes_per_s, moved.latency_s)
