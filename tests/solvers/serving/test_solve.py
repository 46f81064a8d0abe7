"""The whole answer of one small question, and what is said when there is none."""

import os
import subprocess
import sys
from itertools import pairwise
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
    assert told["headline"].startswith("small-1b serves 100 requests/s on 1 NVIDIA H100 SXM 80 GB with 1 x TP1, BF16: ")
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


def test_techniques_that_the_spec_fixes_are_not_weighed() -> None:
    told = _solved(options={"fix": {"mode": "disaggregated"}}, precision={"weights": "fp8"})["explanation"]["options"]

    fixed = [one["name"] for one in told if one["message"] == "The spec fixes it."]
    assert fixed == ["disaggregated", "low_precision_weights"]


def test_a_replica_is_empty_while_nothing_comes() -> None:
    times = [burst + place / 10 for burst in (0, 100) for place in range(40)]
    trace = "arrival,input,output\n" + "".join(f"{time},300,4\n" for time in times)
    (held,) = _solved(traffic={"trace": {"csv": trace}}, constraints={"max_gpus": 1})["explanation"]["timeline"]

    points = list(zip(held["end_s"], held["batch"], held["kv_share"], held["prefill_tokens"], strict=True))
    gap, at = max((after[0] - before[0], place) for place, (before, after) in enumerate(pairwise(points)))
    assert gap > 50
    assert points[at][1:] == (0, 0.0, 0)
    assert held["end_s"] == sorted(held["end_s"])


def test_the_curves_band_holds_the_rate_asked() -> None:
    curve = _solved()["explanation"]["goodput_curve"]

    assert [100 in dict(curve[end][0]) for end in ("worse", "better")] == [True, True]
    assert all(0 <= share <= 1 for end in ("worse", "better") for line in curve[end] for _, share in line)


def test_replicas_that_are_given_and_too_few_are_told_by_what_they_could_do_at_most() -> None:
    traffic = {"rate": 20_000, "input": {"mean": 300, "cv": 0.5}, "output": 16}

    told = _solved(traffic=traffic, options={"fix": {"replicas": 1}})["infeasible"]

    assert told["binding"] == ["traffic"]
    assert "2 NVIDIA H100 SXM 80 GB do not carry 20k requests/s" in told["reason"]
    assert "at most" in told["nearest"]["needs"][0]["message"]


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
    change = told["smallest_change"]["changes"][0]
    assert change["at"] == "/constraints/max_gpus"
    assert 2 < change["value"] <= 8


def test_too_small_a_budget_binds_and_the_smallest_one_that_helps_is_said() -> None:
    """4,000 requests a second on one GPU of 8; a budget as said carries them, that of a GPU less does not."""
    change = {"traffic": {"rate": 4000, "input": 300, "output": 16}, "constraints": {}, "options": {"forbid": ["pp"]}}
    told = _solved(**change | {"constraints": {"budget_per_hour": "5 USD/h"}})["infeasible"]

    assert told["binding"] == ["budget"]
    assert told["reason"].endswith("; 1 may be used.")
    enough = told["smallest_change"]["changes"][0]
    assert enough["at"] == "/constraints/budget_per_hour"
    assert told["smallest_change"]["message"].startswith("A budget of $")
    carried = _solved(**change | {"constraints": {"budget_per_hour": enough["value"]}})
    assert carried["plan"]["usd_per_hour"] <= enough["value"]
    assert _solved(**change | {"constraints": {"budget_per_hour": enough["value"] - 2.95}})["status"] == "infeasible"


def test_a_latency_that_is_missed_at_any_load_binds_and_not_the_traffic() -> None:
    """The mean prompt keeps to the limit alone; the hundredth that counts, of some 9,000 tokens, does not."""
    ask = {"traffic": {"rate": 2, "input": {"p50": 500, "p90": 2500}, "output": 16}, "constraints": {"max_gpus": 1}}
    told = _solved(**ask, slo={"ttft": "80 ms", "tpot": "20 ms", "attainment": 0.99})

    assert told["infeasible"]["binding"] == ["slo/ttft"]
    assert "however few requests come" in told["infeasible"]["reason"]
    assert told["infeasible"]["smallest_change"]["changes"][0]["at"] == "/slo/ttft"


def test_each_objective_chooses_by_its_own_measure() -> None:
    """On four GPUs: the fewest that carry 600 a second; all of them for the shortest latencies; the densest of all."""
    ask = {"traffic": {"rate": 600, "input": 300, "output": {"mean": 32, "cv": 0.5}}, "constraints": {"max_gpus": 4}}
    cost, dense, quick = (_solved(**ask, objective=one) for one in ("cost", "goodput_per_gpu", "latency"))

    assert cost["plan"]["gpus"] == min(one["plan"]["gpus"] for one in (cost, dense, quick))
    assert dense["estimates"]["goodput_per_s_per_gpu"]["value"] >= 0.95 * max(
        one["estimates"]["goodput_per_s_per_gpu"]["value"] for one in (cost, quick)
    )
    assert quick["estimates"]["ttft_p90_s"]["value"] <= 1.05 * cost["estimates"]["ttft_p90_s"]["value"]
    assert quick["estimates"]["tpot_p90_s"]["value"] <= 1.05 * cost["estimates"]["tpot_p90_s"]["value"]
    assert all(one["estimates"]["attainment_share"]["value"] >= 0.9 for one in (cost, dense, quick))


def test_another_process_with_another_hash_seed_gives_the_same_bytes() -> None:
    script = (
        "import sys; from solvers import kinds; from solvers.documents import canonical;"
        " from tests.solvers.serving.asked import document;"
        " sys.stdout.buffer.write(canonical(kinds.solve(kinds.parse(document()))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "PYTHONHASHSEED": "7"}, capture_output=True, check=True
    )

    assert done.stdout == canonical(kinds.solve(kinds.parse(document())))
