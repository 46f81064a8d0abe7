"""What a GPU-hour of an offer costs, where that is said, and in which machines a provider sells the GPU.

The spec's own price goes first, then its node's. Else the lists of the offer's provider are read:
    instance named         that machine: its price, its GPUs, by the machine
    node, or by the node   the machine with all the node's GPUs, or the one with the most GPUs
    GPU only               the cheapest price of a GPU; machines within 1 % of it count as one offer: its units are the
                           smallest of them, the largest bounds a replica
Without a provider the catalogue's default for the node or GPU holds, on demand.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from solvers.catalogue import price_lists, price_of
from solvers.catalogue.entry import key
from solvers.catalogue.hardware import Node
from solvers.catalogue.price import ANY, Asked, Instance, asked
from solvers.errors import Problem, SpecError, unknown
from solvers.fleet.market import Offer

# Prices of a GPU that differ by less are one price: lists round.
SAME = 0.01
# Regions that a hint names of each provider.
SHOWN = 4


@dataclass(frozen=True)
class Priced:
    """The price of a GPU-hour (one, or one an hour), whose it is, and the machines it is of (none: the spec's node)."""

    usd_per_gpu_hour: tuple[float, ...]
    price_from: str
    machines: tuple[Instance, ...] = ()


def instance_of(offer: Offer) -> Instance | None:
    """The provider's machine that the offer names. UnknownName where no list has it."""
    if offer.instance is None:
        return None
    every = [one.instance for one in asked(price_lists()) if _of_provider(one, offer)]
    listed = {instance.name: instance for instance in every if instance.name}
    found = next((one for name, one in listed.items() if name.lower() == offer.instance.lower()), None)
    if found is None:
        whose = f"instance of '{offer.provider}'" if offer.provider else "instance"
        raise unknown(whose, offer.instance, listed, at="/instance")
    return found


def priced(offer: Offer, node: Node) -> Priced:
    """The offer's price. SpecError at its field, with the prices that are known, where there is none."""
    machine = instance_of(offer)
    machines = () if machine is None else (machine,)
    if offer.prices:
        return Priced(offer.prices, offer.price_from or "the spec, by the hour", machines)
    if offer.price is not None:
        return Priced((offer.price,), offer.price_from or "the spec", machines)
    if offer.node is not None and offer.node.cost_usd_per_gpu_hour is not None:
        return Priced((offer.node.cost_usd_per_gpu_hour,), "the node", machines)
    if not offer.provider and machine is None:
        return _default(offer, node)
    return _listed(offer, node)


def _default(offer: Offer, node: Node) -> Priced:
    price = price_of(node) if offer.term == "on_demand" else None
    if price is None or price.usd_per_gpu_hour is None:
        raise _nothing(offer, node)
    return Priced((price.usd_per_gpu_hour,), f"the catalogue: {price.provider}, on demand, {price.date}")


def _listed(offer: Offer, node: Node) -> Priced:
    """The price on the provider's list, of the machines that the offer means."""
    meant = [one for one in _of_gpu(node, term=offer.term) if _of_provider(one, offer) and _meant(one, offer)]
    here = [one for one in meant if one.region in (ANY, offer.region)]
    if not here and offer.region is None and len({round(one.usd_per_gpu_hour, 6) for one in meant}) == 1:
        here = meant
    if not here:
        raise _nothing(offer, node)
    if offer.whole_nodes and offer.instance is None and offer.node is None:
        most = max(one.instance.gpus for one in here)
        here = [one for one in here if one.instance.gpus == most]
    best = min(here, key=lambda one: (one.usd_per_gpu_hour, one.instance.gpus, one.instance.name))
    alike = [one.instance for one in here if one.usd_per_gpu_hour <= best.usd_per_gpu_hour * (1.0 + SAME)]
    place = "" if best.region == ANY or offer.region is None else best.region
    where = ", ".join(part for part in (best.of.shown, place, best.of.date) if part)
    return Priced((best.usd_per_gpu_hour,), f"the catalogue: {where}", tuple(alike))


def _meant(one: Asked, offer: Offer) -> bool:
    """Whether a machine of the list is one that the offer means: by its name, or by its node."""
    if offer.instance is not None:
        return one.instance.name.lower() == offer.instance.lower()
    if offer.node is not None:
        return offer.node.gpus in (one.instance.gpus, one.instance.up_to) and one.instance.node in (
            None,
            offer.node.name,
        )
    return True


def _of_provider(one: Asked, offer: Offer) -> bool:
    return not offer.provider or key(one.of.provider) == key(offer.provider)


def _of_gpu(node: Node, *, term: str) -> list[Asked]:
    return [one for one in asked(price_lists()) if one.instance.gpu == node.gpu.name and one.of.term == term]


def _nothing(offer: Offer, node: Node) -> SpecError:
    where = "".join(f" {word} '{name}'" for word, name in (("at", offer.provider), ("in", offer.region)) if name)
    message = f"The catalogue has no price of {node.gpu.shown}, {offer.term.replace('_', ' ')},{where or ' anywhere'}."
    listed = _of_gpu(node, term=offer.term)
    known = _known([one for one in listed if _of_provider(one, offer)] or listed)
    where = f", or take a provider and region that it knows: {known}" if known else ""
    return SpecError(Problem("no_price", message, "/price", f"Write `price: 2.50 USD/h`, of a GPU{where}."))


def _known(found: Sequence[Asked]) -> str:
    """`aws (us-east-1, us-west-2), runpod`: who sells it where."""
    regions: dict[str, dict[str, None]] = {}
    for one in found:
        regions.setdefault(one.of.provider, {})[one.region] = None
    return ", ".join(_places(name, [region for region in where if region != ANY]) for name, where in regions.items())


def _places(provider: str, regions: list[str]) -> str:
    if not regions:
        return provider
    more = f" and {len(regions) - SHOWN} more" if len(regions) > SHOWN else ""
    return f"{provider} ({', '.join(regions[:SHOWN])}{more})"
