"""How many replicas run: by the load alone (a HorizontalPodAutoscaler), or by the plan's hours and the load (KEDA).

Both scale on requests a second: the plan says how many one replica gets at most, so that at the planned load they come
to the planned counts, but for reserved GPUs that would be paid for and rest. CPU says nothing of a GPU's load, and a
queue is there only when it is too late.
"""

import math

from solvers.documents import Document
from solvers.fleet.exports import clock
from solvers.fleet.exports.bought import Fleet, Used
from solvers.fleet.exports.workloads import labelled

# Requests that ended, as the engines count them for Prometheus: vLLM 0.33, SGLang 0.5.23, TensorRT-LLM 1.3.
COUNTED = {
    "vllm": "vllm:request_success_total",
    "sglang": "sglang:num_requests_total",
    "trtllm": "trtllm_request_success_total",
}
METRIC = "isoflop_{engine}_requests_per_s"
OVER = "2m"
MOST_EARLY = 59


def least(fleet: Fleet, used: Used) -> int:
    """An autoscaler by load keeps one replica: with none there would be no load to see."""
    return max(1, min(fleet.running(used)))


def share_per_s(fleet: Fleet, used: Used) -> float:
    """Requests a second that the plan gives to one replica at most, over the hours."""
    service = used.service.name
    shares = {kind["label"]: kind["share"] for kind in fleet.classes(service)}
    demand = fleet.demand(service)
    given = [0.0]
    for part in fleet.routes(service):
        share = sum(shares[label] * weights.get(used.name, 0.0) for label, weights in part.weights.items())
        given += [demand[hour] * share / used.replicas[hour] for hour in part.hours if used.replicas[hour]]
    return max(given)


def by_load(fleet: Fleet, used: Used) -> Document:
    """The autoscaler between the plan's least and most replicas."""
    metric = METRIC.format(engine=used.service.engine.name)
    target = {"type": "AverageValue", "averageValue": f"{_milli(share_per_s(fleet, used))}m"}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": used.label, "labels": labelled(fleet, used)},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": used.label},
            "minReplicas": least(fleet, used),
            "maxReplicas": max(used.replicas),
            "metrics": [{"type": "Pods", "pods": {"metric": {"name": metric}, "target": target}}],
        },
    }


def by_hour(fleet: Fleet, used: Used) -> Document:
    """KEDA's object: the plan's replicas hour by hour, more of them (up to the most) where the load is higher."""
    running = fleet.running(used)
    found = clock.expressions(clock.windows(running), hours=fleet.hours, early=_early(used))
    query = f'sum(rate({COUNTED[used.service.engine.name]}{{pod=~"{used.label}-[a-z0-9]+-[a-z0-9]+"}}[{OVER}]))'
    load = {
        "serverAddress": "${PROMETHEUS}",
        "query": query,
        "threshold": f"{_milli(share_per_s(fleet, used)) / 1000:g}",
    }
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": used.label, "labels": labelled(fleet, used)},
        "spec": {
            "scaleTargetRef": {"name": used.label},
            "minReplicaCount": min(running),
            "maxReplicaCount": max(used.replicas),
            "triggers": [
                {"type": "prometheus", "metricType": "AverageValue", "metadata": load},
                *(_at(level, start, end) for level, start, end in found),
            ],
        },
    }


def metrics(fleet: Fleet) -> Document:
    """Values of the prometheus-adapter's chart that give the autoscalers their metric."""
    engines = sorted({one.service.engine.name for one in fleet.configurations})
    rules = [
        {
            "seriesQuery": f'{COUNTED[engine]}{{namespace!="",pod!=""}}',
            "resources": {"overrides": {"namespace": {"resource": "namespace"}, "pod": {"resource": "pod"}}},
            "name": {"as": METRIC.format(engine=engine)},
            "metricsQuery": f"sum(rate(<<.Series>>{{<<.LabelMatchers>>}}[{OVER}])) by (<<.GroupBy>>)",
        }
        for engine in engines
    ]
    return {"rules": {"custom": rules}}


def _milli(requests_per_s: float) -> int:
    """Thousandths of a request a second, rounded up: a target just below the load would ask for one replica more."""
    return max(1, math.ceil(requests_per_s * 1000))


def _early(used: Used) -> int:
    """Minutes before the hour at which replicas start, so that they serve when it strikes."""
    return min(MOST_EARLY, math.ceil(used.offer.asked.recovery_s / 60))


def _at(level: int, start: str, end: str) -> Document:
    given = {"timezone": "${TIMEZONE}", "start": start, "end": end, "desiredReplicas": str(level)}
    return {"type": "cron", "metadata": given}
