"""How far an answer could be from the best: against simulating everything on spaces small enough for that."""

import math

import pytest

from solvers.serving.gap import least_gpus, least_stretch, most_goodput_per_gpu
from solvers.serving.ranked import stretch
from solvers.serving.search import nothing_seen
from solvers.serving.study import study
from solvers.serving.sweep import within
from solvers.serving.trial import share
from tests.answers import answer
from tests.solvers.serving.asked import spec

HEAVY = {"rate": 1500, "input": 300, "output": 16}
LONG = {"rate": 60, "input": {"mean": 1500, "cv": 0.6}, "output": {"mean": 60, "cv": 0.6}}


@pytest.mark.parametrize("traffic", [HEAVY, LONG], ids=["many", "long"])
def test_nothing_that_was_passed_over_needs_fewer_gpus_than_the_answer(traffic: dict[str, object]) -> None:
    asked = study(spec(traffic=traffic, constraints={"max_gpus": 4}, options={"forbid": ["pp"]}))
    screened = asked.screened()

    _, found = asked.search(screened, nothing_seen)

    best = found.ranked[0].candidate.gpus
    every = {fewer for one in screened.scored for fewer in within(one, best - 1)}
    tried = {one: asked.trials.trial(one, asked.spec.traffic.rate_per_s, size=2000, seeds=3) for one in every}
    assert [one for one, trial in tried.items() if share(trial, asked.spec) >= 0.9] == []
    assert least_gpus(asked) <= best


def test_no_plan_gives_more_of_each_gpu_or_answers_sooner_than_the_bound() -> None:
    dense = study(spec(objective="goodput_per_gpu", traffic=LONG))
    quick = study(spec(objective="latency", traffic=LONG))

    one, other = (asked.search(asked.screened(), nothing_seen)[1].ranked for asked in (dense, quick))

    assert 0 < one[0].goodput_per_s / one[0].candidate.gpus <= most_goodput_per_gpu(dense)
    assert 0 < least_stretch(quick) <= min(stretch(tried.trial, quick.spec) for tried in other)


def test_the_gap_of_an_answer_is_between_nothing_and_all() -> None:
    gaps = {objective: answer(spec(objective=objective, traffic=LONG))["search"]["optimality_gap"]
            for objective in ("cost", "goodput_per_gpu", "latency")}  # fmt: skip

    assert gaps["cost"] == 0.0
    assert 0.0 <= gaps["goodput_per_gpu"] < 0.5
    assert 0.0 <= gaps["latency"] < 1.0


def test_a_limit_that_no_step_keeps_to_needs_endless_gpus() -> None:
    assert math.isinf(least_gpus(study(spec(slo={"tpot": "10 us"}))))
