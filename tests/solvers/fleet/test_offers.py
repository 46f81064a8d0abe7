"""Offers become what the planner buys: with a node, a name, a unit and a price in every hour."""

from typing import Any

import pytest

from solvers.errors import SpecError
from solvers.fleet.market import Offer
from solvers.fleet.offers import Asked, Resolved, resolve

LINK = {"bandwidth": "32 GB/s"}


def _resolve(*offers: dict[str, Any], hours: int = 1) -> tuple[Resolved, ...]:
    asked = (Asked(Offer.model_validate(offer), f"/market/{number}") for number, offer in enumerate(offers))
    return resolve(asked, hours=hours)


def test_a_price_of_the_spec_holds_in_every_hour() -> None:
    (offer,) = _resolve({"gpu": "l4", "price": "0.70 USD/h"}, hours=3)

    assert (offer.usd_per_gpu_hour, offer.price_from) == ((0.70, 0.70, 0.70), "the spec")


def test_a_price_of_each_hour_is_taken_as_it_is() -> None:
    (offer,) = _resolve({"gpu": "l4", "prices": ["0.70 USD/h", "0.35 USD/h"]}, hours=2)

    assert (offer.usd_per_gpu_hour, offer.price_from) == ((0.70, 0.35), "the spec, by the hour")


def test_a_node_of_our_own_says_what_its_gpus_cost() -> None:
    node = {"name": "pod", "gpu": "l4", "gpus": 4, "link": LINK, "cost_usd_per_gpu_hour": "0.20 USD/h"}

    (offer,) = _resolve({"node": node, "term": "reserved"})

    assert (offer.usd_per_gpu_hour, offer.price_from) == ((0.20,), "the node")


def test_a_gpu_comes_in_the_catalogues_node_that_has_a_data_sheet() -> None:
    l4, h100 = _resolve({"gpu": "l4", "price": 1}, {"gpu": "h100-sxm", "price": 3})

    assert [(offer.node.name, offer.unit_gpus) for offer in (l4, h100)] == [("g6", 1), ("dgx-h100", 1)]


def test_an_offer_by_the_node_has_units_of_a_node_and_only_whole_ones() -> None:
    (offer,) = _resolve({"node": "p5", "whole_nodes": True, "available": 20, "price": 3})

    assert (offer.unit_gpus, offer.most_units, offer.unit_usd()) == (8, 2, (24.0,))


def test_a_gpu_of_our_own_in_no_node_has_to_say_what_it_comes_in() -> None:
    gpu = {"name": "own", "memory": "48 GB", "memory_bandwidth": "1 TB/s", "peak": {"bf16": "200 TFLOP/s"}}

    with pytest.raises(SpecError) as error:
        _resolve({"gpu": "l4", "price": 1}, {"gpu": gpu, "price": 1})

    assert [(problem.code, problem.at) for problem in error.value.problems] == [("no_node", "/market/1/gpu")]


def test_names_are_made_of_gpu_provider_place_and_term_and_are_distinct() -> None:
    offers = _resolve(
        {"gpu": "l4", "price": 1},
        {"gpu": "l4", "price": 1, "region": "eu", "term": "reserved"},
        {"gpu": "l4", "price": 1},
        {"gpu": "l4", "price": 1, "provider": "aws", "region": "eu", "zone": "a", "term": "spot"},
        {"gpu": "h100-sxm", "price": 1, "name": "l4-2"},
        {"gpu": "l4", "price": 1, "provider": "Our own, cellar"},
    )

    names = ["l4", "l4-eu-reserved", "l4-3", "l4-aws-a-spot", "l4-2", "l4-Our-own-cellar"]
    assert [offer.name for offer in offers] == names


def test_every_offer_without_a_price_is_listed() -> None:
    with pytest.raises(SpecError) as error:
        _resolve({"gpu": "l4", "term": "spot"}, {"gpu": "l4", "price": 1}, {"gpu": "l4", "term": "reserved"})

    assert [problem.at for problem in error.value.problems] == ["/market/0/price", "/market/2/price"]


def test_spot_serves_less_the_more_often_and_the_longer_it_is_away() -> None:
    kept, spot = _resolve(
        {"gpu": "l4", "price": 1, "interruptions_per_hour": 0.5, "recovery": "30 min"},
        {"gpu": "l4", "price": 1, "interruptions_per_hour": 0.5, "recovery": "30 min", "term": "spot"},
    )

    assert (kept.uptime, spot.uptime) == (1.0, 0.8)


def test_a_gpu_draws_its_share_of_its_node() -> None:
    (offer,) = _resolve({"node": "dgx-h100", "price": 1})

    assert offer.watts_per_gpu == 10_200 / 8
