"""Goodput by simulation, rates without one, and the search that uses both."""

import pytest

from solvers.serving.distserve.bench import MODEL, run
from solvers.serving.distserve.deployments import colocated, disaggregated
from solvers.serving.distserve.goodput import TOLERANCE, attained, goodput, last_good
from solvers.serving.distserve.layouts import Placement, Side, placements
from solvers.serving.distserve.profile import MODELS
from solvers.serving.distserve.search import exhaustive, search
from solvers.serving.distserve.static import Rates, Static
from solvers.serving.distserve.workload import workload
from solvers.serving.slo import Slo

OPT_13B, OPT_66B = MODELS["opt-13b"], MODELS["opt-66b"]
STRICT = workload("sharegpt", size=150, seed=5, slo=Slo(ttft=0.25, tpot=0.1, attainment=0.9))
LENIENT = workload("sharegpt", size=150, seed=5, slo=Slo(ttft=0.6, tpot=0.1, attainment=0.9))
PLACEMENT = Placement(Side(2, 1), Side(1, 1), near=True)


def test_the_last_good_rate_is_found_to_the_tolerance() -> None:
    found = last_good(lambda rate: rate <= 3.7, 0.0, 100.0)

    assert 3.7 * (1.0 - 2.0 * TOLERANCE) <= found <= 3.7
    assert last_good(lambda rate: False, 0.0, 100.0) == 0.0


def test_goodput_is_served_and_a_little_more_is_not() -> None:
    deployment = disaggregated(OPT_13B, PLACEMENT)

    found = goodput(deployment, STRICT, most=20.0)

    assert attained(deployment, STRICT, rate=found) >= 0.9 > attained(deployment, STRICT, rate=1.05 * found)


def test_no_placement_serves_more_than_its_bound() -> None:
    """Simulated just above its bound, for every placement of a node that has one."""
    static = Static(OPT_66B, LENIENT)
    space = placements(OPT_66B, nodes=1, gpus_per_node=8, high_affinity=False)

    bounds = {placement: bound for placement in space if (bound := static.rates(placement).bound) > 0}
    shares = [attained(disaggregated(OPT_66B, one), LENIENT, rate=1.01 * bound) for one, bound in bounds.items()]

    assert (len(shares) > 10, max(shares) < 0.9) == (True, True)


def test_what_does_not_fit_or_is_too_slow_alone_has_no_rate() -> None:
    """OPT-66B on one GPU; and on TP 3, whose longest prompts alone take longer than a quarter second."""
    static = Static(OPT_66B, STRICT)

    assert static.rates(Placement(Side(1, 1), Side(4, 1))) == Rates(0.0, 0.0)
    assert static.rates(Placement(Side(3, 1), Side(4, 1))).bound == 0.0


def test_the_search_equals_the_enumeration_on_few_gpus() -> None:
    space = placements(OPT_13B, nodes=1, gpus_per_node=4, high_affinity=True)

    found, scored = search(OPT_13B, space, STRICT), exhaustive(OPT_13B, space, STRICT)

    assert found.candidates == len(space) == len(scored)
    assert found.best.placement == scored[0].placement
    assert found.best.goodput_per_gpu == pytest.approx(scored[0].goodput_per_gpu, rel=0.03)


def test_vllm_of_2023_runs_whole_prompts_before_decodes() -> None:
    engine = colocated(OPT_13B, Side(1, 1)).pools[0].engine

    assert (engine.policy, engine.chunked_prefill, engine.prefix_caching) == ("prefill_first", False, False)


def test_the_bench_counts_the_placements_it_simulated() -> None:
    ticks = iter((1.0, 3.0))

    figures = run(lambda: next(ticks), every=400)

    assert MODEL == "opt-175b"
    assert {name: figures[name] for name in list(figures)[:4]} == {
        "distserve_space_layouts": 3,
        "distserve_space_requests": 15_000,
        "distserve_space_seconds": 2.0,
        "distserve_space_requests_per_s": 7_500.0,
    }
