"""vLLM's Semantic Router: a configuration for each service that is routed by input, which names each request's class.

As a gateway's ext_proc it writes the class into the header that the HTTPRoutes match; alone, it shares requests among
the configurations by the weights that stand here too. Names are those of its configuration v0.3
as vllm-sr 0.4 reads it.
"""

from typing import Any

from solvers.documents import Document
from solvers.exports.filling import yaml
from solvers.exports.shell import comment
from solvers.fleet.exports import routes
from solvers.fleet.exports.bought import Fleet, Routed

VERSION = "v0.3"
LISTENER = {"name": "http-8899", "address": "0.0.0.0", "port": 8899, "timeout": "3600s"}  # noqa: S104 -- in a container
# What clients ask for where the router is to choose.
ASKED = "vllm-sr/auto"


def files(fleet: Fleet) -> dict[str, str]:
    """The configurations, by file; none for a service with one class, or one whose router would foretell answers."""
    found = {}
    for service in fleet.spec.services:
        parts = fleet.routes(service.name)
        if parts and service.router == "input" and len(parts[0].weights) > 1:
            text = f"{comment(_head(service.name))}\n{yaml(_router(fleet, parts[0]))}"
            found[f"semantic-router-{fleet.services[service.name]}.yaml"] = text
    return found


def _head(service: str) -> list[str]:
    return [
        f"vLLM Semantic Router: {service} by the length of the input, for requests that ask for {ASKED}.",
        f"In a gateway it writes {routes.HEADER} for {service}'s HTTPRoute; the weights here are those of the busiest",
        "hours, for a router that runs without one. It counts four characters as a token: where texts are not so,",
        "scale the bounds.",
    ]


def _router(fleet: Fleet, routed: Routed) -> Document:
    named = routes.classes(fleet, routed.service)
    kinds = [kind for kind in fleet.classes(routed.service) if routed.weights.get(kind["label"])]
    names = [named[kind["label"]] for kind in kinds]
    return {
        "version": VERSION,
        "listeners": [LISTENER],
        "providers": {
            # What is like none of them is as long as the last.
            "defaults": {"model": names[-1]},
            "models": [
                _model(fleet, routed, kind["label"], name) for kind, name in zip(kinds, names, strict=True)
            ],
        },
        "routing": {
            "modelCards": [{"name": name} for name in names],
            "signals": {"context": _bands(dict(zip(names, (kind["input"] for kind in kinds), strict=True)))},
            "decisions": [_decision(name) for name in names],
        },
        # The gateway looks for its route again when the header is there.
        "global": {"router": {"clear_route_cache": True}},
    }  # fmt: skip


def _model(fleet: Fleet, routed: Routed, label: str, name: str) -> Document:
    """The class as a model of the router: the service's own, on the configurations that carry the class."""
    of = {one.name: one.label for one in fleet.configurations}
    backends = [
        {"name": of[used], "endpoint": f"{of[used]}:80", "protocol": "http", "weight": part}
        for used, part in routes.weights(routed.weights[label]).items()
    ]
    return {
        "name": name, "provider_model_id": routed.service, "api_format": "openai", "backend_refs": backends,
    }  # fmt: skip


def _bands(tokens: dict[str, list[int | None]]) -> list[Document]:
    """Bands of input tokens, both ends counted in: each class from where the one before it ends, so that none is lost.

    A class of equal requests has one number for both ends; other lengths are still somebody's.
    """
    found: list[dict[str, Any]] = []
    first = 0
    for name, (_, last) in tokens.items():
        found.append({"name": name, "min_tokens": str(first), **({} if last is None else {"max_tokens": str(last)})})
        first = 0 if last is None else last + 1
    found[-1].pop("max_tokens", None)
    return found


def _decision(name: str) -> Document:
    return {
        "name": name,
        "description": "By the length of the input.",
        "priority": 100,
        "rules": {"operator": "AND", "conditions": [{"type": "context", "name": name}]},
        "modelRefs": [{"model": name, "use_reasoning": False}],
    }
