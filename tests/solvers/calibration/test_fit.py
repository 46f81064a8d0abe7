"""Known coefficients are found again, outliers do not move them, intervals cover what was left out."""

import numpy as np
import pytest

from solvers.calibration.covariance import Floats, Rows, Scales
from solvers.calibration.fit import Evidence, Fitted, fit
from solvers.calibration.scales import Belief
from tests.solvers.calibration.cases import SMOOTH, rows

COUNT = 160
BELIEF = Belief(
    mean=Scales(np.log(4 * [0.03]), np.log([0.05, 0.05]), np.log([3.0, 3.0, 3.0]), np.log([0.03])),
    spread=Scales(0.8 * np.ones(4), 0.8 * np.ones(2), 0.8 * np.ones(3), 0.8 * np.ones(1)),
)
TRUTH = np.array([0.8, -0.5, 0.0])


def _linearise(z: Floats, slopes: Floats) -> tuple[Floats, Floats]:
    """A model that is not linear: the first coefficient counts a little by its square too. The third does nothing."""
    return slopes @ z + 0.1 * slopes[:, 0] * z[0] ** 2, slopes + np.outer(0.2 * slopes[:, 0] * z[0], [1.0, 0.0, 0.0])


def _data(*, wild: int = 0) -> tuple[Evidence, Floats]:
    drawn = rows(COUNT, seed=4)
    slopes = drawn.slopes * np.array([1.0, 1.0, 0.0])
    generator = np.random.default_rng(8)
    measured = _linearise(TRUTH, slopes)[0] + generator.normal(size=COUNT) * 0.02
    measured[:wild] += 2.0
    groups = np.arange(COUNT) // 8
    none = np.zeros(COUNT, dtype=np.int64)
    evidence = Evidence(
        measured=measured, features=drawn.features, labels=drawn.labels, weights=drawn.weights,
        basis=drawn.basis, groups=groups, jobs=groups, kinds=none, noise_class=none, vague=np.zeros(COUNT),
    )  # fmt: skip
    return evidence, slopes


def _fitted(*, wild: int = 0) -> Fitted:
    evidence, slopes = _data(wild=wild)
    return fit(
        evidence, lambda z: _linearise(z, slopes), coefficients=3, smooth=SMOOTH, belief=BELIEF,
        strata=np.arange(COUNT) % 10, most=120, level=0.8,
    )  # fmt: skip


def test_coefficients_that_made_the_data_are_found_and_what_has_no_effect_stays() -> None:
    fitted = _fitted()

    assert fitted.z[:2] == pytest.approx(TRUTH[:2], abs=0.12)
    assert fitted.z[2] == 0.0
    assert np.diag(fitted.process.coefficients()[1])[2] == pytest.approx(1.0)


def test_a_few_wild_rows_do_not_move_the_coefficients() -> None:
    plain, wild = _fitted(), _fitted(wild=5)

    assert wild.z[:2] == pytest.approx(plain.z[:2], abs=0.25)


def test_the_interval_covers_about_its_level_of_what_comes_later() -> None:
    fitted = _fitted()
    later = rows(400, seed=21)
    there = later.slopes * np.array([1.0, 1.0, 0.0])
    truth = _linearise(TRUTH, there)[0] + np.random.default_rng(22).normal(size=400) * 0.02
    log_model, at = _linearise(fitted.z, there)

    found = fitted.predict(
        Rows(at, later.features, later.labels, later.weights, later.basis),
        log_model,
        noise=np.full(400, float(np.exp(fitted.process.scales.noise[0]))),
        kinds=np.zeros(400, dtype=np.int64),
    )
    low, high = found.interval()

    assert 0.7 <= float(np.mean((low <= truth) & (truth <= high))) <= 0.95
    assert bool(np.all((low <= found.mean) & (found.mean <= high)))
