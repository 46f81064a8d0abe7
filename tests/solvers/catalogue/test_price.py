"""Prices of GPUs, and what providers ask machine by machine: they read, and name what the catalogue has."""

from typing import Any

import pytest

from solvers import catalogue
from solvers.catalogue.price import ANY, Asked, Price, asked, fits
from solvers.errors import SpecError

LISTS = catalogue.price_lists()
LIST: dict[str, Any] = {
    "name": "ours",
    "provider": "ours",
    "term": "spot",
    "instances": [
        {"name": "four", "gpu": "l4", "gpus": 4, "prices": {"north": "2 USD/h", "south": 4}},
        {"gpu": "l4", "up_to": 8, "prices": {"any": 0.75}},
    ],
}


@pytest.mark.parametrize("price", LISTS, ids=[price.name for price in LISTS])
def test_a_list_names_its_provider_its_term_and_things_of_the_catalogue(price: Price) -> None:
    assert price.name == f"{price.provider}-{price.term}".replace("_", "-")
    assert price.date
    for one in price.instances:
        assert catalogue.gpu(one.gpu).name == one.gpu
        assert one.node is None or catalogue.node(one.node).gpu.name == one.gpu
        assert max(catalogue.get("nodes", name).gpus for name in _nodes(one.gpu)) >= one.most_gpus


@pytest.mark.parametrize("price", LISTS, ids=[price.name for price in LISTS])
def test_a_gpu_hour_costs_between_ten_cents_and_thirty_dollars(price: Price) -> None:
    low, high = price.range_usd_per_gpu_hour

    assert 0.1 < low <= high < 30


@pytest.mark.parametrize("provider", ["aws", "crusoe", "gcp", "nebius", "verda"])
def test_spot_costs_no_more_than_on_demand(provider: str) -> None:
    prices = {(one.of.term, one.instance.name or one.instance.gpu, one.region): one for one in _of(provider)}
    spot = [key for key in prices if key[0] == "spot"]

    dearer = [
        (name, region)
        for _, name, region in spot
        if prices["spot", name, region].usd_per_gpu_hour > prices["on_demand", name, region].usd_per_gpu_hour
    ]

    assert len(spot) >= 4
    assert dearer == []


def test_a_reservation_costs_less_than_on_demand() -> None:
    prices = {(one.of.term, one.instance.name, one.region): one.usd_per_gpu_hour for one in _of("aws")}
    reserved = {key: usd for key, usd in prices.items() if key[0] == "reserved"}

    assert len(reserved) == 78
    assert [key for key, usd in reserved.items() if usd >= prices["on_demand", *key[1:]]] == []


def test_what_the_lists_say_of_well_known_machines() -> None:
    prices = {(one.of.name, one.instance.name, one.region): one.usd_per_gpu_hour for one in asked(LISTS)}

    assert prices["aws-on-demand", "p5.48xlarge", "us-east-1"] == 6.88
    assert prices["aws-on-demand", "g6.xlarge", "us-east-1"] == 0.8048
    assert prices["aws-reserved", "p4d.24xlarge", "us-west-2"] == pytest.approx(13.92109 / 8, rel=1e-4)
    assert prices["azure-on-demand", "Standard_NC24ads_A100_v4", "eastus"] == 3.673
    assert prices["oci-on-demand", "BM.GPU.H100.8", ANY] == 10.0


def test_a_list_gives_a_price_for_each_machine_and_region() -> None:
    price: Price = catalogue.record("prices", LIST)

    found = [(one.instance.gpus, one.region, one.usd_per_gpu_hour) for one in asked((price,))]

    assert found == [(4, "north", 0.5), (4, "south", 1.0), (1, "any", 0.75)]
    assert (price.machines, price.regions, price.range_usd_per_gpu_hour) == (2, ("north", "south", "any"), (0.5, 1.0))
    assert [one.most_gpus for one in price.instances] == [4, 8]


def test_one_price_lists_no_machines() -> None:
    price: Price = catalogue.get("prices", "h100-sxm")

    assert (price.machines, price.regions, price.range_usd_per_gpu_hour) == (None, (), (2.95, 2.95))


def test_the_usual_clouds_have_lists() -> None:
    terms: dict[str, list[str | None]] = {}
    for price in LISTS:
        terms.setdefault(price.provider, []).append(price.term)

    assert {provider for provider, said in terms.items() if "spot" in said} == {
        "aws",
        "crusoe",
        "gcp",
        "nebius",
        "verda",
    }
    assert terms["aws"] == ["on_demand", "reserved", "spot"]
    assert len(terms) == 13


@pytest.mark.parametrize("said", [{}, {"price": 1, "instances": LIST["instances"]}])
def test_a_price_is_one_or_a_list(said: dict[str, Any]) -> None:
    with pytest.raises(SpecError) as error:
        catalogue.record("prices", {"name": "ours", **said})

    assert [problem.at for problem in error.value.problems] == ["/price"]


def test_what_a_price_leaves_open_fits_but_spot_has_to_be_said() -> None:
    price = Price.model_validate({"name": "l4", "price": 1, "provider": "AWS"})

    assert fits(price, term="reserved", provider="aws", region="us-east-1")
    assert fits(price, term="on_demand", provider="", region=None)
    assert not fits(price, term="spot", provider="aws", region=None)
    assert not fits(price, term="on_demand", provider="gcp", region=None)


def _of(provider: str) -> list[Asked]:
    return [one for one in asked(LISTS) if one.of.provider == provider]


def _nodes(gpu: str) -> list[str]:
    return [name for name in catalogue.names("nodes") if catalogue.node(name).gpu.name == gpu]
