"""Terraform: node pools and replicas as typed variables, plain data for whichever cloud's modules are there."""

import json
import re
from typing import Any

from solvers.documents import Document
from solvers.exports.shell import comment
from solvers.fleet.exports.bought import Fleet, fleet_of
from solvers.fleet.exports.pools import Pool, pools

NUMBERS = re.compile(r"\[\s+(?:\d+,\s+)*\d+\s+\]")
VALUES, TYPES = "fleet.auto.tfvars.json", "variables.tf"
POOLS: dict[str, tuple[str, str]] = {
    "provider": ("string", "cloud or vendor; empty where the plan names none"),
    "region": ("optional(string)", "null: anywhere"),
    "zone": ("optional(string)", "null: any of the region"),
    "gpu": ("string", "GPU of the catalogue"),
    "node": ("string", "node of the catalogue that the offer comes in"),
    "instance_types": ("list(string)", "empty: choose one with gpus_per_node GPUs of this type"),
    "gpus_per_node": ("number", "as pods ask for them"),
    "term": ("string", "on_demand, reserved or spot"),
    "spot": ("bool", "may be taken away"),
    "nodes": ("object({ min = number, max = number, desired = number })", "desired: at the first hour"),
    "nodes_by_hour": ("list(number)", "one number an hour, from the first"),
    "usd_per_gpu_hour": ("number", "mean over the hours"),
    "labels": ("map(string)", "pods of the plan ask for them"),
    "taints": ("list(object({ key = string, value = string, effect = string }))", "effects in Kubernetes' words"),
}
REPLICAS: dict[str, tuple[str, str]] = {
    "service": ("string", "as the plan calls it"),
    "pool": ("string", "a key of node_pools"),
    "gpus": ("number", "of one replica"),
    "min": ("number", "of the quietest hour"),
    "max": ("number", "of the busiest hour"),
    "by_hour": ("list(number)", "one number an hour, from the first"),
}


def write(result: Document) -> dict[str, str]:
    """The values, and the types that Terraform checks them against."""
    fleet = fleet_of(result)
    return {VALUES: _json(_values(fleet)), TYPES: _types(fleet)}


def _json(document: Document) -> str:
    """Indented, but lists of numbers on a line each."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return NUMBERS.sub(lambda found: " ".join(found[0].split()).replace("[ ", "[").replace(" ]", "]"), text) + "\n"


def _values(fleet: Fleet) -> Document:
    of = pools(fleet)
    return {
        "node_pools": {pool.label: _pool(pool) for pool in of.values()},
        "replicas": {
            one.label: {
                "service": one.service.name, "pool": of[one.name].label, "gpus": one.gpus,
                "min": min(running), "max": max(running), "by_hour": running,
            }
            for one in fleet.configurations
            for running in [fleet.running(one)]
        },
    }  # fmt: skip


def _pool(pool: Pool) -> Document:
    offer, asked, nodes = pool.offer, pool.offer.asked, pool.nodes
    found: dict[str, Any] = {
        "provider": asked.provider,
        "region": asked.region,
        "zone": offer.zone or None,
        "gpu": asked.gpu.name,
        "node": asked.node.name,
        "instance_types": pool.machines,
        "gpus_per_node": pool.gpus,
        "term": asked.term,
        "spot": asked.term == "spot",
        "nodes": {"min": min(nodes), "max": max(nodes), "desired": nodes[0]},
        "nodes_by_hour": list(nodes),
        "usd_per_gpu_hour": offer.planned["price_usd_per_gpu_hour"],
        "labels": pool.labels,
        "taints": pool.taints,
    }
    return found


def _types(fleet: Fleet) -> str:
    hours = f"{fleet.hours} hours" if fleet.hours > 1 else "one hour, which stands for all"
    head = comment(
        [
            f"The fleet {fleet.name}: {', '.join(one.name for one in fleet.spec.services)}, planned for {hours}.",
            f"{VALUES} holds the values. A node pool is a group that scales between nodes.min and nodes.max;",
            "give its nodes the labels and the taints, then the Kubernetes manifests of the same plan find them.",
        ]
    )
    blocks = [_variable("node_pools", "Nodes to buy or to reserve.", POOLS)]
    blocks.append(_variable("replicas", "Replicas of each configuration.", REPLICAS))
    return "\n\n".join([head, *blocks]) + "\n"


def _variable(name: str, what: str, fields: dict[str, tuple[str, str]]) -> str:
    """A variable whose type is a map of objects, each field with a note; laid out as `terraform fmt` does."""
    width, wide = max(map(len, fields)), max(len(kind) for kind, _ in fields.values())
    body = "\n".join(f"    {field:<{width}} = {kind:<{wide}} # {note}" for field, (kind, note) in fields.items())
    return f'variable "{name}" {{\n  description = "{what}"\n  type = map(object({{\n{body}\n  }}))\n}}'
