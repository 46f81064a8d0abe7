"""A fleet's spec: what contradicts itself is said at its field, all at once, before anything is solved."""

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from solvers.errors import Problem
from solvers.fleet.market import FleetLimits, Offer, Site
from solvers.fleet.service import Service
from solvers.fleet.spec import FleetSpec
from solvers.problems import problems_of

TRAFFIC = {"rate": "4 /s", "input": 512, "output": 128}
GOOD: dict[str, Any] = {
    "kind": "fleet",
    "services": [
        {"name": "chat", "model": "llama-3.1-8b", "traffic": TRAFFIC, "slo": {"ttft": "1 s"}, "demand": [0.5, 1.0]}
    ],
    "market": [
        {"gpu": "l4", "region": "north", "zone": "north-a", "price": 0.7, "available": 16},
        {"gpu": "l4", "region": "north", "zone": "north-b", "price": 0.3, "term": "spot"},
        {"node": "p5", "region": "south", "zone": "south-a", "price": 3, "whole_nodes": True, "available": 16},
    ],
    "sites": [{"region": "north", "power_limit": "40 kW", "carbon_g_per_kwh": 30}, {"region": "south", "pue": 1.3}],
    "constraints": {"available": [{"gpu": "L4", "region": "north", "gpus": 20}], "survive": ["node", "zone"]},
}


def _changed(path: str, value: Any) -> dict[str, Any]:
    """The good spec with the value at a pointer; "-" appends to a list."""
    document = deepcopy(GOOD)
    *parents, last = path.strip("/").split("/")
    place: Any = document
    for token in parents:
        place = place[int(token)] if isinstance(place, list) else place[token]
    if isinstance(place, list):
        place.append(value) if last == "-" else place.__setitem__(int(last), value)
    else:
        place[last] = value
    return document


def _problems(document: dict[str, Any]) -> tuple[Problem, ...]:
    with pytest.raises(ValidationError) as error:
        FleetSpec.model_validate(document)
    return problems_of(error.value, FleetSpec.model_json_schema())


def test_the_good_spec_is_good() -> None:
    spec = FleetSpec.model_validate(GOOD)

    assert spec.hours == 2
    assert [(one.name, one.unit_gpus, one.most_units) for one in spec.offers] == [
        ("l4-north-a", 1, 16),
        ("l4-north-b-spot", 1, None),
        ("h100-sxm-south-a", 8, 2),
    ]


@pytest.mark.parametrize(
    ("path", "value", "code", "at"),
    [
        ("/services/-", GOOD["services"][0], "duplicate_name", "/services/1/name"),
        ("/services/0/demand", [0, 0], "no_demand", "/services/0/demand"),
        ("/services/0/demand", [1.0] * 169, "too_long", "/services/0/demand"),
        ("/services/0/demand", [1.0, -1.0], "greater_than_equal", "/services/0/demand/1"),
        ("/services/0/zones", ["nroth"], "unknown_place", "/services/0/zones/0"),
        ("/services/0/capacities", {"file": "a.csv"}, "not_a_table", "/services/0/capacities/file"),
        ("/market/0/price", -1, "negative", "/market/0/price"),
        ("/market/0/available", 0, "greater_than_equal", "/market/0/available"),
        ("/market/2/available", 4, "no_unit_fits", "/market/2/available"),
        ("/market/1/zone", "south-a", "contradictory_zone", "/market/2/zone"),
        ("/market/-", {"gpu": "l4", "price": 1, "zone": "north-a"}, "contradictory_zone", "/market/3/zone"),
        ("/market/1/prices", [1, 2], "contradiction", "/market/1/prices"),
        ("/market/-", {"gpu": "l4", "term": "spot"}, "missing", "/market/3/zone"),
        ("/sites/0/region", "nort", "unknown_place", "/sites/0/region"),
        ("/sites/1", {"region": "north"}, "duplicate_site", "/sites/1"),
        ("/sites/1", {"region": "north", "zone": "south-a"}, "contradictory_zone", "/sites/1/zone"),
        ("/sites/0/power_limit", "100 W", "no_unit_fits", "/sites/0/power_limit"),
        ("/sites/0/carbon_by_hour", [20, 30], "contradiction", "/sites/0/carbon_by_hour"),
        ("/sites/1/carbon_by_hour", [20, 30, 40], "unequal_series", "/sites/1/carbon_by_hour"),
        ("/constraints/available/0/gpu", "h200", "unknown_name", "/constraints/available/0/gpu"),
        ("/constraints/available/0/zone", "north-c", "unknown_place", "/constraints/available/0/zone"),
        ("/constraints/available/0/region", "south", "unknown_place", "/constraints/available/0"),
        ("/constraints/available/0", {"gpu": "h100", "gpus": 4}, "no_unit_fits", "/constraints/available/0/gpus"),
        ("/constraints/available/-", {"gpu": "l4", "region": "north", "gpus": 9}, "duplicate_limit",
         "/constraints/available/1"),
        ("/objective", "carbon", "no_carbon", "/market/2"),
        ("/prices", {"csv": "gpu,price\nl4,-1\n"}, "negative", "/prices/csv"),
        ("/prices", {"csv": "gpu,zone,region,price\nl4,north-a,south,1\n"}, "contradictory_zone", "/prices/csv"),
        ("/prices", {"file": "prices.csv"}, "not_a_table", "/prices/file"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field(path: str, value: Any, code: str, at: str) -> None:
    found = _problems(_changed(path, value))

    assert (code, at) in [(problem.code, problem.at) for problem in found]
    assert all(problem.hint for problem in found)


def test_all_that_is_wrong_is_said_at_once() -> None:
    document = _changed("/services/0/zones", ["nroth"])
    document["market"][0]["name"] = document["market"][1]["name"] = "one"
    document["market"][2]["available"] = 4
    document["sites"][1]["carbon_by_hour"] = [1, 2, 3]

    assert [(problem.code, problem.at) for problem in _problems(document)] == [
        ("unequal_series", "/sites/1/carbon_by_hour"),
        ("duplicate_name", "/market/1/name"),
        ("unknown_place", "/services/0/zones/0"),
        ("no_unit_fits", "/market/2/available"),
    ]


def test_series_of_unequal_length_name_one_another() -> None:
    document = _changed("/market/0", {"gpu": "l4", "prices": [1, 2, 3], "zone": "north-a", "region": "north"})

    (problem,) = _problems(document)

    assert problem == Problem(
        "unequal_series",
        "3 hours here, and 2 hours at /services/0/demand.",
        "/market/0/prices",
        "Give every series one number for each hour of the same day.",
    )


def test_a_spec_without_anything_to_buy_is_refused() -> None:
    document = {key: value for key, value in GOOD.items() if key in ("kind", "services")}

    assert [(problem.code, problem.at) for problem in _problems(document)] == [("missing", "/market")]


def test_a_zone_is_survived_where_there_are_two() -> None:
    document = _changed("/market", [{"gpu": "l4", "price": 1, "zone": "a"}])
    document |= {"sites": [], "constraints": {"survive": ["zone"]}}

    assert [(problem.code, problem.at) for problem in _problems(document)] == [
        ("too_few_zones", "/constraints/survive/0")
    ]


def test_limits_are_no_smaller_than_what_is_sold_at_once() -> None:
    document = _changed("/constraints", {"max_gpus": 4})
    document |= {"market": [GOOD["market"][2]], "sites": []}

    assert [(problem.code, problem.at) for problem in _problems(document)] == [
        ("no_unit_fits", "/constraints/max_gpus")
    ]


def test_power_that_a_limit_needs_has_to_be_known() -> None:
    link = {"bandwidth": "32 GB/s"}
    gpu = {"name": "own", "memory": "48 GB", "memory_bandwidth": "1 TB/s", "peak": {"bf16": "200 TFLOP/s"}}
    own = {
        "node": {"name": "box", "gpu": gpu, "gpus": 2, "link": link},
        "price": 1,
        "region": "north",
        "zone": "north-c",
    }

    for document in (_changed("/market/-", own), {**_changed("/market/-", own), "objective": "carbon"}):
        assert ("no_power", "/market/3/node") in [(problem.code, problem.at) for problem in _problems(document)]


def test_a_programme_beyond_what_can_be_solved_is_refused() -> None:
    document = _changed("/services/0/buckets", {"input": list(range(1, 65)), "output": list(range(1, 65))})
    document["services"][0] |= {"router": "input_and_output", "demand": [1.0] * 100}

    (problem,) = _problems(document)

    assert (problem.code, problem.at) == ("too_large", "/services")
    assert problem.message == "4,225 classes of requests x 3 offers x 100 hours are 1,267,500; 1,000,000 is the most."


def test_lines_of_the_own_prices_are_offers_after_those_of_the_market() -> None:
    spec = FleetSpec.model_validate(
        _changed("/prices", {"csv": "gpu,zone,region,price,name\nl40s,south-a,south,1.5,ours\n"})
    )

    assert [(one.name, one.at) for one in spec.offers][3:] == [("ours", "/prices/csv")]
    assert spec.offers[3].usd_per_gpu_hour == (1.5, 1.5)


def test_a_line_that_contradicts_the_market_is_named() -> None:
    found = _problems(_changed("/prices", {"csv": "gpu,zone,region,price\nl4,north-c,north,1\nl4,north-a,south,1\n"}))

    assert [problem.message for problem in found] == [
        "Line 3: Zone 'north-a' is in region 'south' here, and in region 'north' before."
    ]


def test_the_spec_comes_back_from_its_own_document() -> None:
    spec = FleetSpec.model_validate(_changed("/prices", {"csv": "gpu,zone,price\nl40s,x,1.5\n"}))

    assert FleetSpec.model_validate(spec.model_dump(mode="json")) == spec


def test_the_spec_of_the_documentation_is_one() -> None:
    page = Path(__file__).parents[3] / "docs/fleet.md"
    (written, *_) = re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)

    spec = FleetSpec.model_validate(yaml.safe_load(written))

    assert [(one.gpu.name, one.unit_gpus) for one in spec.offers] == [
        ("l4", 1), ("a100-80", 8), ("h100-sxm", 1), ("h100-sxm", 1),
    ]  # fmt: skip


def test_the_guide_explains_every_field() -> None:
    told = set(re.findall(r"`([a-z0-9_]+)`", Path("docs/fleet.md").read_text(encoding="utf-8")))

    parts = (Service, Offer, Site, FleetLimits)
    fields = [(part.__name__, name) for part in parts for name in part.model_fields]

    assert [field for field in fields if field[1] not in told] == []
