"""A recipe as a Kubernetes Job: one pod a node, which run `isoflop measure` and print the measurement to the log.

The same recipes, names and checked parameters as a node's jobs. For measurements that come back by themselves run a
node's agent in the cluster instead: then no manifest is needed for each.
"""

import json
from typing import Any

from solvers.documents import Document, digest, dump_yaml
from solvers.exports.kubernetes import headless
from solvers.recipes.recipe import Recipe

PORT = 29400
REQUEST, MOUNT = "request.json", "/isoflop"
# Most clusters' GPU nodes hold so many; more processes are spread over pods.
GPUS_A_NODE = 8
RUN_AS = 10001
LABELS = {"app.kubernetes.io/managed-by": "isoflop"}


def manifest(recipe: Recipe[Any], params: Document, *, image: str, gpus_a_node: int = GPUS_A_NODE) -> str:
    """The Job, its request and, for several pods, the Service by which they find the first; YAML for `kubectl apply`.

    SpecError where the recipe does not take `params`.
    """
    checked = recipe.parse(params)
    needs = recipe.needs(checked)
    each = min(needs.processes, gpus_a_node) if needs.device == "cuda" else needs.processes
    pods = -(-needs.processes // each)
    request = json.dumps({"recipe": recipe.name, "version": recipe.version, "params": params}, sort_keys=True)
    name = f"isoflop-{recipe.name.replace('_', '-')}-{digest({'request': request})[:8]}"
    parts = [_request(name, request), _job(name, image, pods=pods, each=each, cuda=needs.device == "cuda")]
    if pods > 1:
        parts.insert(0, headless(name, port=PORT))
    head = f"# {recipe.title}. kubectl logs job/{name} shows the measurement when the Job has completed.\n"
    return head + "---\n".join(dump_yaml(part) for part in parts)


def _request(name: str, request: str) -> Document:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {REQUEST: request}}


def _job(name: str, image: str, *, pods: int, each: int, cuda: bool) -> Document:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": dict(LABELS)},
        "spec": {
            "completionMode": "Indexed",
            "completions": pods,
            "parallelism": pods,
            "backoffLimit": 0,
            "template": {
                "metadata": {"labels": dict(LABELS)},
                "spec": {
                    "restartPolicy": "Never",
                    "subdomain": name,
                    "automountServiceAccountToken": False,
                    "containers": [_container(name, image, pods=pods, each=each, cuda=cuda)],
                    "volumes": [
                        {"name": "request", "configMap": {"name": name}},
                        {"name": "scratch", "emptyDir": {}},
                        {"name": "shared-memory", "emptyDir": {"medium": "Memory"}},
                    ],
                },
            },
        },
    }


def _container(name: str, image: str, *, pods: int, each: int, cuda: bool) -> Document:
    meeting = ["--nodes", str(pods), "--meet", f"{name}-0.{name}:{PORT}"] if pods > 1 else []
    return {
        "name": "measure",
        "image": image,
        "command": ["isoflop", "measure", "--request", f"{MOUNT}/{REQUEST}", *meeting],
        "env": [{"name": "HOME", "value": "/scratch"}, {"name": "TMPDIR", "value": "/scratch"}],
        "resources": {"limits": {"nvidia.com/gpu": str(each)}} if cuda else {},
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": RUN_AS,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "request", "mountPath": MOUNT, "readOnly": True},
            {"name": "scratch", "mountPath": "/scratch"},
            {"name": "shared-memory", "mountPath": "/dev/shm"},  # noqa: S108 -- the pod's own memory
        ],
    }
