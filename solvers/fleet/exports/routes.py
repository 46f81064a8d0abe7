"""Where requests go: an HTTPRoute for each service, with weights for each class of requests.

Gateways share requests by weight and by header, not by how long a prompt is. So the class stands in a header, which a
filter of the gateway sets: the one that vLLM's Semantic Router writes (`routers`), or whoever counts the tokens.
Requests without it are shared as all classes together.
"""

from collections.abc import Callable, Iterable
from typing import Any

from solvers.documents import Document
from solvers.exports.refuse import Rule, check
from solvers.fleet.exports import clock, labels
from solvers.fleet.exports.bought import Fleet, Routed
from solvers.serving.exports.kubernetes import config, managed

HEADER = "x-selected-model"
# What an HTTPRoute of the Gateway API 1.x holds: rules, and backends of a rule.
MOST_RULES, MOST_BACKENDS = 16, 16
# Weights are whole numbers; these parts of the whole lose nothing that a count of replicas would show.
PARTS = 10_000
ACCOUNT = "isoflop-routes"
KUBECTL = "registry.k8s.io/kubectl:v1.33.4"


def weights(shares: dict[str, float]) -> dict[str, int]:
    """The shares as whole parts that sum to `PARTS`: largest remainders first, then by name."""
    exact = {name: share * PARTS / sum(shares.values()) for name, share in shares.items()}
    found = {name: int(value) for name, value in exact.items()}
    order = sorted(exact, key=lambda name: (found[name] - exact[name], name))
    for name in order[: PARTS - sum(found.values())]:
        found[name] += 1
    return {name: part for name, part in found.items() if part}


def classes(fleet: Fleet, service: str) -> dict[str, str]:
    """What the header says for each class of a service."""
    named = labels.unique(f"{service} {kind['label']}" for kind in fleet.classes(service))
    return {kind["label"]: one for kind, one in zip(fleet.classes(service), named.values(), strict=True)}


def everything(fleet: Fleet, routed: Routed) -> dict[str, float]:
    """The shares of all requests together."""
    found: dict[str, float] = {}
    for kind in fleet.classes(routed.service):
        for name, share in routed.weights.get(kind["label"], {}).items():
            found[name] = found.get(name, 0.0) + kind["share"] * share
    return found


def routes(fleet: Fleet, routed: Routed) -> list[Document]:
    """The service's routes in these hours; one holds 16 rules, so that many classes take several."""
    named = classes(fleet, routed.service)
    rules = [
        _rule(fleet, routed, shares, header=named[label])
        for label, shares in routed.weights.items()
        if sum(shares.values())
    ]
    rules.append(_rule(fleet, routed, everything(fleet, routed), header=""))
    service = fleet.services[routed.service]
    parts = [rules[first : first + MOST_RULES] for first in range(0, len(rules), MOST_RULES)]
    names = [service if len(parts) == 1 else f"{service}-{number}" for number in range(1, len(parts) + 1)]
    return [_route(service, name, part) for name, part in zip(names, parts, strict=True)]


def _rule(fleet: Fleet, routed: Routed, shares: dict[str, float], *, header: str) -> Document:
    of = {one.name: one.label for one in fleet.configurations}
    parts = weights(shares)
    place = next(number for number, one in enumerate(fleet.routing) if one is routed)
    message = f"A rule of a HTTPRoute has at most {MOST_BACKENDS} backends, these requests {len(parts)}."
    check([Rule(len(parts) > MOST_BACKENDS, f"/plan/routing/{place}", message)])
    match: dict[str, Any] = {"path": {"type": "PathPrefix", "value": "/"}}
    if header:
        match["headers"] = [{"type": "Exact", "name": HEADER, "value": header}]
    backends = [{"name": of[name], "port": 80, "weight": part} for name, part in parts.items()]
    # An answer may take minutes: no limit.
    return {"matches": [match], "backendRefs": backends, "timeouts": {"request": "0s"}}


def _route(service: str, name: str, rules: list[Document]) -> Document:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": name, "labels": managed()},
        "spec": {
            "parentRefs": [{"name": "${GATEWAY}"}],
            "hostnames": [f"{service}.${{DOMAIN}}"],
            "rules": rules,
        },
    }


def changing(fleet: Fleet) -> list[tuple[str, list[Routed]]]:
    """Services whose weights change with the hours, where these are a clock's."""
    found = [(one.name, fleet.routes(one.name)) for one in fleet.spec.services]
    return [(name, parts) for name, parts in found if len(parts) > 1 and clock.told(fleet.hours)]


def scheduled(fleet: Fleet, text: Callable[[list[Document]], str]) -> list[Document]:
    """What applies the routes of the hour when it strikes; `text` writes documents as one file."""
    files: dict[str, str] = {}
    jobs: dict[str, tuple[str, str]] = {}
    for service, parts in changing(fleet):
        moments = clock.changes([part.hours for part in parts], hours=fleet.hours)
        for number, (part, at) in enumerate(zip(parts, moments, strict=True), start=1):
            name = f"{fleet.services[service]}-{number}"
            files[f"{name}.yaml"] = text(routes(fleet, part))
            jobs |= {f"routes-{name}-{place}": (f"{name}.yaml", when) for place, when in enumerate(at, start=1)}
    named = labels.unique(jobs)
    return [*_account(), config(ACCOUNT, files), *(_job(named[name], *jobs[name]) for name in jobs)] if jobs else []


def _account() -> Iterable[Document]:
    """May change routes of its namespace and nothing else."""
    rule = {
        "apiGroups": ["gateway.networking.k8s.io"],
        "resources": ["httproutes"],
        "verbs": ["get", "create", "patch", "update"],
    }
    rbac, meta = "rbac.authorization.k8s.io", {"name": ACCOUNT, "labels": managed()}
    yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta}
    yield {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": meta, "rules": [rule]}
    yield {
        "apiVersion": f"{rbac}/v1",
        "kind": "RoleBinding",
        "metadata": meta,
        "roleRef": {"apiGroup": rbac, "kind": "Role", "name": ACCOUNT},
        "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT}],
    }


def _job(name: str, file: str, when: str) -> Document:
    inner = {
        "name": "kubectl",
        "image": KUBECTL,
        "args": ["apply", "-f", f"/routes/{file}"],
        "volumeMounts": [{"name": "routes", "mountPath": "/routes"}],
    }
    pod = {
        "serviceAccountName": ACCOUNT,
        "restartPolicy": "OnFailure",
        "containers": [inner],
        "volumes": [{"name": "routes", "configMap": {"name": ACCOUNT}}],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name, "labels": managed()},
        "spec": {
            "schedule": when,
            "timeZone": "${TIMEZONE}",
            "concurrencyPolicy": "Replace",
            "jobTemplate": {"spec": {"template": {"spec": pod}}},
        },
    }
