"""Prices of the catalogue: by provider, region and term, and the machines that GPUs come in there."""

from typing import Any

import pytest

from solvers.errors import SpecError
from solvers.fleet.market import Offer
from solvers.fleet.offers import Asked, Resolved, resolve


def _resolve(**offer: Any) -> Resolved:
    (resolved,) = resolve([Asked(Offer.model_validate(offer), "/market/0")], hours=1)
    return resolved


def _sold(one: Resolved) -> tuple[tuple[str, ...], int, int, float]:
    return one.instances, one.node.gpus, one.unit_gpus, one.usd_per_gpu_hour[0]


def _problems(**offer: Any) -> list[tuple[str, str]]:
    with pytest.raises(SpecError) as error:
        _resolve(**offer)
    return [(problem.code, problem.at) for problem in error.value.problems]


def test_a_gpu_of_a_provider_is_the_cheapest_machine_with_it() -> None:
    one = _resolve(gpu="l4", provider="aws", region="us-east-1")

    assert _sold(one) == (("g6.xlarge",), 1, 1, 0.8048)
    assert one.price_from == "the catalogue: AWS, on demand, us-east-1, 2026-01-21"


def test_machines_at_the_same_price_of_a_gpu_are_one_offer() -> None:
    one = _resolve(gpu="h100-sxm", provider="AWS", region="us-east-1")

    assert _sold(one) == (("p5.4xlarge", "p5.48xlarge"), 8, 1, 6.88)
    assert one.node.name == "p5"


def test_a_machine_that_is_named_is_bought_whole_and_is_a_part_of_its_node() -> None:
    one = _resolve(instance="g6.12xlarge", region="us-east-1", term="reserved")

    assert _sold(one) == (("g6.12xlarge",), 4, 4, 2.9956 / 4)
    assert (one.gpu.name, one.node.nics, one.watts_per_gpu) == ("l4", 0, 175.0)


def test_whole_nodes_are_the_machine_with_the_most_gpus() -> None:
    assert _sold(_resolve(gpu="l4", provider="aws", region="us-east-1", whole_nodes=True)) == (
        ("g6.48xlarge",),
        8,
        8,
        13.3504 / 8,
    )


def test_a_node_has_the_price_of_the_machine_that_it_is() -> None:
    one = _resolve(node="g6", provider="aws", region="us-east-1", term="spot")

    assert one.instances == ("g6.48xlarge",)
    assert (one.node.gpus, one.unit_gpus) == (8, 8)


def test_a_provider_with_one_price_needs_no_region() -> None:
    one = _resolve(gpu="h200-sxm", provider="nebius", term="spot")

    assert (one.usd_per_gpu_hour, one.price_from) == ((1.45,), "the catalogue: Nebius, preemptible, 2026-11-22")


def test_where_gpus_come_singly_a_replica_takes_as_many_as_a_machine_has() -> None:
    assert _sold(_resolve(gpu="a100-80", provider="verda")) == ((), 8, 1, 1.79)


def test_our_own_price_of_a_machine_goes_before_the_list() -> None:
    one = _resolve(instance="p5.48xlarge", provider="aws", price="3 USD/h", price_from="our contract")

    assert (_sold(one), one.price_from) == ((("p5.48xlarge",), 8, 8, 3.0), "our contract")


@pytest.mark.parametrize(
    ("offer", "problem"),
    [
        ({"gpu": "h100-sxm", "provider": "aws"}, ("no_price", "/market/0/price")),
        ({"gpu": "h100-sxm", "provider": "aws", "region": "mars"}, ("no_price", "/market/0/price")),
        ({"gpu": "h100-sxm", "provider": "nobody"}, ("no_price", "/market/0/price")),
        ({"gpu": "h100-sxm", "term": "spot"}, ("no_price", "/market/0/price")),
        ({"gpu": "rtx-4090", "provider": "aws", "region": "us-east-1"}, ("no_price", "/market/0/price")),
        ({"instance": "p5.49xlarge", "provider": "aws"}, ("unknown_name", "/market/0/instance")),
        ({"instance": "p5.48xlarge", "provider": "gcp"}, ("unknown_name", "/market/0/instance")),
        ({"instance": "p5.48xlarge", "gpu": "l4", "region": "us-east-1"}, ("contradiction", "/market/0/gpu")),
        ({"instance": "g6.12xlarge", "node": "dgx-h100", "price": "3 USD/h"}, ("contradiction", "/market/0/node")),
    ],
)
def test_what_no_list_has_is_said_at_its_field(offer: dict[str, Any], problem: tuple[str, str]) -> None:
    assert _problems(**offer) == [problem]


def test_the_hint_says_who_sells_it_and_where() -> None:
    with pytest.raises(SpecError) as error:
        _resolve(gpu="h200-sxm", term="spot")

    assert error.value.problems[0].hint == (
        "Write `price: 2.50 USD/h`, of a GPU, or take a provider and region that it knows: aws (us-east-1, us-east-2,"
        " us-west-2, ap-northeast-1), nebius (eu-north1, eu-west1, us-central1), verda."
    )
