"""Offers as the planner sees them: each with its node, its unit, its price at every hour and where that is from.

Rules, in their order:
    node    the offer's own; else that of the provider's machine; else one of the catalogue's with that GPU: by a data
            sheet before an estimate, then by name. Where the provider's machines are known, with no more GPUs than the
            largest of them.
    unit    the machine that is named; a node where the offer comes by the node; else the provider's smallest machine at
            that price; else one GPU
    price   pricing.py
Names are made of GPU, provider, place and term where the spec gives none.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import count

from solvers.catalogue import get, names
from solvers.catalogue.hardware import Gpu, Node
from solvers.catalogue.price import Instance, Term
from solvers.cost.power import rated_w
from solvers.errors import Problem, SpecError
from solvers.fleet.market import Offer
from solvers.fleet.pricing import instance_of, priced


@dataclass(frozen=True)
class Asked:
    """An offer of the spec, the JSON pointer at which it stands, and its line where that is a table."""

    offer: Offer
    at: str
    line: int = 0

    def problem(self, code: str, message: str, field: str, hint: str = "") -> Problem:
        """A problem of one of its fields."""
        if self.line:
            return Problem(code, f"Line {self.line}: {message}", self.at, hint)
        return Problem(code, message, self.at + field, hint)


@dataclass(frozen=True)
class Resolved:
    """One offer with all that a plan needs of it.

    `usd_per_gpu_hour` [T] by the hour; `price_from` says in words whose price that is. Units are of `unit_gpus` GPUs,
    `most_units` of them at most (None: as many as are wanted); `instances` are the provider's machines that they come
    in, where those are known. A replica fits in one `node`.
    """

    name: str
    at: str
    node: Node
    term: Term
    provider: str
    region: str | None
    zone: str | None
    instances: tuple[str, ...]
    unit_gpus: int
    most_units: int | None
    usd_per_gpu_hour: tuple[float, ...]
    price_from: str
    interruptions_per_hour: float
    recovery_s: float

    @property
    def gpu(self) -> Gpu:
        """The type of its GPUs."""
        return self.node.gpu

    @property
    def steady(self) -> bool:
        """Whether it is paid for in every hour, used or not."""
        return self.term == "reserved"

    @property
    def watts_per_gpu(self) -> float | None:
        """Rated watts of a GPU with its share of the host; None where nobody knows them."""
        rated = rated_w(self.node)
        return None if rated is None else rated / self.node.gpus

    @property
    def uptime(self) -> float:
        """The share of the time that a spot GPU serves: 1 / (1 + interruptions an hour x hours of recovery)."""
        lost = self.interruptions_per_hour * self.recovery_s / 3600.0 if self.term == "spot" else 0.0
        return 1.0 / (1.0 + lost)

    def unit_usd(self) -> tuple[float, ...]:
        """What one unit costs in each hour [T]."""
        return tuple(self.unit_gpus * price for price in self.usd_per_gpu_hour)


def resolve(asked: Iterable[Asked], *, hours: int) -> tuple[Resolved, ...]:
    """Every offer with its node, its name and its price; SpecError lists all that cannot be resolved."""
    found: list[Resolved] = []
    problems: list[Problem] = []
    for one in asked:
        try:
            found.append(_resolved(one, hours=hours))
        except SpecError as error:
            problems += (one.problem(p.code, p.message, p.at, p.hint) for p in error.problems)
    if problems:
        raise SpecError(*problems)
    return _distinct(found)


def node_of(offer: Offer, machine: Instance | None = None) -> Node:
    """The offer's node, else the catalogue's for the machine or the GPU. SpecError where there is none."""
    if offer.node is not None:
        return offer.node
    gpu: Gpu | None = offer.gpu if machine is None else get("gpus", machine.gpu)
    if machine is not None and machine.node is not None:
        node: Node = get("nodes", machine.node)
        return node
    known = [get("nodes", name) for name in names("nodes")]
    fitting = [node for node in known if gpu is not None and node.gpu.name == gpu.name]
    if gpu is None or not fitting:
        hint = "Give `node`: a name of the catalogue, or a mapping with gpu, gpus and link."
        raise SpecError(
            Problem("no_node", f"The catalogue has no node with {gpu.shown if gpu else 'it'}.", "/gpu", hint)
        )
    best: Node = min(fitting, key=lambda node: (node.trust == "estimated", node.name))
    return best if best.gpu == gpu else best.model_copy(update={"gpu": gpu, "power_w": None})


def part_of(node: Node, gpus: int) -> Node:
    """So many GPUs of a node with their share of its host; alone, as a provider sells them."""
    if gpus >= node.gpus:
        return node
    shares = {
        field: value * gpus / node.gpus
        for field in ("host_memory_bytes", "host_memory_bytes_per_s", "power_w")
        if (value := getattr(node, field)) is not None
    }
    return node.model_copy(update={**shares, "gpus": gpus, "nic": None, "nics": 0})


def _resolved(asked: Asked, *, hours: int) -> Resolved:
    offer = asked.offer
    machine = instance_of(offer)
    whole = node_of(offer, machine)
    _same_gpu(offer, whole, machine)
    price = priced(offer, whole)
    node, unit = _sold(offer, whole, price.machines)
    return Resolved(
        name=offer.name or "",
        at=asked.at,
        node=node,
        term=offer.term,
        provider=offer.provider,
        region=offer.region,
        zone=offer.zone,
        instances=tuple(dict.fromkeys(machine.name for machine in price.machines if machine.name)),
        unit_gpus=unit,
        most_units=None if offer.available is None else offer.available // unit,
        usd_per_gpu_hour=price.usd_per_gpu_hour * (hours if len(price.usd_per_gpu_hour) == 1 else 1),
        price_from=price.price_from,
        interruptions_per_hour=offer.interruptions_per_hour,
        recovery_s=offer.recovery,
    )


def _sold(offer: Offer, node: Node, machines: tuple[Instance, ...]) -> tuple[Node, int]:
    """The node that a replica fits in, and the GPUs of what is bought at once."""
    if not machines:
        return node, node.gpus if offer.whole_nodes else 1
    largest = next((get("nodes", one.node) for one in machines if one.node is not None and offer.gpu == node.gpu), node)
    part = part_of(node if offer.node is not None else largest, max(one.most_gpus for one in machines))
    return part, part.gpus if offer.whole_nodes else min(one.gpus for one in machines)


def _same_gpu(offer: Offer, node: Node, machine: Instance | None) -> None:
    if machine is not None and machine.gpu != node.gpu.name:
        message = f"{machine.name} has {get('gpus', machine.gpu).shown}, the node {node.gpu.shown}."
        raise SpecError(Problem("contradiction", message, "/node", "Keep one of them."))
    if offer.instance is not None and offer.gpu is not None and offer.gpu.name != node.gpu.name:
        message = f"{offer.instance} has {node.gpu.shown}, the offer names {offer.gpu.shown}."
        raise SpecError(Problem("contradiction", message, "/gpu", "Keep one of them."))


def _distinct(found: list[Resolved]) -> tuple[Resolved, ...]:
    """Names for those without one: GPU, provider, place and term; the second of a kind is numbered."""
    taken = {one.name for one in found if one.name}
    named: list[Resolved] = []
    for one in found:
        name = one.name or _free(_name(one), taken)
        taken.add(name)
        named.append(replace(one, name=name))
    return tuple(named)


def _name(one: Resolved) -> str:
    term = "" if one.term == "on_demand" else one.term
    parts = (one.gpu.name, one.provider, one.zone or one.region, term)
    return "-".join(re.sub(r"[^A-Za-z0-9_.-]+", "-", part).strip("-") for part in parts if part)


def _free(name: str, taken: set[str]) -> str:
    numbered = (f"{name}-{number}" for number in count(2))
    return name if name not in taken else next(other for other in numbered if other not in taken)
