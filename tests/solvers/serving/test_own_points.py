import numpy as np
import pytest

from solvers.errors import SpecError
from solvers.serving.own_points import factor_after, log_ratios
from tests.solvers.serving.evidence.measured import row


def test_equal_points_and_belief_meet_by_their_weights() -> None:
    points = np.array([0.1, 0.9])
    noise = points.std(ddof=1)

    mean, spread = factor_after(0.0, 0.2, points, "published")

    weight = 1 / 0.2**2 + 2 / noise**2
    assert mean == pytest.approx(1.0 / noise**2 / weight)
    assert spread == pytest.approx(weight**-0.5)


def test_more_points_leave_less_open() -> None:
    points = np.array([0.1, 0.12, 0.08, 0.11])

    assert factor_after(0.0, 0.2, points, "published")[1] < factor_after(0.0, 0.2, points[:2], "published")[1] < 0.2


def test_a_point_that_took_twice_as_long_says_so() -> None:
    once, twice = log_ratios([row(), row(silicon_tpot_ms="16")], "prior")

    assert twice - once == pytest.approx(np.log(2.0))


@pytest.mark.parametrize(("rows", "code"), [([], "points"), ([row(system="abacus")], "not_expressible")])
def test_points_that_cannot_teach_are_told(rows: list[dict[str, str]], code: str) -> None:
    with pytest.raises(SpecError) as raised:
        log_ratios(rows, "prior")

    assert [problem.code for problem in raised.value.problems] == [code]
