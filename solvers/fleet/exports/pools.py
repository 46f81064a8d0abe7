"""Pools of equal nodes, which clusters and clouds scale: by the node as bought, or of the size that a replica takes."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from solvers.catalogue.hardware import Node
from solvers.fleet.exports import labels
from solvers.fleet.exports.bought import Bought, Fleet, Used

# What pods ask for and nodes carry, whatever the cloud calls its own.
LABEL, GPU, TERM = "isoflop.io/pool", "isoflop.io/gpu", "isoflop.io/term"
ZONE = "topology.kubernetes.io/zone"
MACHINE = re.compile(r"[a-z][a-z0-9-]*\.[a-z0-9]+")
SPOT_TAINTS = {
    "azure": ("kubernetes.azure.com/scalesetpriority", "spot"),
    "gcp": ("cloud.google.com/gke-spot", "true"),
}


@dataclass(frozen=True)
class Pool:
    """Nodes of `gpus` GPUs of one offer, as many in each hour as `nodes` [T]."""

    label: str
    offer: Bought
    gpus: int
    nodes: tuple[int, ...]

    @property
    def resource(self) -> str:
        """What its GPUs are called in Kubernetes."""
        return "amd.com/gpu" if self.offer.asked.gpu.vendor.upper() == "AMD" else "nvidia.com/gpu"

    @property
    def machines(self) -> list[str]:
        """What the cloud calls machines that the nodes may be; empty where nobody knows it.

        The machines that the price is of, or else the node's own name where the pool takes all of its GPUs.
        """
        asked = self.offer.asked
        whole = own_name(asked.node) if self.gpus == asked.node.gpus else ""
        return list(asked.instances) or ([whole] if whole else [])

    @property
    def labels(self) -> dict[str, str]:
        """What its nodes carry and its pods ask for."""
        asked = self.offer.asked
        return {LABEL: self.label, GPU: labels.label(asked.gpu.name), TERM: asked.term}

    @property
    def taints(self) -> list[dict[str, str]]:
        """What keeps other pods away: the GPUs, and what the cloud puts on spot nodes by itself."""
        asked = self.offer.asked
        spot = SPOT_TAINTS.get(asked.provider.lower()) if asked.term == "spot" else None
        given = [(self.resource, "true"), *([spot] if spot else [])]
        return [{"key": key, "value": value, "effect": "NoSchedule"} for key, value in given]


def own_name(node: Node) -> str:
    """What AWS calls the catalogue's node: `p5.48xlarge`; empty where it is none of its machines."""
    return next((name for name in node.aliases if MACHINE.fullmatch(name)), "")


def pools(fleet: Fleet) -> dict[str, Pool]:
    """The pool of each configuration, by the configuration's name.

    An offer by the node is one pool, and so is one whose replicas are all of one size; others have one for each size.
    """
    found: dict[str, Pool] = {}
    sized = {
        (offer.name, size): mine for offer in fleet.offers for size, mine in _sizes(offer, fleet.configurations).items()
    }
    names = labels.unique(f"{offer}-x{size}" for offer, size in sized)
    for (name, size), mine in sized.items():
        offer = mine[0].offer
        alone = sum(other == name for other, _ in sized) == 1
        nodes = _bought(offer, size) if alone else _running(fleet, mine)
        pool = Pool(names[f"{name}-x{size}"], offer, size, tuple(nodes))
        found |= {one.name: pool for one in mine}
    return found


def _sizes(offer: Bought, used: Iterable[Used]) -> dict[int, list[Used]]:
    """The offer's configurations by the GPUs of the nodes that they run on."""
    found: dict[int, list[Used]] = {}
    for one in used:
        if one.offer.name == offer.name:
            found.setdefault(offer.asked.unit_gpus if offer.whole else one.gpus, []).append(one)
    return found


def _bought(offer: Bought, size: int) -> list[int]:
    """All that is paid for, in nodes of this size."""
    return [-(-gpus // size) for gpus in offer.gpus]


def _running(fleet: Fleet, used: list[Used]) -> list[int]:
    """One node for each replica."""
    return [sum(counts) for counts in zip(*map(fleet.running, used), strict=True)]
