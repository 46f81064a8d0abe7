"""How a service's requests are cut into classes."""

from typing import Any

import numpy as np
import pytest

from solvers.errors import SpecError
from solvers.fleet.supply.classes import INPUTS, LEAST, LISTED, bounds, carried_of
from tests.solvers.fleet.supply.test_supplies import CSV, chat, spec

RNG = np.random.default_rng(0)


def _carried(**change: Any) -> Any:
    return carried_of(0, chat(**change).services[0], seed=0)[0]


@pytest.mark.parametrize("sigma", [0.2, 1.0, 2.5])
def test_bounds_rise_by_powers_of_two_and_every_bucket_holds_something(sigma: float) -> None:
    tokens = np.clip(np.exp(RNG.normal(6.0, sigma, 20_000)), 1, 1e6).astype(np.int64)

    found = bounds(tokens, most=INPUTS)

    held = np.searchsorted(found, tokens, side="left")
    shares, work = np.bincount(held) / len(held), np.bincount(held, weights=tokens) / tokens.sum()
    assert len(found) < INPUTS
    assert all(one & (one - 1) == 0 for one in found)
    assert list(found) == sorted(set(found))
    assert (np.maximum(shares, work) >= LEAST).all()


def test_requests_that_are_all_equal_are_one_class() -> None:
    carried = _carried(traffic={"rate": 5, "input": 700, "output": 90})

    assert [one.label for one in carried.classes] == ["700 in, 90 out"]
    assert carried.shares.tolist() == [1.0]


def test_given_bounds_are_taken_and_the_last_bucket_has_none() -> None:
    carried = _carried(router="input", buckets={"input": [200, 1000]})

    assert [(one.label, one.input) for one in carried.classes] == [
        ("1-200 in", (1, 200)),
        ("201-1000 in", (201, 1000)),
        ("1001+ in", (1001, None)),
    ]


def test_shares_are_those_of_the_sample() -> None:
    carried = _carried()

    held = carried.class_of(carried.requests.input_tokens, carried.requests.output_tokens)
    assert carried.shares == pytest.approx(np.bincount(held) / len(held))
    assert carried.shares.sum() == pytest.approx(1.0)


def test_another_request_goes_to_the_nearest_class_there_is() -> None:
    sizes = [{"input": 10, "output": 10, "share": 0.5}, {"input": 900, "output": 400, "share": 0.5}]
    carried = _carried(traffic={"rate": 5, "sizes": sizes})

    found = carried.class_of(np.array([10, 10, 900, 5000, 11]), np.array([10, 400, 1, 9, 9000]))

    assert found.tolist() == [0, 0, 1, 1, 1]


def test_a_measured_size_bounds_the_requests_up_to_it() -> None:
    csv = "gpu,input,output,requests_per_s\nl4,400,300,2\nl4,4000,300,0.5\n"

    carried = _carried(capacities={"csv": csv}, router="input")

    assert [one.label for one in carried.classes] == ["1-400 in", "401+ in"]


def test_requests_beyond_all_measured_sizes_are_refused_at_the_table() -> None:
    lengths = {"input": {"mean": 500, "cv": 1.0}, "output": 60}

    with pytest.raises(SpecError) as caught:
        carried_of(0, spec(traffic={"rate": 1, **lengths}, capacities={"csv": CSV}).services[0], seed=0)

    assert [(one.code, one.at) for one in caught.value.problems] == [("not_covered", "/services/0/capacities/csv")]


@pytest.mark.parametrize(("share", "refused"), [(0.04, False), (0.06, True)])
def test_one_request_in_twenty_may_be_longer_than_what_was_measured(share: float, refused: bool) -> None:
    sizes = [{"input": 400, "output": 60, "share": 1.0 - share}, {"input": 900, "output": 60, "share": share}]
    csv = "gpu,input,output,requests_per_s\nl4,400,60,2\n"
    service = spec(traffic={"rate": 1, "sizes": sizes}, capacities={"csv": csv}).services[0]

    problems = []
    try:
        carried_of(0, service, seed=0)
    except SpecError as error:
        problems = [one.code for one in error.problems]

    assert problems == (["not_covered"] if refused else [])


def test_a_trace_is_taken_whole() -> None:
    carried = _carried(traffic={"trace": "azure-2023-conv"})

    assert carried.requests.size == 19_366
    assert carried.refused == 0.0


def test_traffic_that_the_model_does_not_read_is_said_at_the_service() -> None:
    with pytest.raises(SpecError) as caught:
        _carried(traffic={"rate": 1, "input": 200_000, "output": 9})

    assert [(one.code, one.at) for one in caught.value.problems] == [("too_long", "/services/0/traffic/input")]


def test_some_requests_that_the_model_does_not_read_are_refused() -> None:
    carried = _carried(traffic={"rate": 1, "input": {"mean": 60_000, "cv": 1.5}, "output": 9})

    assert 0.05 < carried.refused < 0.3
    assert carried.longest <= 131_072


def test_many_listed_sizes_are_cut_like_any_traffic() -> None:
    sizes = [{"input": 100 + n, "output": 10 + n, "share": 1 / (LISTED + 1)} for n in range(LISTED + 1)]

    few = _carried(traffic={"rate": 1, "sizes": [{**sizes[0], "share": 0.5}, {**sizes[1], "share": 0.5}]})
    many = _carried(traffic={"rate": 1, "sizes": sizes})

    assert [one.label for one in few.classes] == ["100 in, 10 out", "101 in, 11 out"]
    assert [one.label for one in many.classes] == [
        "1-128 in, 1-32 out",
        "1-128 in, 33-64 out",
        "129+ in, 33-64 out",
        "129+ in, 65+ out",
    ]
    assert many.shares == pytest.approx([23 / 101, 6 / 101, 26 / 101, 46 / 101])
