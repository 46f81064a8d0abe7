import numpy as np
import pytest

from solvers.serving.evidence.closed_loop import table_of
from solvers.serving.evidence.features import BASIS, MIDDLE, SCALE, WIDEST, basis_of, described, load_of
from solvers.serving.evidence.rows import questions_of
from tests.solvers.serving.evidence.measured import row


def test_an_effect_in_the_middle_is_its_level() -> None:
    assert basis_of(np.array([MIDDLE])).tolist() == [[1.0] + (len(BASIS) - 1) * [0.0]]


def test_four_times_the_load_is_one_more_and_what_lies_far_out_is_as_what_was_measured_last() -> None:
    more, far = np.array([MIDDLE]), np.array([MIDDLE])
    more[0, 0] += SCALE
    far[0, 0] += 100.0

    assert basis_of(more)[0, 1] == 1.0
    assert basis_of(far)[0, [1, 4]].tolist() == [WIDEST, WIDEST**2]


def test_a_rows_load_is_that_of_one_rank_and_its_lengths() -> None:
    questions, _ = questions_of([row(batch_size="16", concurrency="16", isl="1024", osl="128")])

    found = described(table_of(questions).loads)

    assert found.basis[0] == pytest.approx(basis_of(np.array([[4.0, 10.0, 7.0]]))[0])


def test_requests_of_a_plan_lie_in_the_middle_of_sweeps() -> None:
    assert load_of(inputs=1024.0, outputs=512.0).tolist() == [[MIDDLE[0], 10.0, 9.0]]
