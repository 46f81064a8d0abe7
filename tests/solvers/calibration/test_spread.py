"""Some rows of many."""

import numpy as np

from solvers.calibration.spread import spread_evenly


def test_large_strata_give_evenly_spaced_rows_and_small_ones_all() -> None:
    strata = np.array([0] * 10 + [1] * 2 + [2] * 4)

    assert spread_evenly(strata, most=16).tolist() == list(range(16))
    assert spread_evenly(strata, most=9).tolist() == [0, 4, 9, 10, 11, 12, 14, 15]
