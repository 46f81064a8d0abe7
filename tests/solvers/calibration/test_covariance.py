"""The covariance equals its formula, pair by pair."""

import math

import numpy as np
import pytest

from solvers.calibration.covariance import ALONE, Rows, codes, covariance, variances
from tests.solvers.calibration.cases import SCALES, SMOOTH, rows


def _plain(a: Rows, i: int, b: Rows, j: int) -> float:
    """K of one pair, from the head of the module."""
    total = float(a.slopes[i] @ b.slopes[j])
    for effect, sizes in enumerate(np.exp(2 * SCALES.effects).reshape(2, 2)):
        alike = a.labels[i, effect] == b.labels[j, effect] != ALONE
        total += alike * sum(size * a.basis[i, f] * b.basis[j, f] for f, size in enumerate(sizes))
    squared = [
        sum((a.features[i, p] - b.features[j, p]) ** 2 for p, c in enumerate(SMOOTH.classes) if c == kind)
        for kind in (0, 1)
    ]
    lengths = iter(np.exp(SCALES.lengths))
    for k, part in enumerate(SMOOTH.parts):
        r = math.sqrt(sum(squared[c] / next(lengths) ** 2 for c in part))
        matern = (1 + math.sqrt(5) * r + 5 * r * r / 3) * math.exp(-math.sqrt(5) * r)
        total += math.exp(2 * SCALES.amplitude[k]) * a.weights[i, k] * b.weights[j, k] * matern
    return total


def test_the_covariance_is_its_formula() -> None:
    a, b = rows(5), rows(4, seed=7)

    found = covariance(a, b, SCALES, SMOOTH)

    expected = [[_plain(a, i, b, j) for j in range(4)] for i in range(5)]
    assert found == pytest.approx(np.array(expected), rel=1e-9)


def test_variances_are_the_diagonal() -> None:
    a = rows(6)

    assert variances(a, SCALES) == pytest.approx(np.diag(covariance(a, a, SCALES, SMOOTH)), rel=1e-9)


def test_an_empty_label_is_shared_with_nobody_and_others_are_the_same_in_every_run() -> None:
    assert codes(["", "", "NeMo"]).tolist() == [ALONE, ALONE, 249_048_459_580_290]
