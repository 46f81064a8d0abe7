"""GPU-hours of the big run, by hand from the speed of the shape that it has."""

import pytest

from solvers.base import Estimate
from solvers.catalogue.equal_nodes import Hardware
from solvers.scaling.forecast.place import Place
from solvers.scaling.hours import Machine, place_in_hours
from solvers.scaling.ladder.family import family, shaped
from solvers.scaling.ladder.speed import Work, speed

HARDWARE = Hardware.model_validate({"node": "dgx-h100", "nodes": 2})
WORK = Work(4096, "bf16")
MACHINE = Machine(family(), HARDWARE, WORK, "total", batch=lambda params, tokens: 256)


def hours(params: float, tokens: float, of: Machine = MACHINE) -> Estimate:
    found = of.hours(params, tokens)
    assert found is not None
    return found


def test_gpu_hours_are_tokens_over_the_speed_of_the_nearest_shape_times_the_gpus():
    near = shaped(MACHINE.of, 3e9, "total")
    found = speed(near, HARDWARE, WORK, gpus=16, batch=256)
    assert found is not None

    exact = hours(near.params("total"), 1e11)

    rate = found.tokens_per_s
    by_hand = [1e11 / one * 16 / 3600.0 for one in (rate.value, rate.high, rate.low)]
    assert [exact.value, exact.low, exact.high] == pytest.approx(by_hand, rel=1e-12)


def test_a_size_between_two_shapes_takes_as_much_longer_as_it_has_more_parameters():
    near = shaped(MACHINE.of, 3e9, "total").params("total")
    assert shaped(MACHINE.of, 1.001 * near, "total").params("total") == near

    exact, larger = hours(near, 1e11), hours(1.001 * near, 1e11)

    more = [getattr(larger, end) / getattr(exact, end) for end in ("value", "low", "high")]
    assert more == pytest.approx([1.001] * 3, rel=1e-9)


def test_twice_the_tokens_take_twice_the_hours():
    assert hours(3e9, 2e11).value == pytest.approx(2.0 * hours(3e9, 1e11).value, rel=1e-12)


def test_what_does_not_fit_takes_no_hours():
    one = Hardware.model_validate({"node": "dgx-h100", "nodes": 1})

    assert Machine(family(), one, WORK, "total", batch=lambda params, tokens: 8).hours(5e12, 1e11) is None


def test_a_place_takes_the_hours_that_were_asked_for():
    def at(flops: float) -> Place:
        params = (flops / 120.0) ** 0.5
        return Place(params, 20.0 * params, "compute_optimal", 0.0, None)

    found = place_in_hours(MACHINE, 500.0, at)

    assert found is not None
    assert found.tokens == pytest.approx(20.0 * found.params)
    assert hours(found.params, found.tokens).value == pytest.approx(500.0, rel=0.02)
