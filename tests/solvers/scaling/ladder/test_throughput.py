import pytest

from solvers.base import Solved, silent
from solvers.scaling.ladder.family import shaped
from solvers.scaling.ladder.speed import choices, flops_per_token, speed
from solvers.scaling.ladder.throughput import WALL_HOURS, Span, Throughput, throughput
from solvers.training.solve import solve
from solvers.training.spec import TrainingSpec
from tests.solvers.scaling.ladder.cases import COUNTS, USUAL, WORK, batch, hardware


@pytest.fixture(scope="module")
def plans() -> Throughput:
    return planned(1.5e10)


def planned(paid: float) -> Throughput:
    return throughput(
        USUAL, hardware(), WORK, counts=COUNTS, span=Span(2e7, paid, 1.5e10), batch=batch, most_gpu_hours=2000.0
    )


def test_what_a_size_costs_does_not_change_with_the_sizes_that_can_be_paid(plans: Throughput) -> None:
    few = planned(1e8)

    assert {one.params for one in few.planned} < {one.params for one in plans.planned}
    assert max(one.params for one in few.planned) >= 1e8
    assert few.options(1e8) == plans.options(1e8)


def test_a_plan_is_as_fast_as_the_training_planner_says() -> None:
    member = shaped(USUAL, 1e9, COUNTS)
    spec = TrainingSpec.model_validate(
        {
            "model": member.model,
            "hardware": hardware(1),
            "sequence_length": 4096,
            "global_batch": 128,
            "options": {"forbid": ["cp"]},
        }
    )

    found = speed(member, hardware(), WORK, gpus=8, batch=128)
    whole = solve(spec, silent)

    assert found is not None
    assert isinstance(whole, Solved)
    assert found.tokens_per_s.value == pytest.approx(whole.estimates["tokens_per_s"].value, rel=0.05)
    assert found.tokens_per_s.low < found.tokens_per_s.value < found.tokens_per_s.high


def test_between_planned_sizes_it_is_near_to_what_planning_them_says(plans: Throughput) -> None:
    for params in (6e7, 5e8, 4e9):
        size = shaped(USUAL, params, COUNTS).params(COUNTS)
        rate = plans.rate(size, 8)
        solved = speed(shaped(USUAL, params, COUNTS), hardware(), WORK, gpus=8, batch=batch(size))

        assert rate is not None
        assert solved is not None
        assert rate.value == pytest.approx(solved.tokens_per_s.value, rel=0.12)


def test_at_a_planned_size_it_is_that_plan(plans: Throughput) -> None:
    for one in plans.planned:
        if one.found:
            rate = plans.rate(one.params, one.gpus)
            assert rate is not None
            assert rate.value == pytest.approx(one.found.tokens_per_s.value, rel=1e-9)
            assert plans.mfu(one.params, one.gpus, rate.value) == pytest.approx(one.found.mfu, rel=1e-9)


def test_a_size_that_does_not_fit_on_one_gpu_has_none(plans: Throughput) -> None:
    assert plans.rate(1.4e10, 1) is None
    assert plans.rate(1e15, 8) is None


def test_a_run_gets_the_gpus_that_end_in_time(plans: Throughput) -> None:
    short, long = (plans.choice(2.5e8, tokens) for tokens in (1e9, 2e11))

    assert short is not None
    assert long is not None
    assert short[0] < long[0]
    assert 2e11 / long[1].value <= WALL_HOURS * 3600.0


def test_a_run_that_ends_nowhere_in_time_gets_the_fastest(plans: Throughput) -> None:
    found = plans.choice(1.4e10, 1e14)

    assert found is not None
    assert found[0] == hardware().gpus


def test_training_takes_six_flop_a_parameter_and_token_and_attention() -> None:
    member = shaped(USUAL, 3e10, COUNTS)

    each = flops_per_token(member, hardware(), WORK)

    assert 6.0 < each / member.params(COUNTS) < 6.8


def test_numbers_of_gpus_are_parts_of_a_node_then_nodes() -> None:
    assert choices(hardware(3)) == (1, 2, 4, 8, 16, 24)
