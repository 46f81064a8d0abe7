"""What an answer says of what it does not rest on."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from solvers.serving.ranked import Ranked, longer
from solvers.serving.study import study
from solvers.serving.words import warnings, why_not
from tests.solvers.serving.asked import spec

POINTS = [{"tp": 1, "concurrency": 8, "input": 300, "output": 100, "tpot": "20 ms"}]


def _codes(**change: Any) -> list[tuple[str, str]]:
    asked = study(spec(**change))
    found = warnings(asked, asked.screened().scored[0].candidate)
    return [(problem.code, problem.at) for problem in found]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        ({"hardware": {"node": "mi300x-server", "nodes": 1}}, [("lent_curves", "/hardware/node")]),
        ({"hardware": {"node": "mi300x-server", "nodes": 1}, "measurements": POINTS}, []),
        ({"hardware": {"node": "l40s-server", "nodes": 1}}, [("not_measured", "/engine")]),
        ({"hardware": {"node": "l40s-server", "nodes": 1}, "calibration": "prior"}, []),
    ],
)
def test_an_engine_on_a_gpu_that_nobody_measured_is_said(change: dict[str, Any], expected: list[Any]) -> None:
    assert _codes(**change) == expected


def test_a_short_trace_is_said() -> None:
    csv = "arrival,input,output\n" + "".join(f"{second},40,8\n" for second in range(20))

    assert _codes(traffic={"trace": {"csv": csv}}) == [("short_trace", "/traffic/trace")]


def test_steps_by_another_gpus_curves_are_less_sure() -> None:
    def spread(node: str) -> float:
        asked = study(spec(hardware={"node": node, "nodes": 1}))
        setup = asked.screened().scored[0].candidate.groups[0].setup
        return float(asked.shop.offsets(setup, apart=False).std())

    assert spread("mi300x-server") > 1.05 * spread("l40s-server")


def test_where_latency_counts_plans_differ_by_the_one_that_is_nearest_its_limit() -> None:
    """Half and a quarter of the limit: twice as long."""
    asked = study(spec(objective="latency"))
    candidate = asked.screened().scored[0].candidate
    trial = asked.trials.trial(candidate, 10.0, size=60, seeds=1)
    [seed] = trial.seeds
    slow, quick = (
        replace(trial, seeds=(replace(seed, ttft_s=np.full(60, share * 0.2), tpot_s=np.zeros(60)),))
        for share in (0.5, 0.25)
    )
    one, other = (Ranked(candidate, 1.0, tried, 1.0) for tried in (quick, slow))

    assert longer(one, other, asked.spec) == "100 % longer latencies"
    assert longer(other, one, asked.spec) == "50 % shorter latencies"
    assert why_not(other, one, asked.spec) == "100 % longer latencies."
    assert longer(one, one, asked.spec) == "As short latencies"
