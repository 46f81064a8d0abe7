"""The search, against simulating everything on questions small enough for that; and the static model it starts from."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from solvers.serving.candidate import Candidate
from solvers.serving.rated import replicas_of
from solvers.serving.search import nothing_seen
from solvers.serving.setup import Group
from solvers.serving.static import step_s
from solvers.serving.study import study, with_rate
from solvers.serving.trial import share
from tests.solvers.serving.asked import spec

COLOCATED = {"options": {"forbid": ["disaggregated", "pp"]}}


def test_the_fewest_gpus_are_those_of_an_exhaustive_simulation() -> None:
    asked = study(spec(**COLOCATED, constraints={"max_gpus": 3}, traffic={"rate": 1500, "input": 300, "output": 16}))
    screened = asked.screened()
    setups = {group.setup for one in screened.scored for group in one.candidate.groups}
    every = [
        Candidate((Group("both", setup, number),), "least_work")
        for setup, number in product(setups, (1, 2, 3))
        if setup.gpus * number <= 3 and setup.max_num_seqs == 256 and setup.max_num_batched_tokens in (2048, 8192)
    ]
    rate = asked.spec.traffic.rate_per_s

    def holds(one: Candidate) -> bool:
        return share(asked.trials.trial(one, rate, size=600, seeds=2), asked.spec) >= 0.9

    _, found = asked.search(screened, nothing_seen)
    least = min(one.gpus for one in every if holds(one))

    assert found.ranked[0].candidate.gpus == least


def test_more_traffic_never_needs_fewer_gpus() -> None:
    asked = study(spec(**COLOCATED, constraints={"max_gpus": 8}))
    found = [asked.again(with_rate(asked.spec, factor)).ranked for factor in (0.5, 4.0, 12.0)]

    gpus = [ranked[0].candidate.gpus for ranked in found]
    assert gpus == sorted(gpus)
    assert gpus[0] < gpus[-1]


def test_the_static_model_is_near_the_simulation_where_it_starts() -> None:
    """Capacity by the static model and goodput by simulation of the plan that is chosen: within a third."""
    asked = study(spec(**COLOCATED, constraints={"max_gpus": 1}, traffic={"rate": 200, "input": 300, "output": 64}))

    _, found = asked.search(asked.screened(), nothing_seen)

    best = found.ranked[0]
    assert best.edge is not None
    assert best.edge.rate_per_s == pytest.approx(best.capacity_per_s, rel=0.35)


def test_less_than_one_request_at_a_time_waits_for_its_tokens_as_one_does() -> None:
    asked = study(spec(**COLOCATED))
    replica = replicas_of([asked.screened().scored[0].candidate.groups[0].setup], asked.shop)

    seconds = step_s(replica, np.array([0.02, 1.0]), 300.0, chunk=0.0, pairs=0.0, before=0.0)

    assert seconds.flat[0] == seconds.flat[1] > 0


def test_given_settings_are_kept() -> None:
    fix = {"mode": "disaggregated", "prefill_replicas": 1, "decode_replicas": 1, "max_num_seqs": 64}
    asked = study(spec(options={"fix": fix}))

    _, found = asked.search(asked.screened(), nothing_seen)

    best = found.ranked[0].candidate
    assert [(group.role, group.replicas) for group in best.groups] == [("prefill", 1), ("decode", 1)]
    assert {group.setup.max_num_seqs for group in best.groups} == {64}


def test_every_ratio_of_prefill_to_decode_is_looked_at() -> None:
    asked = study(spec(constraints={"max_gpus": 8}, traffic={"rate": 150, "input": 2000, "output": 16}))

    ratios = {
        tuple(group.replicas for group in one.candidate.groups)
        for one in asked.screened().scored
        if one.candidate.disaggregated and one.candidate.gpus <= 8
    }

    assert len(ratios) >= 2
    assert any(ahead > after for ahead, after in ratios)


def test_the_same_trial_is_not_simulated_twice() -> None:
    asked = study(spec())
    candidate = asked.screened().scored[0].candidate

    first = asked.trials.trial(candidate, 10.0, size=100, seeds=1)
    before = asked.trials.simulated
    again = asked.trials.trial(replace(candidate), 10.0, size=100, seeds=1)

    assert (again, asked.trials.simulated) == (first, before)


@pytest.mark.parametrize("objective", ["latency", "goodput_per_gpu"])
def test_layouts_that_a_budget_does_not_pay_take_no_place_from_others(objective: str) -> None:
    few = {"budget_per_hour": 6}
    asked = study(spec(objective=objective, constraints=few, traffic={"rate": 1, "input": 40, "output": 4}))

    _, found = asked.search(asked.screened(), nothing_seen)

    assert asked.most_gpus == 2
    assert 1 <= found.ranked[0].candidate.gpus <= 2
