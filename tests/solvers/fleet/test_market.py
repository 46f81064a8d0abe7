"""What an offer, a site and a limit are, each by itself."""

from typing import Any

import pytest
from pydantic import ValidationError

from solvers import catalogue
from solvers.fleet.market import Availability, Offer
from solvers.problems import problems_of


def _problems(**offer: Any) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as error:
        Offer.model_validate(offer)
    return [(problem.code, problem.at) for problem in problems_of(error.value, Offer.model_json_schema())]


@pytest.mark.parametrize(
    ("offer", "problem"),
    [
        ({}, ("missing", "/gpu")),
        ({"gpu": "l4", "node": "p5"}, ("contradiction", "/gpu")),
        ({"gpu": "l4", "price": 1, "prices": [1, 2]}, ("contradiction", "/prices")),
        ({"gpu": "l5"}, ("unknown_name", "/gpu")),
        ({"gpu": "l4", "price": "-0.70 USD/h"}, ("negative", "/price")),
        ({"gpu": "l4", "price": "0.70"}, ("no_unit", "/price")),
        ({"gpu": "l4", "prices": [1, -1]}, ("negative", "/prices/1")),
        ({"gpu": "l4", "available": 0}, ("greater_than_equal", "/available")),
        ({"gpu": "l4", "available": True}, ("int_type", "/available")),
        ({"gpu": "l4", "term": "rented"}, ("literal_error", "/term")),
        ({"gpu": "l4", "zone": "a zone"}, ("string_pattern_mismatch", "/zone")),
        ({"gpu": "l4", "interruptions_per_hour": -0.1}, ("greater_than_equal", "/interruptions_per_hour")),
    ],
)
def test_an_offer_that_cannot_be_is_refused_at_its_field(offer: dict[str, Any], problem: tuple[str, str]) -> None:
    assert _problems(**offer) == [problem]


def test_an_offer_is_a_gpu_a_node_or_a_machine() -> None:
    offers = [Offer.model_validate(said) for said in ({"gpu": "H100"}, {"node": "p5"}, {"instance": "g6.xlarge"})]

    assert [(one.gpu and one.gpu.name, one.node and one.node.name, one.instance) for one in offers] == [
        ("h100-sxm", None, None),
        (None, "p5", None),
        (None, None, "g6.xlarge"),
    ]


def test_spot_is_interrupted_by_default_and_the_default_is_in_the_schema() -> None:
    offer = Offer.model_validate({"gpu": "l4", "term": "spot"})
    shown = Offer.model_json_schema()["properties"]

    assert (offer.interruptions_per_hour, offer.recovery) == (0.05, 600.0)
    assert (shown["interruptions_per_hour"]["default"], shown["recovery"]["default"]) == (0.05, 600.0)


def test_a_limit_is_of_a_gpu_by_any_of_its_names() -> None:
    limit = Availability.model_validate({"gpu": "H100", "gpus": 8})

    assert limit.names(catalogue.gpu("h100-sxm"))
    assert not limit.names(catalogue.gpu("h100-pcie"))
