"""The whole answer of one small question, and what is said when there is none."""

from typing import Any

import pytest

from solvers import kinds
from solvers.documents import canonical
from tests.answers import answer
from tests.solvers.serving.asked import document


def _solved(**change: Any) -> dict[str, Any]:
    return answer(kinds.parse(document(**change)))


def test_the_answer_holds_what_the_pages_show() -> None:
    result = _solved()
    plan, told = result["plan"], result["explanation"]

    assert (plan["label"], plan["mode"], plan["gpus"], plan["usd_per_hour"]) == ("1 x TP1, BF16", "colocated", 1, 2.95)
    assert told["headline"].startswith("small-1b serves 100 /s on 1 NVIDIA H100 SXM 80 GB with 1 x TP1, BF16: ")
    assert result["estimates"]["attainment_share"]["value"] >= 0.9
    assert result["estimates"]["goodput_per_s"]["value"] >= 100
    assert {one["name"]: one["verdict"] for one in told["options"]}["ep"] == "does_not_pay"
    assert [one["change"] for one in told["sensitivity"]][:2] == ["20 % less traffic", "20 % more traffic"]
    assert sum(one["value"] for one in told["breakdown"]) < 0.02


def test_every_estimate_lies_in_its_interval() -> None:
    estimates = _solved()["estimates"]

    outside = [name for name, one in estimates.items() if not one["low"] <= one["value"] <= one["high"]]
    assert outside == []
    assert estimates["ttft_p50_s"]["value"] <= estimates["ttft_p90_s"]["value"] <= estimates["ttft_p99_s"]["value"]


def test_the_curve_falls_and_crosses_its_target_at_the_goodput() -> None:
    curve = _solved()["explanation"]["goodput_curve"]
    points = [(one["rate_per_s"], one["attainment"]) for one in curve["points"]]

    assert points == sorted(points)
    assert max(rate for rate, share in points if share >= 0.9) == pytest.approx(curve["goodput_per_s"])
    assert curve["low"] <= curve["goodput_per_s"] <= curve["high"]


def test_the_bound_is_above_what_is_reached() -> None:
    bound = _solved()["explanation"]["bound"]

    least = min(value for name, value in bound.items() if name.endswith("per_gpu") and value is not None)
    assert 0 < bound["reached"] < least
    assert bound["gap"] == pytest.approx(1 - bound["reached"] / least)


def test_the_same_question_has_the_same_bytes() -> None:
    spec = kinds.parse(document())

    assert canonical(kinds.solve(spec)) == canonical(answer(spec))


def test_a_latency_below_the_bound_is_refused_with_the_bound() -> None:
    told = _solved(slo={"tpot": "10 us"})["infeasible"]

    assert told["binding"] == ["slo/tpot"]
    assert "time per output token of 10 µs is out of reach" in told["reason"]
    assert "below that bound" in told["reason"]
    assert told["nearest"]["needs"][0]["constraint"] == "tpot"


def test_a_model_that_fits_nowhere_is_told_what_it_needs() -> None:
    slow = {"traffic": {"rate": 0.2, "input": 300, "output": 16}, "slo": {"tpot": "200 ms"}}
    told = _solved(model="llama-3.1-405b", constraints={"max_gpus": 8}, **slow)["infeasible"]

    assert told["binding"] == ["memory"]
    assert "each of the 8 GPUs of a replica needs" in told["reason"]
    assert told["smallest_change"]["changes"] == [{"at": "/precision/weights", "value": "fp8"}]


def test_too_much_traffic_is_told_what_would_carry_it() -> None:
    traffic = {"rate": 4000, "input": 300, "output": 16}
    told = _solved(traffic=traffic, options={"forbid": ["disaggregated", "pp", "tp"]})["infeasible"]

    assert told["binding"] in (["gpus"], ["traffic"])
    assert told["smallest_change"]["changes"] == [{"at": "/constraints/max_gpus", "value": None}]
