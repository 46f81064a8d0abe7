"""Karpenter: a NodePool for each pool of nodes, which it fills as pods ask and empties when they are gone."""

from typing import Any

from solvers.documents import Document
from solvers.exports.shell import Need
from solvers.fleet.exports import labels
from solvers.fleet.exports.pools import ZONE, Pool, own_name
from solvers.serving.exports.kubernetes import managed
from solvers.serving.exports.weights import words

CLASSES = {"aws": ("karpenter.k8s.aws", "EC2NodeClass"), "azure": ("karpenter.azure.com", "AKSNodeClass")}
CLASS: Need = ("NODE_CLASS", "name of the node class that says image, network and disks of new nodes")
# Karpenter prefers what was reserved and takes the rest on demand, where a discount is paid for instead.
CAPACITY = {"on_demand": ["on-demand"], "reserved": ["reserved", "on-demand"], "spot": ["spot"]}
AWS_FAMILY, AWS_GPUS = "karpenter.k8s.aws/instance-family", "karpenter.k8s.aws/instance-gpu-count"
TYPE = "node.kubernetes.io/instance-type"
# Long enough for the next replica of an hour that is as busy, as Kubernetes waits before it takes one away.
IDLE = "5m"


def node_pool(pool: Pool) -> Document:
    """The pool; more GPUs than the plan has at its busiest are not started."""
    offer = pool.offer
    group, kind = CLASSES.get(_cloud(pool), ("${NODE_CLASS_GROUP}", "${NODE_CLASS_KIND}"))
    asked: list[dict[str, Any]] = [
        _in("karpenter.sh/capacity-type", CAPACITY[offer.asked.term]),
        *([_in(ZONE, [offer.zone])] if offer.zone else []),
        *_machines(pool),
    ]
    return {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": pool.label, "labels": managed()},
        "spec": {
            "template": {
                "metadata": {"labels": pool.labels},
                "spec": {
                    "nodeClassRef": {"group": group, "kind": kind, "name": "${NODE_CLASS}"},
                    "taints": pool.taints[:1],
                    "requirements": asked,
                },
            },
            "disruption": {
                "consolidationPolicy": "WhenEmpty",
                "consolidateAfter": "Never" if offer.asked.steady else IDLE,
            },
            "limits": {pool.resource: str(max(pool.nodes) * pool.gpus)},
        },
    }


def wanted(pool: Pool) -> list[Need]:
    """What the reader has to name."""
    other = [
        ("NODE_CLASS_GROUP", "API group of the node classes of your cloud"),
        ("NODE_CLASS_KIND", "kind of the node classes of your cloud"),
    ]
    machine = [
        (_variable(pool), f"name in your cloud of a machine with {pool.gpus} {words(pool.offer.asked.gpu.name)}")
    ]  # fmt: skip
    known = pool.machines or _family(pool)
    return [CLASS, *([] if _cloud(pool) in CLASSES else other), *([] if known else machine)]


def _machines(pool: Pool) -> list[dict[str, Any]]:
    """The machines that the plan knows, or their family with GPUs enough, or one that the reader names."""
    family = _family(pool)
    if family and not pool.machines:
        return [_in(AWS_FAMILY, [family]), {"key": AWS_GPUS, "operator": "Gt", "values": [str(pool.gpus - 1)]}]
    return [_in(TYPE, pool.machines or [f"${{{_variable(pool)}}}"])]


def _family(pool: Pool) -> str:
    """The family of AWS machines that the offer's node belongs to; empty elsewhere."""
    return own_name(pool.offer.asked.node).split(".", maxsplit=1)[0] if _cloud(pool) == "aws" else ""


def _cloud(pool: Pool) -> str:
    return pool.offer.asked.provider.lower()


def _variable(pool: Pool) -> str:
    return f"MACHINE_{labels.variable(pool.label)}"


def _in(key: str, values: list[str]) -> dict[str, Any]:
    return {"key": key, "operator": "In", "values": values}
