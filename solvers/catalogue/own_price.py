"""Which of a project's own prices an offer without one takes: the one that says most about what the offer names.

A price of the offer's instance or node goes before one of its GPU; among these, one that names the provider, region and
term that the offer names goes before one that leaves them open; then by name. What contradicts the offer is no match.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from solvers.catalogue.entry import key
from solvers.catalogue.price import ANY, Price, asked, fits


@dataclass(frozen=True)
class Wanted:
    """What an offer names; texts as the spec writes them, "" or None where it does not."""

    instance: str
    node: str
    gpu: str
    term: str
    provider: str
    region: str | None


def wanted(offer: Mapping[str, Any], *, node: str, gpu: str) -> Wanted:
    """What an offer's document names, with the names of its node and GPU."""
    term, provider, region = (offer.get(field) for field in ("term", "provider", "region"))
    return Wanted(
        instance=str(offer.get("instance") or ""),
        node=node,
        gpu=gpu,
        term=str(term or "on_demand"),
        provider=str(provider or ""),
        region=None if region is None else str(region),
    )


def own_price(offer: Wanted, prices: Iterable[Price]) -> tuple[Price, float] | None:
    """The price that fits an offer best, and dollars of a GPU-hour by it; None where none fits."""
    fitting = [price for price in prices if fits(price, term=offer.term, provider=offer.provider, region=offer.region)]
    found = [(rank, price, usd) for price in fitting for rank, usd in _matches(offer, price)]
    if not found:
        return None
    _, price, usd = min(found, key=lambda one: (tuple(-part for part in one[0]), one[1].name, one[2]))
    return price, usd


def _matches(offer: Wanted, price: Price) -> list[tuple[tuple[int, ...], float]]:
    """How well a price is meant for the offer, higher is better, with the dollars: one for each that matches."""
    provider = 0 if not price.provider else 1 if offer.provider else -1
    said = (provider, int(price.region is not None), int(price.term is not None))
    if price.usd_per_gpu_hour is not None:
        closeness = _closeness(offer, {price.name, price.node or "", price.gpu or ""})
        return [((closeness, *said), price.usd_per_gpu_hour)] if closeness else []
    return [
        ((closeness, *said), one.usd_per_gpu_hour)
        for one in asked((price,))
        if one.region in (ANY, offer.region)
        and (closeness := _closeness(offer, {one.instance.name, one.instance.node or "", one.instance.gpu}))
    ]


def _closeness(offer: Wanted, names: set[str]) -> int:
    """3 where the names hold the offer's instance, 2 its node, 1 its GPU, else 0; an instance stands for itself."""
    held = {key(name) for name in names if name}
    if offer.instance and key(offer.instance) in held:
        return 3
    if offer.node and key(offer.node) in held:
        return 2
    return int(bool(offer.gpu) and key(offer.gpu) in held)
