"""Dynamo: a DynamoGraphDeployment with a front end and a worker for each pool. Names are those of Dynamo 1.6."""

import json
from typing import Any

from solvers.documents import Document
from solvers.exports.filling import yaml
from solvers.exports.refuse import Rule, check
from solvers.exports.shell import Argument, comment
from solvers.serving.exports import containers, kubernetes, sglang_arguments, trtllm_options, vllm_arguments
from solvers.serving.exports.served import Replicas, Served, served

MANIFEST, APPLY = "dynamo.yaml", "apply.sh"
ROUTERS = {"round_robin": "round-robin", "least_work": "least-loaded", "prefix_aware": "kv"}
TYPES = {"both": "worker", "prefill": "prefill", "decode": "decode"}
EVENTS = {"publisher": "zmq", "topic": "kv-events", "endpoint": "tcp://*:20080", "enable_kv_cache_events": True}


def write(result: Document) -> dict[str, str]:
    """The manifest and the script that fills it in and applies it."""
    plan = served(result)
    containers.checked(plan)
    check(_rules(plan))
    head = comment(
        [
            f"Dynamo with {containers.ENGINES[plan.engine]}: {plan.title}, {plan.label}, on {plan.gpus} {plan.gpu}.",
            f"{APPLY} puts in what only you know. The image is one of Dynamo's runtimes with the engine in it.",
            "Where its tag is not a version of Dynamo's, each component wants `runtimeVersionOverride`.",
        ]
    )
    return {MANIFEST: f"{head}\n{yaml(_graph(plan))}", APPLY: kubernetes.apply(plan, MANIFEST)}


def _rules(plan: Served) -> list[Rule]:
    return [
        Rule(
            plan.engine == "trtllm" and vllm_arguments.draft_model(plan),
            "/spec/speculation",
            "The options of TensorRT-LLM want the draft model's folder.",
        )
    ]


def _graph(plan: Served) -> Document:
    return {
        "apiVersion": "nvidia.com/v1beta1",
        "kind": "DynamoGraphDeployment",
        "metadata": {"name": plan.name},
        "spec": {
            "backendFramework": plan.engine,
            "components": [_frontend(plan), *(_worker(plan, pool) for pool in plan.pools)],
        },
    }


def _frontend(plan: Served) -> Document:
    router = [{"name": "DYN_ROUTER_MODE", "value": ROUTERS[plan.routing]}]
    inner = {"name": "main", "image": containers.IMAGE, "env": router}
    return {"name": "Frontend", "type": "frontend", "replicas": 1, "podTemplate": {"spec": {"containers": [inner]}}}


def _worker(plan: Served, pool: Replicas) -> Document:
    inner: dict[str, Any] = {
        "name": "main",
        "image": containers.IMAGE,
        "command": ["python3", "-m", f"dynamo.{plan.engine}"],
        "args": _arguments(plan, pool),
        "envFrom": [{"secretRef": {"name": "hf-token", "optional": True}}],
        "resources": {"limits": {plan.resource: str(containers.gpus(plan, pool))}},
    }
    found: dict[str, Any] = {
        "name": pool.name,
        "type": TYPES[pool.role],
        "replicas": pool.replicas,
        "podTemplate": {"spec": {"containers": [inner]}},
    }
    nodes = pool.nodes(plan.gpus_per_node)
    return {**found, "multinode": {"nodeCount": nodes}} if nodes > 1 else found


def _arguments(plan: Served, pool: Replicas) -> list[str]:
    model, served_as = containers.model(plan), plan.published_as or plan.model.name
    match plan.engine:
        case "vllm":
            head = ["--model", model, "--served-model-name", served_as]
            own = [*vllm_arguments.arguments(plan, pool), *_mode(plan, pool)]
        case "sglang":
            head = ["--model-path", model, "--served-model-name", served_as]
            own = sglang_arguments.arguments(plan, pool)
        case _:
            head = ["--model-path", model, "--served-model-name", served_as]
            options = json.dumps(trtllm_options.options(plan, pool))
            block = ("--kv-block-size", str(pool.block_size))  # what the router counts in
            own = [block, ("--override-engine-args", options), *_mode(plan, pool)]
    own = [*own, *(_events(plan.engine) if plan.routing == "prefix_aware" else [])]
    return [*head, *(containers.plain(word) for argument in own for word in argument)]


def _mode(plan: Served, pool: Replicas) -> list[Argument]:
    return [("--disaggregation-mode", pool.role)] if plan.apart else []


def _events(engine: str) -> list[Argument]:
    """What the router has to hear to know the caches."""
    if engine == "trtllm":
        return [("--publish-kv-events",)]
    events = EVENTS if engine == "vllm" else {name: EVENTS[name] for name in ("publisher", "topic", "endpoint")}
    return [("--kv-events-config", json.dumps(events))]
