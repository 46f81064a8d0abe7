"""A whole plan as the search compares it: its groups of replicas, its routing, and the deployment to simulate."""

from dataclasses import dataclass, replace

from solvers.cost.serving.job import Layout
from solvers.cost.serving.memory import token_bytes
from solvers.serving.setup import Group, Setup, Shop, scaled
from solvers.simulate.serving.case import Deployment, Pool, Routing, Transfer


@dataclass(frozen=True)
class Candidate:
    """One group whose replicas do both, or one for prefill and one for decode."""

    groups: tuple[Group, ...]
    routing: Routing

    @property
    def gpus(self) -> int:
        """All GPUs."""
        return sum(group.gpus for group in self.groups)

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
    """How KV caches go to the decode replicas: inside one node over its link, else over the NICs of their GPUs.

    Each GPU that holds a part of a token's keys and values gets that part over a link of its own; heads that are on
    several GPUs, and MLA's latents, go to each of them.
    """
    if not candidate.disaggregated:
        return None
    node, model, layout = shop.spec.hardware.node, shop.spec.model, candidate.groups[1].setup.layout
    inside = candidate.gpus <= node.gpus or node.nic is None
    link = node.link if inside or node.nic is None else node.nic
    each = link.bytes_per_s if inside else node.nic_bytes_per_s_per_gpu
    parts = 1 if model.mla else min(layout.tp, model.kv_heads)
    return Transfer(
        bytes_per_token=kv_bytes(candidate.groups[1].setup, shop),
        bytes_per_s=each * link.achievable * parts * layout.pp * layout.dp,
        latency_s=link.latency_s,
    )


def kv_bytes(setup: Setup, shop: Shop) -> float:
    """Bytes of one token's keys and values, in all layers and heads once."""
    return token_bytes(shop.job(replace(setup, layout=Layout())))
