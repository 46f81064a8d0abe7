"""A configuration as the serving exports know it: one replica's container, and what the reader has to name."""

from dataclasses import dataclass
from typing import Any

from solvers.catalogue import Model
from solvers.catalogue.equal_nodes import Hardware
from solvers.documents import Document
from solvers.exports.shell import Need
from solvers.fleet.exports import labels
from solvers.fleet.exports.bought import Fleet, Used
from solvers.serving.exports import containers, kubernetes
from solvers.serving.exports.scripts import PORT
from solvers.serving.exports.served import Served, pool_of
from solvers.serving.exports.weights import words
from solvers.serving.spec import ServingSpec

ROUTING = "least_work"
# One name for all configurations of a service, whatever checkpoint each starts from.
NAMED = {"vllm": "--served-model-name", "sglang": "--served-model-name", "trtllm": "--served_model_name"}
# The autoscalers read the engine's counters, which SGLang and TensorRT-LLM show when they are asked to.
COUNTING = {"sglang": ["--enable-metrics"]}
COUNTING_OPTION = {"trtllm": "return_perf_metrics: true\n"}
COUNTERS = {"trtllm": "/prometheus/metrics"}


@dataclass(frozen=True)
class Replica:
    """The pod of one replica, files that it reads, and the variables in it that the reader fills in.

    `counters` is the path at which the engine tells Prometheus what it did.
    """

    pod: Document
    files: list[Document]
    wanted: list[Need]
    counters: str = "/metrics"


def replica(fleet: Fleet, used: Used, *, resource: str) -> Replica:
    """CannotExpress where the engine has no words for a part of the configuration."""
    service = fleet.services[used.service.name]
    if used.service.model is None or used.planned["settings"] is None:
        return _unknown(used, service, resource)
    plan = _served(used, used.service.model)
    containers.checked(plan)
    [pool] = plan.pools
    named = [NAMED[plan.engine], used.service.name]
    command = [*containers.command(plan, pool), *named, *COUNTING.get(plan.engine, [])]
    inner = kubernetes.container(plan, command, gpus=containers.gpus(plan, pool))
    renamed = {name: _renamed(name, used, service) for name, _ in containers.wanted(plan)}
    return Replica(
        pod=_put(kubernetes.pod(plan, inner), renamed),
        files=[_counting(_put(one, renamed), plan) for one in kubernetes.config_maps(plan, pool)],
        wanted=[(renamed[name], what) for name, what in containers.wanted(plan)],
        counters=COUNTERS.get(plan.engine, Replica.counters),
    )


def _served(used: Used, model: Model) -> Served:
    """The configuration as a serving plan of one pool."""
    service, asked, planned = used.service, used.offer.asked, used.planned
    pool = {
        "role": "both",
        "replicas": planned["replicas"]["most"],
        "gpus_per_replica": used.gpus,
        "layout": planned["layout"],
        "engine": planned["settings"],
        "precision": planned["precision"],
        "memory": planned["memory"],
    }
    return Served(
        label=planned["label"],
        model=model,
        engine=service.engine.name,
        version=service.engine.version,
        gpu=asked.gpu.shown,
        vendor=asked.gpu.vendor,
        gpus_per_node=asked.node.gpus,
        gpus=used.gpus * planned["replicas"]["most"],
        rate_per_s=service.traffic.rate_per_s,
        routing=ROUTING,
        pools=(pool_of(pool, used.at),),
        adapters=None,
        spec=ServingSpec(
            model=model, hardware=Hardware(node=asked.node, nodes=1), traffic=service.traffic, slo=service.slo,
            engine=service.engine,
        ),
        name=used.label,
    )  # fmt: skip


def _counting(file: Document, plan: Served) -> Document:
    """The engine's options with its counters."""
    return {**file, "data": {name: text + COUNTING_OPTION[plan.engine] for name, text in file["data"].items()}}


def _renamed(name: str, used: Used, service: str) -> str:
    """An image is an engine's for a vendor; a checkpoint is a service's in a precision."""
    if name == "IMAGE":
        amd = used.offer.asked.gpu.vendor.upper() == "AMD"
        return f"IMAGE_{used.service.engine.name.upper()}{'_AMD' if amd else ''}"
    return f"{name}_{labels.variable(service)}_{labels.variable(used.planned['precision']['weights'])}"


def _put(node: Any, renamed: dict[str, str]) -> Any:
    """The document with `${NAME}` as `${OTHER}`."""
    match node:
        case dict():
            return {key: _put(value, renamed) for key, value in node.items()}
        case list():
            return [_put(value, renamed) for value in node]
        case str():
            for name, other in renamed.items():
                node = node.replace(f"${{{name}}}", f"${{{other}}}")
    return node


def _unknown(used: Used, service: str, resource: str) -> Replica:
    """Capacities that were measured do not say what ran: the reader names image and arguments."""
    image, arguments = f"IMAGE_{labels.variable(service)}", f"ARGUMENTS_{labels.variable(used.label)}"
    probe = {"httpGet": {"path": "/health", "port": "http"}, "periodSeconds": kubernetes.EVERY_S}
    inner = {
        "name": "engine",
        "image": f"${{{image}}}",
        "args": f"${{{arguments}}}",
        "envFrom": [{"secretRef": {"name": "hf-token", "optional": True}}],
        "ports": [{"name": "http", "containerPort": PORT}],
        "resources": {"limits": {resource: str(used.gpus)}},
        "volumeMounts": [{"name": "shared-memory", "mountPath": "/dev/shm"}],  # noqa: S108 -- the pod's own memory
        "readinessProbe": probe,
        "startupProbe": {**probe, "failureThreshold": kubernetes.STARTING_S // kubernetes.EVERY_S},
    }
    what = f"{words(used.service.name)} on {used.gpus} {words(used.offer.asked.gpu.shown)}, port {PORT}"
    return Replica(
        pod={"containers": [inner], "volumes": [{"name": "shared-memory", "emptyDir": {"medium": "Memory"}}]},
        files=[],
        wanted=[
            (image, f"container image that serves {words(used.service.name)}"),
            (arguments, f"arguments of the image for {what}, as a list in JSON"),
        ],
    )
