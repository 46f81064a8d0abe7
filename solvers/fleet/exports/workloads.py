"""What runs: for each configuration a Deployment on its pool of nodes, its Service, and a bound on disruptions."""

from solvers.documents import Document
from solvers.fleet.exports.bought import Fleet, Used
from solvers.fleet.exports.engines import Replica
from solvers.fleet.exports.pools import ZONE, Pool
from solvers.serving.exports.kubernetes import managed
from solvers.serving.exports.scripts import PORT

SERVICE = "isoflop.io/service"
# Requests under way may end: the answers of a batch take minutes, not seconds (estimate).
GRACE_S = 300


def manifests(fleet: Fleet, used: Used, replica: Replica, pool: Pool) -> list[Document]:
    """The configuration's objects."""
    return [*replica.files, _deployment(fleet, used, replica, pool), _service(fleet, used), _budget(fleet, used)]


def labelled(fleet: Fleet, used: Used) -> dict[str, str]:
    """What says whose an object is."""
    return {
        **managed(),
        "app.kubernetes.io/part-of": fleet.name,
        SERVICE: fleet.services[used.service.name],
    }


def _deployment(fleet: Fleet, used: Used, replica: Replica, pool: Pool) -> Document:
    labels = {"app": used.label}
    place = {**pool.labels, **({ZONE: pool.offer.zone} if pool.offer.zone else {})}
    pod = {
        **replica.pod,
        "nodeSelector": place,
        "tolerations": [_tolerated(taint) for taint in pool.taints],
        "terminationGracePeriodSeconds": GRACE_S,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": used.label, "labels": labelled(fleet, used)},
        "spec": {
            "replicas": max(used.replicas),
            "selector": {"matchLabels": labels},
            # A GPU for a second copy is not in the plan.
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
            "template": {
                "metadata": {"labels": {**labels, **labelled(fleet, used)}, "annotations": _scraped(replica)},
                "spec": pod,
            },
        },
    }


def _scraped(replica: Replica) -> dict[str, str]:
    """What most set-ups of Prometheus look for on pods."""
    return {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": str(PORT),
        "prometheus.io/path": replica.counters,
    }


def _tolerated(taint: dict[str, str]) -> Document:
    """Whatever value the taint has on a cluster."""
    return {"key": taint["key"], "operator": "Exists", "effect": taint["effect"]}


def _service(fleet: Fleet, used: Used) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": used.label, "labels": labelled(fleet, used)},
        "spec": {"selector": {"app": used.label}, "ports": [{"name": "http", "port": 80, "targetPort": PORT}]},
    }


def _budget(fleet: Fleet, used: Used) -> Document:
    """Nodes are drained one replica at a time."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": used.label, "labels": labelled(fleet, used)},
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app": used.label}}},
    }
