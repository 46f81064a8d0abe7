"""What a service may not ask of a fleet."""

from typing import Any

import pytest
from pydantic import ValidationError

from solvers.fleet.service import Service
from solvers.fleet.supply.checks import problems_of_tables
from solvers.problems import problems_of
from tests.solvers.fleet.supply.test_supplies import CSV, MARKET, spec

PLAIN = {"name": "one", "model": "llama-3.1-8b", "traffic": {"rate": 1, "input": 9, "output": 9}, "slo": {"ttft": 1}}


def _refused(**change: Any) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        Service.model_validate({**PLAIN, **change})
    return [(p.code, p.at) for p in problems_of(caught.value, Service.model_json_schema())]


@pytest.mark.parametrize(
    ("change", "code", "at"),
    [
        ({"options": {"fix": {"mode": "disaggregated"}}}, "not_in_fleet", "/options/fix/mode"),
        ({"options": {"fix": {"decode_tp": 2}}}, "not_in_fleet", "/options/fix/decode_tp"),
        ({"options": {"fix": {"replicas": 2}}}, "not_in_fleet", "/options/fix/replicas"),
        ({"options": {"fix": {"routing": "round_robin"}}}, "not_in_fleet", "/options/fix/routing"),
        ({"buckets": {"input": [512, 256]}}, "not_sorted", "/buckets/input/1"),
        ({"buckets": {"output": [64, 64]}}, "not_sorted", "/buckets/output/1"),
        ({"capacities": {"csv": CSV}, "buckets": {"input": [9]}}, "contradiction", "/buckets"),
        ({"capacities": {"csv": CSV + "l4,1,1,0\n"}}, "bad_row", "/capacities/csv"),
    ],
)
def test_what_a_fleet_cannot_do_is_said_at_its_field(change: dict[str, Any], code: str, at: str) -> None:
    assert _refused(**change) == [(code, at)]


def test_a_gpu_that_nobody_knows_is_named_with_its_line_and_the_nearest() -> None:
    known = spec(capacities={"csv": CSV + "h100-sxm,25,100,9\n"}, market=MARKET)
    given = spec(market=MARKET).services[0]
    wrong = given.model_copy(
        update={"capacities": given.capacities.model_copy(update={"csv": CSV + "a10h,25,100,9\n"})}
    )
    gpus = [one.gpu for one in known.offers]

    assert list(problems_of_tables(known.services, gpus)) == []
    (problem,) = problems_of_tables([wrong], gpus)
    assert (problem.code, problem.at) == ("unknown_name", "/services/0/capacities/csv")
    assert problem.message == "Line 10 of the table: there is no GPU called 'a10h'."
    assert "a10g" in problem.hint


def test_a_size_that_stands_twice_under_two_names_of_a_gpu_is_named() -> None:
    given = spec(market=MARKET).services[0]
    csv = CSV + "NVIDIA A10G,25,100,9\n"
    wrong = given.model_copy(update={"capacities": given.capacities.model_copy(update={"csv": csv})})
    gpus = [one.gpu for one in spec(market=MARKET).offers]

    (problem,) = problems_of_tables([wrong], gpus)

    assert (problem.code, problem.at) == ("bad_row", "/services/0/capacities/csv")
    assert problem.message.startswith("Line 10 of the table: NVIDIA A10G with TP 1, input 25 and output 100 stands on")
