"""Kubernetes: a StatefulSet of replicas (a LeaderWorkerSet where one spans nodes), and nginx before several."""

from typing import Any

from solvers.documents import Document
from solvers.exports.filling import filled, yaml
from solvers.exports.refuse import Rule, check
from solvers.exports.shell import comment, needs, script
from solvers.serving.exports import balance, containers
from solvers.serving.exports.containers import IMAGE, Place
from solvers.serving.exports.scripts import PORT
from solvers.serving.exports.served import Replicas, Served, served

MANIFEST, APPLY = "serve.yaml", "apply.sh"
PLACE = Place(rank="$(LWS_WORKER_INDEX)", master="$(LWS_LEADER_ADDRESS)")
STARTING_S = 1800
EVERY_S = 10


def write(result: Document) -> dict[str, str]:
    """The manifests and the script that fills them in and applies them."""
    plan = served(result)
    containers.checked(plan)
    check([*balance.rules(plan), *_rules(plan)])
    pool = plan.pools[0]
    name = plan.name
    several = pool.nodes(plan.gpus_per_node) > 1
    parts = [
        *config_maps(plan, pool),
        _headless(name) if not several else None,
        _group(plan, pool) if several else _set(plan, pool),
        *(
            _router(plan, pool)
            if plan.replicas > 1
            else [_front(name, {"app": name, **({"role": "first"} if several else {})}, PORT)]
        ),
    ]
    manifests = "---\n".join(yaml(part) for part in parts if part)
    head = comment(
        [
            f"{containers.ENGINES[plan.engine]}: {plan.title}, {plan.label}, on {plan.gpus} {plan.gpu}.",
            f"{APPLY} puts in what only you know. The secret hf-token, if there is one, becomes environment.",
            *(["A replica spans nodes: the cluster needs the LeaderWorkerSet controller."] if several else []),
        ]
    )
    return {MANIFEST: f"{head}\n{manifests}", APPLY: apply(plan, MANIFEST)}


def apply(plan: Served, manifest: str) -> str:
    """The script that puts the reader's names into a manifest and applies it."""
    wanted = containers.wanted(plan)
    return script(
        [f"Applies {manifest}: {plan.title}, {plan.label}."],
        needs(wanted),
        f'HERE="$(cd "$(dirname "$0")" && pwd)"\nMANIFEST="$(<"${{HERE}}/{manifest}")"',
        filled("MANIFEST", (name for name, _ in wanted)),
        'kubectl apply -f - <<< "${MANIFEST}"',
    )


def container(plan: Served, command: list[str], *, gpus: int, ready: bool = True) -> Document:
    """The engine's container."""
    found: dict[str, Any] = {
        "name": "engine",
        "image": IMAGE,
        "command": command,
        "envFrom": [{"secretRef": {"name": "hf-token", "optional": True}}],
        "ports": [{"name": "http", "containerPort": PORT}],
        "resources": {"limits": {plan.resource: str(gpus)}},
        "volumeMounts": [
            {"name": "shared-memory", "mountPath": "/dev/shm"},  # noqa: S108 -- the pod's own memory, not a shared file
            *([{"name": "options", "mountPath": containers.OPTIONS}] if plan.engine == "trtllm" else []),
        ],
    }
    if ready:
        probe = {"httpGet": {"path": "/health", "port": "http"}, "periodSeconds": EVERY_S}
        found |= {"readinessProbe": probe, "startupProbe": {**probe, "failureThreshold": STARTING_S // EVERY_S}}
    return found


def pod(plan: Served, inner: Document) -> Document:
    """The pod around it."""
    options = [{"name": "options", "configMap": {"name": f"{plan.name}-options"}}] if plan.engine == "trtllm" else []
    return {
        "containers": [inner],
        "volumes": [{"name": "shared-memory", "emptyDir": {"medium": "Memory"}}, *options],
    }


def _rules(plan: Served) -> list[Rule]:
    return [
        Rule(
            plan.engine == "trtllm" and pool.nodes(plan.gpus_per_node) > 1,
            f"{pool.at}/gpus_per_replica",
            "trtllm-serve spans nodes through MPI, which a LeaderWorkerSet does not start.",
        )
        for pool in plan.pools
    ]


def config_maps(plan: Served, pool: Replicas) -> list[Document]:
    """What the engine reads from files, as the manifests hold it."""
    data = containers.options(plan, pool)
    return [config(f"{plan.name}-options", data)] if data else []


def config(name: str, data: dict[str, str]) -> Document:
    """Files that pods read."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def _headless(name: str) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": f"{name}-serve"},
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": {"app": name},
            "ports": [{"name": "http", "port": PORT}],
        },
    }


def _set(plan: Served, pool: Replicas) -> Document:
    """Replicas with names of their own: the balancer lists them."""
    labels = {"app": plan.name}
    inner = container(plan, containers.command(plan, pool), gpus=containers.gpus(plan, pool))
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": f"{plan.name}-serve", "labels": managed()},
        "spec": {
            "serviceName": f"{plan.name}-serve",
            "replicas": pool.replicas,
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod(plan, inner)},
        },
    }


def _group(plan: Served, pool: Replicas) -> Document:
    """Replicas of several nodes each: a first one that answers, and those that follow it."""
    gpus = containers.gpus(plan, pool)
    first = container(plan, containers.command(plan, pool, place=PLACE), gpus=gpus)
    other = container(plan, containers.command(plan, pool, place=PLACE, leads=False), gpus=gpus, ready=False)
    return {
        "apiVersion": "leaderworkerset.x-k8s.io/v1",
        "kind": "LeaderWorkerSet",
        "metadata": {"name": f"{plan.name}-serve", "labels": managed()},
        "spec": {
            "replicas": pool.replicas,
            "leaderWorkerTemplate": {
                "size": pool.nodes(plan.gpus_per_node),
                "restartPolicy": "RecreateGroupOnPodRestart",
                "leaderTemplate": {
                    "metadata": {"labels": {"app": plan.name, "role": "first"}},
                    "spec": pod(plan, first),
                },
                "workerTemplate": {"metadata": {"labels": {"app": plan.name}}, "spec": pod(plan, other)},
            },
        },
    }


def _router(plan: Served, pool: Replicas) -> list[Document]:
    name = f"{plan.name}-router"
    whole = f"{plan.name}-serve"
    servers = [f"{whole}-{number}.{whole}:{PORT}" for number in range(pool.replicas)]
    labels = {"app": name}
    inner = {
        "name": "nginx",
        "image": balance.IMAGE,
        "ports": [{"name": "http", "containerPort": PORT}],
        "volumeMounts": [{"name": "conf", "mountPath": "/etc/nginx/conf.d"}],
        "resources": {"requests": {"cpu": "1", "memory": "512Mi"}},
    }
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": managed()},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [inner], "volumes": [{"name": "conf", "configMap": {"name": name}}]},
            },
        },
    }
    conf = config(name, {"default.conf": balance.text(plan, servers, port=PORT)})
    return [conf, deployment, _front(plan.name, labels, PORT)]


def _front(name: str, selector: dict[str, str], port: int) -> Document:
    """The address that clients use."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "labels": managed()},
        "spec": {"selector": selector, "ports": [{"name": "http", "port": 80, "targetPort": port}]},
    }


def managed() -> dict[str, str]:
    """Who wrote a manifest."""
    return {"app.kubernetes.io/managed-by": "isoflop"}
