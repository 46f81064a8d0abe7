"""The plan as tables: services, what to buy, what runs on it, where requests go."""

from frontend.figures.base import Panel, Table
from frontend.figures.fleet import said, types
from frontend.figures.fleet.routed import Routed, named, routed
from solvers import units
from solvers.documents import Document

ENGINES = {"vllm": "vLLM", "sglang": "SGLang", "trtllm": "TensorRT-LLM"}
ROUTERS = {"input": "sees the input", "input_and_output": "foretells the output"}
LATENCIES = {"ttft_s": "first token", "tpot_s": "a token", "e2e_s": "whole answer"}
LEAST, PACED = 0.005, 0.005
MANY_CLASSES, MANY_SETUPS = 24, 6
"""Beyond these the table of weights is left to the heat map's twin."""


def panels(result: Document) -> tuple[Panel, ...]:
    """Services, purchase list, configurations, and the weights of each service in its busiest hour."""
    weights = (_weights(one, result) for one in routed(result) if _fits(one))
    return (_services(result), _purchases(result), _configurations(result), *weights)


def _services(result: Document) -> Panel:
    services = result["plan"]["services"]
    rows = tuple(
        (
            one["name"],
            one["model"] or "by its table of capacities",
            said.rate(one["peak_per_s"]),
            _limits(one.get("limits") or {}),
            said.share(one["target"]),
            _attained(one["attainment"]),
            f"{ENGINES.get(one['engine'], one['engine'])}, {ROUTERS.get(one['router'], one['router'])}",
        )
        for one in services
    )
    columns = ("Service", "Model", "Peak", "Limits", "Must be good", "Are good", "Engine and router")
    count = "One service" if len(services) == 1 else f"{len(services)} services"
    verb = "is" if len(services) == 1 else "are"
    return Panel("services", f"{count} {verb} carried within the limits", Table("The services", columns, rows))


def _purchases(result: Document) -> Panel:
    offers = result["plan"]["offers"]
    rows = tuple(
        (
            one["name"],
            types.called(result, one["gpu"]),
            types.TERMS.get(one["term"], one["term"]),
            ", ".join(place for place in (one["provider"], one["region"], one["zone"]) if place) or "anywhere",
            _units(one),
            said.price(one["price_usd_per_gpu_hour"]),
            said.price(one["cost_usd_per_hour"]),
        )
        for one in offers
    )
    columns = ("Offer", "GPU", "Term", "Where", "GPUs", "A GPU", "Together")
    total = said.price(result["estimates"]["cost_usd_per_hour"]["value"])
    mean = " in the mean over the hours" if result["plan"]["hours"]["count"] > 1 else ""
    told = dict.fromkeys(str(one.get("price_from") or "the spec") for one in offers)
    notes = tuple(f"Prices are from {source}." for source in told)
    return Panel("purchases", f"To buy: {total}{mean}", Table("What to buy", columns, rows), notes)


def _configurations(result: Document) -> Panel:
    found = result["plan"]["configurations"]
    paced = any(abs(_pace(one) - 1) >= PACED for one in found)
    taught = bool(result["explanation"].get("calibrated"))
    rows = tuple(
        (
            one["name"],
            f"{said.ends(one['replicas'])} × {said.gpus(one['gpus'])}",
            one["label"] or "–",
            _settings(one.get("settings")),
            said.share(one["utilization"]),
            f"× {one['factor']:.2f}",
            *((f"× {_pace(one):.2f}",) if paced else ()),
            *((one["calibration"] or "own capacities",) if taught else ()),
        )
        for one in found
    )
    columns = (
        "Configuration", "Replicas", "Layout", "Sequences and tokens a step", "Load, busiest hour", "Simulated",
        *(("Step time",) if paced else ()), *(("Calibrated on",) if taught else ()),
    )  # fmt: skip
    notes = (
        "“Simulated” is what simulation made of the capacity that the model alone would give a replica.",
        *(("“Step time” is what was measured over what the model says of a step.",) if paced else ()),
    )
    count = "1 kind of replica runs" if len(found) == 1 else f"{len(found)} kinds of replicas run"
    return Panel(
        "configurations", f"{count} on these GPUs", Table("The replicas and their engines", columns, rows), notes
    )


def _weights(one: Routed, result: Document) -> Panel:
    rows = tuple(
        (label, said.share(share), *(_percent(one.weight(label, each["name"])) for each in one.configurations))
        for label, share in one.classes
    )
    columns = ("Size", "Share of requests", *(named(each) for each in one.configurations))
    of_it = f" of {one.service}" if len(result["plan"]["services"]) > 1 else ""
    busiest = f" in hour {one.hour}, the busiest" if result["plan"]["hours"]["count"] > 1 else ""
    title = f"Weights of the router{of_it}{busiest}"
    return Panel(f"weights-{one.service}", title, Table(title, columns, rows))


def _fits(one: Routed) -> bool:
    return len(one.classes) <= MANY_CLASSES and len(one.configurations) <= MANY_SETUPS


def _attained(attainment: Document) -> str:
    """`99.9 % (95 % – 99.9 %)`."""
    value, low, high = (said.attained(attainment[end]) for end in ("value", "low", "high"))
    return f"{value} ({low} – {high})" if low != high else value


def _limits(limits: Document) -> str:
    told = [
        f"{words} {units.show(limits[name], units.DURATION)}"
        for name, words in LATENCIES.items()
        if limits.get(name) is not None
    ]
    return ", ".join(told) or "none"


def _units(offer: Document) -> str:
    """`4`, or with the units that it comes in: `0 to 16 (by 8)`."""
    return said.ends(offer["gpus"]) + (f" (by {offer['unit_gpus']})" if offer["unit_gpus"] > 1 else "")


def _settings(engine: Document | None) -> str:
    if not engine:
        return "by the table"
    return f"{units.count(engine['max_num_seqs'])}, {units.count(engine['max_num_batched_tokens'])}"


def _pace(configuration: Document) -> float:
    """A step's measured time over the model's; 1 where nothing was measured."""
    return float(configuration.get("pace") or 1.0)


def _percent(share: float) -> str:
    """With a space that does not break: the names beside it are long."""
    return "–" if share < LEAST else units.show(round(share, 2), units.SHARE).replace(" ", "\u00a0")
