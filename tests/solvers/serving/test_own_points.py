"""Own points: made by the model itself, slowed or not, so that what they must teach is known."""

from typing import Any

import numpy as np
import pytest

from solvers import kinds
from solvers.cost.serving.job import Layout, Numerics
from solvers.cost.serving.steps import decode_steps, step_seconds
from solvers.errors import SpecError
from solvers.serving.calibration import name_of as shipped_name
from solvers.serving.candidate import Candidate
from solvers.serving.details import ends
from solvers.serving.own_points import Learned, learned, name_of
from solvers.serving.setup import Group, Setup, Shop
from solvers.serving.study import Study, study
from tests.solvers.serving.asked import spec

CLIENTS = (1, 8, 32, 64)
ONE_GPU = Setup(Layout(), Numerics(), max_num_seqs=256, max_num_batched_tokens=8192)
TWO_GPUS = Setup(Layout(tp=2), Numerics(), max_num_seqs=256, max_num_batched_tokens=8192)


def _points(*seconds: float) -> list[dict[str, Any]]:
    pairs = zip(CLIENTS, seconds, strict=False)
    return [{"concurrency": clients, "input": 300, "output": 64, "tpot": tpot} for clients, tpot in pairs]


def _learned(points: list[dict[str, Any]]) -> Learned:
    told = learned(spec(measurements=points))
    if told is None:
        pytest.fail("points that were given taught nothing")
    return told


def _slowed(factor: float) -> list[dict[str, Any]]:
    """What the model foretells, times `factor`."""
    told = _learned(_points(1.0, 1.0, 1.0, 1.0))
    return _points(*(factor * np.exp(-told.off)))


def _step_s(shop: Shop, setup: Setup) -> float:
    """Seconds of a step in which 32 decode."""
    job = shop.job(setup)
    steps = decode_steps(np.array([32.0]), np.array([330.0]), job=job)
    seconds = step_seconds(steps, job, shop.coefficients)
    return float(seconds.mean() * np.exp(shop.bias(setup, apart=False)[0]))


def _width(asked: Study) -> float:
    low, high = ends(asked, Candidate((Group("both", ONE_GPU, 1),), "round_robin"))
    return high / low


def test_points_slower_by_a_factor_slow_the_prediction_by_it_and_leave_less_open() -> None:
    before, after = study(spec()), study(spec(measurements=_slowed(1.3)))

    assert _step_s(after.shop, ONE_GPU) / _step_s(before.shop, ONE_GPU) == pytest.approx(1.3, rel=0.05)
    assert _width(after) - 1.0 < 0.5 * (_width(before) - 1.0)


def test_another_layout_learns_less_than_the_one_that_was_measured() -> None:
    before, after = study(spec()).shop, study(spec(measurements=_slowed(1.3))).shop

    assert (
        1.1 < _step_s(after, TWO_GPUS) / _step_s(before, TWO_GPUS) < _step_s(after, ONE_GPU) / _step_s(before, ONE_GPU)
    )


def test_points_as_foretold_move_nothing_and_leave_less_open() -> None:
    before, after = study(spec()), study(spec(measurements=_slowed(1.0)))

    assert _step_s(after.shop, ONE_GPU) == pytest.approx(_step_s(before.shop, ONE_GPU), rel=1e-6)
    assert _width(after) < _width(before)


def test_the_odd_point_is_as_far_off_as_it_differs_from_all_others() -> None:
    slow, true = _slowed(1.3), _slowed(1.0)

    told = _learned([*slow[:3], true[3]])

    assert told.off == pytest.approx(np.log([1.3, 1.3, 1.3, 1.0]), abs=1e-6)
    assert told.left_out[3] == pytest.approx(-np.log(1.3), abs=0.05)


def test_more_points_leave_less_open() -> None:
    points = _slowed(1.1)

    widths = [_width(study(spec(measurements=points[:count]))) for count in (1, 2, 4)]

    assert widths == sorted(widths, reverse=True)


def test_the_answer_names_the_points_and_says_how_far_off_the_model_was() -> None:
    asked = spec(measurements=_slowed(1.3))

    result = kinds.solve(asked)

    own = result["explanation"]["own_points"]
    assert (own["points"], own["measured_over_predicted"]) == (4, pytest.approx(1.3, rel=1e-3))
    assert own["said"].startswith("4 points used; without them the model was 23")
    assert own["left_out_error"] < 0.05
    assert result["provenance"]["calibration"] == name_of(asked)
    assert name_of(asked).startswith(f"{shipped_name('published')}+own-")


def test_other_points_have_another_name() -> None:
    assert name_of(spec(measurements=_points(0.01))) != name_of(spec(measurements=_points(0.02)))


def test_without_points_the_question_has_no_word_of_them() -> None:
    asked = spec()

    assert asked == spec(measurements=[])
    assert "measurements" not in kinds.spec_document(asked)
    assert name_of(asked) == shipped_name("published")


def test_points_come_back_from_the_document_of_the_question() -> None:
    asked = spec(measurements=_points(0.01, 0.02))

    assert kinds.parse(kinds.spec_document(asked)) == asked
    assert kinds.spec_document(asked)["measurements"][0]["tpot"] == 0.01


@pytest.mark.parametrize(
    ("change", "code", "at"),
    [
        ({"tpot": 0}, "below_bound", "/tpot"),
        ({"tpot": "-3 ms"}, "negative", "/tpot"),
        ({"concurrency": 0}, "greater_than_equal", "/concurrency"),
        ({"output": 1}, "greater_than_equal", "/output"),
        ({"concurrency": 1024, "input": 20_000}, "too_large", "/concurrency"),
        ({"tp": 3}, "no_layout", "/tp"),
        ({"tp": 16}, "no_layout", "/tp"),
        ({"pp": 17}, "no_layout", "/pp"),
        ({"dp": 2}, "no_layout", "/dp"),
        ({"ep": 2}, "no_layout", "/ep"),
        ({"precision": {"weights": "nvfp4"}}, "no_precision", "/precision"),
        ({"tpot": "0.1 ms"}, "below_bound", "/tpot"),
    ],
)
def test_a_point_that_cannot_be_is_refused_at_its_field(change: dict[str, Any], code: str, at: str) -> None:
    good, bad = _points(0.01, 0.01)

    with pytest.raises(SpecError) as raised:
        spec(measurements=[good, {**bad, **change}])

    assert [(problem.code, problem.at) for problem in raised.value.problems] == [(code, f"/measurements/1{at}")]


def test_the_bound_is_said_to_who_is_below_it() -> None:
    with pytest.raises(SpecError) as raised:
        spec(model="llama-3.1-8b", measurements=_points(0.002))

    read = 2.0 * (8.03e9 - 128256 * 4096) / 3.35e12
    assert f"2 ms is below {1e3 * read:.2f} ms" in raised.value.problems[0].message


def test_a_model_that_its_gpus_do_not_hold_was_not_measured_there() -> None:
    with pytest.raises(SpecError) as raised:
        spec(model="llama-3.1-70b", measurements=_points(0.1))

    assert [(problem.code, problem.at) for problem in raised.value.problems] == [("no_layout", "/measurements/0/tp")]


def test_more_than_twenty_points_are_refused() -> None:
    with pytest.raises(SpecError) as raised:
        spec(measurements=21 * _points(0.01))

    assert [problem.at for problem in raised.value.problems] == ["/measurements"]
