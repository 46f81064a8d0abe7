"""How a spec asks for a fleet that was picked: shorter limits for more head-room, else its offers alone."""

from typing import Any

from frontend.figures.fleet import said
from solvers import catalogue
from solvers.documents import Document

LATENCIES = ("ttft", "tpot", "e2e")
KEPT = ("name", "instance", "whole_nodes", "term", "provider", "price", "price_from", "prices", "region", "zone",
        "available", "interruptions_per_hour", "recovery")  # fmt: skip
USUAL: dict[str, Any] = {
    "whole_nodes": False, "term": "on_demand", "provider": "", "price_from": "", "prices": [],
    "interruptions_per_hour": 0.05, "recovery": 600.0,
}  # fmt: skip

Changes = tuple[tuple[str, object], ...]


def asks(result: Document, entry: Document, *, more_room: bool) -> tuple[Changes, str]:
    """The changes to the spec, and what their button says; nothing where the offers are those of a table."""
    if more_room:
        share = entry["objectives"]["latency_headroom_share"]
        return shorter(result, share), f"Plan with limits {said.share(share)} shorter"
    simulated = "objectives" in entry
    market = _market(result, entry["plan"], counted=simulated)
    if market is None:
        return (), ""
    return (("/market", market),), "Plan with these GPUs at the most" if simulated else "Plan with these offers alone"


def shorter(result: Document, share: float) -> Changes:
    """Every limit of every service shorter by this share."""
    return tuple(
        (f"/services/{place}/slo/{name}", round((1 - share) * limit, 6))
        for place, service in enumerate(result["spec"]["services"])
        for name in LATENCIES
        if (limit := service["slo"].get(name)) is not None
    )


def _market(result: Document, plan: Document, *, counted: bool) -> list[Document] | None:
    """The offers of a fleet as the spec writes them; with `counted` no more GPUs of each than it has."""
    written = dict(zip(_names(result), result["spec"].get("market", ()), strict=False))
    if any(one["name"] not in written for one in plan["offers"]):
        return None
    return [_offer(written[one["name"]], one, counted=counted) for one in plan["offers"]]


def _names(result: Document) -> list[str]:
    """What the plan calls the offers of the spec's market."""
    from solvers.fleet.spec import FleetSpec  # noqa: PLC0415 -- slow import

    return [one.name for one in FleetSpec.model_validate(result["spec"]).offers if one.at.startswith("/market/")]


def _offer(written: Document, small: Document, *, counted: bool) -> Document:
    found = {name: written[name] for name in KEPT if written.get(name) is not None and written[name] != USUAL.get(name)}
    for name, section in (("gpu", "gpus"), ("node", "nodes")):
        if written.get(name) is not None:
            found[name] = _named(section, written[name])
    if counted:
        found["available"] = small["gpus"]["most"] if isinstance(small["gpus"], dict) else small["gpus"]
    return found


def _named(section: str, entry: Document) -> Any:
    """The name of an entry of the catalogue; an own one as it stands."""
    return entry["name"] if entry["name"] in catalogue.names(section) else entry
