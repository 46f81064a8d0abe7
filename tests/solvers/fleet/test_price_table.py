"""Our own prices as CSV: each line is an offer, and what is wrong with a line is said of it."""

from typing import Any

import pytest
from pydantic import ValidationError

from solvers.errors import SpecError
from solvers.fleet.market import Offer
from solvers.fleet.price_table import PriceTable, offers_of

FULL = """\
gpu,provider,region,zone,term,price,available,interruptions_per_hour,whole_nodes,name
l4,ours,north,north-a,spot,0.30,12,0.2,,cheap

h100-sxm,ours,north,,reserved,2.10 USD/h,16,,yes,
"""


def _problems(text: str) -> list[tuple[str, str]]:
    with pytest.raises(SpecError) as error:
        offers_of(text)
    return [(problem.code, problem.message) for problem in error.value.problems]


def test_each_line_is_an_offer_and_an_empty_cell_says_nothing() -> None:
    (first, cheap), (second, nodes) = offers_of(FULL)

    assert (first, second) == (2, 4)
    assert cheap == Offer.model_validate(
        {
            "gpu": "l4",
            "provider": "ours",
            "region": "north",
            "zone": "north-a",
            "term": "spot",
            "price": 0.3,
            "available": 12,
            "interruptions_per_hour": 0.2,
            "name": "cheap",
        }
    )
    assert (nodes.whole_nodes, nodes.price, nodes.zone, nodes.name) == (True, 2.1, None, None)


def test_a_node_or_a_machine_may_stand_in_place_of_the_gpu() -> None:
    (_, node), (_, machine) = offers_of("node,instance,region,price\np5,,,3\n,g6.12xlarge,us-east-1,\n")

    assert node.node is not None
    assert (node.node.name, machine.instance, machine.price) == ("p5", "g6.12xlarge", None)


def test_every_wrong_line_is_named_with_what_is_wrong_in_it() -> None:
    text = "gpu,price,available,term,whole_nodes\nl4,-1,,,\nl5,1,0,,\nl4,cheap,2.5,sold,perhaps\n"

    assert _problems(text) == [
        ("negative", "Line 2: price: '-1' is negative."),
        ("unknown_name", "Line 3: gpu: There is no GPU called 'l5'."),
        ("greater_than_equal", "Line 3: available: Input should be greater than or equal to 1."),
        ("literal_error", "Line 4: term: Input should be 'on_demand', 'reserved' or 'spot'."),
        ("not_a_quantity", "Line 4: price: 'cheap' is not a price per hour."),
        ("int_parsing", "Line 4: available: This field wants a whole number."),
        ("bool_parsing", "Line 4: whole_nodes: This field wants true or false."),
    ]


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("", "too_short", "The table is empty."),
        ("l4,0.35\n", "wrong_columns", "names no column that is known; it has l4, 0.35"),
        ("gpu;price\nl4;0.35\n", "wrong_columns", "parted by semicolons"),
        ("gpu,price\nl4,0.35\na10g,1\nl4,0.35\n", "bad_row", "Line 4: the same stands on line 2."),
        ("gpu,price\n", "too_short", "no price"),
        ("gpu,cost\nl4,1\n", "wrong_columns", "no column 'cost'"),
        ("provider,price\naws,1\n", "wrong_columns", "needs `gpu` or `node`"),
        ("gpu,gpu,price\nl4,l4,1\n", "wrong_columns", "twice"),
        ("gpu,price\nl4\n", "bad_row", "Line 2: 1 cells"),
        ("gpu,node,price\n,,1\n", "missing", "Line 2: gpu: The offer names neither"),
        ("gpu,price\n" + "".join(f"l4,{n}\n" for n in range(101)), "bad_row", "Line 102"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused(text: str, code: str, says: str) -> None:
    (first, *_) = _problems(text)

    assert first[0] == code
    assert says in first[1]


@pytest.mark.parametrize(
    ("said", "code", "at"),
    [
        ({}, "missing", ""),
        ({"csv": FULL, "file": "prices.csv"}, "contradiction", ""),
        ({"file": "prices.csv"}, "not_a_table", "/file"),
        ({"csv": "gpu,price\nl4,-1\n"}, "negative", "/csv"),
    ],
)
def test_a_table_is_one_text_that_reads(said: dict[str, Any], code: str, at: str) -> None:
    with pytest.raises(ValidationError) as error:
        PriceTable.model_validate(said)

    cause = error.value.errors()[0]["ctx"]["error"]
    assert [(problem.code, problem.at) for problem in cause.problems] == [(code, at)]
