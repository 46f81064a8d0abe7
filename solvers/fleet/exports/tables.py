"""The plan as CSV: what to buy or reserve, what runs, where requests go, hour by hour."""

from collections.abc import Iterable, Sequence

from solvers.documents import Document
from solvers.exports.table import csv_text
from solvers.fleet.exports.bought import Bought, Fleet, Used, fleet_of

Row = Sequence[object]
PURCHASE = (
    "offer", "gpu", "node", "machines", "provider", "region", "zone", "term", "gpus_per_unit", "units_least",
    "units_most", "gpus_least", "gpus_most", "usd_per_gpu_hour", "usd_per_hour",
)  # fmt: skip
LAYOUT, NUMBERS = ("tp", "pp", "dp", "ep"), ("weights", "kv")
SETTINGS = ("max_num_seqs", "max_num_batched_tokens", "prefix_caching", "chunked_prefill")
CONFIGURATIONS = (
    "configuration", "service", "offer", "gpu", "gpus_per_replica", *LAYOUT, *NUMBERS, *SETTINGS, "replicas_least",
    "replicas_most", "utilization", "factor",
)  # fmt: skip
ROUTING = (
    "service", "class", "input_from", "input_to", "output_from", "output_to", "share_of_requests", "hours",
    "configuration", "weight", "capacity_requests_per_s",
)  # fmt: skip


def write(result: Document) -> dict[str, str]:
    """Four tables; dollars an hour are means over all hours."""
    fleet = fleet_of(result)
    return {
        "purchase.csv": csv_text([PURCHASE, *map(_offer, fleet.offers)]),
        "configurations.csv": csv_text([CONFIGURATIONS, *map(_configuration, fleet.configurations)]),
        "routing.csv": csv_text([ROUTING, *_routing(fleet)]),
        "hours.csv": csv_text(_hours(fleet)),
    }


def _offer(one: Bought) -> Row:
    planned, asked = one.planned, one.asked
    return [
        one.name, planned["gpu"], planned["node"], " ".join(asked.instances), asked.provider, asked.region,
        asked.zone, asked.term, asked.unit_gpus, planned["units"]["least"], planned["units"]["most"],
        planned["gpus"]["least"], planned["gpus"]["most"], planned["price_usd_per_gpu_hour"],
        planned["cost_usd_per_hour"],
    ]  # fmt: skip


def _configuration(one: Used) -> Row:
    planned = one.planned
    layout, numbers, settings = (planned[part] or {} for part in ("layout", "precision", "settings"))
    return [
        one.name, one.service.name, one.offer.name, planned["gpu"], one.gpus, *(layout.get(name) for name in LAYOUT),
        *(numbers.get(name) for name in NUMBERS), *(settings.get(name) for name in SETTINGS),
        planned["replicas"]["least"], planned["replicas"]["most"], planned["utilization"], planned["factor"],
    ]  # fmt: skip


def _routing(fleet: Fleet) -> Iterable[Row]:
    able = {one.name: one.planned["capacity_per_s"] for one in fleet.configurations}
    for part in fleet.routing:
        hours = spans(part.hours)
        for kind in fleet.classes(part.service):
            label = kind["label"]
            bounds = [*(kind["input"] or [None, None]), *(kind["output"] or [None, None])]
            for name, weight in part.weights.get(label, {}).items():
                yield [part.service, label, *bounds, kind["share"], hours, name, weight, able[name].get(label)]


def spans(hours: Iterable[int]) -> str:
    """`0-5 8 20-23`: hours that follow one another as one span."""
    ends: list[list[int]] = []
    for hour in sorted(hours):
        if ends and hour == ends[-1][1] + 1:
            ends[-1][1] = hour
        else:
            ends.append([hour, hour])
    return " ".join(str(first) if first == last else f"{first}-{last}" for first, last in ends)


def _hours(fleet: Fleet) -> Iterable[Row]:
    costs = fleet.plan["hours"]["cost_usd_by_hour"]
    services = [one.name for one in fleet.spec.services]
    yield [
        "hour", "usd", *(f"requests_per_s {name}" for name in services),
        *(f"units {one.name}" for one in fleet.offers), *(f"replicas {one.name}" for one in fleet.configurations),
    ]  # fmt: skip
    for hour in range(fleet.hours):
        yield [
            hour, costs[hour], *(fleet.demand(name)[hour] for name in services),
            *(one.units[hour] for one in fleet.offers), *(one.replicas[hour] for one in fleet.configurations),
        ]  # fmt: skip
