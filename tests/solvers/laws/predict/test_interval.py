"""Intervals: learned from errors of forecasts that were left out, wider where less is known."""

import numpy as np

from solvers.laws.predict.interval import LEVEL, Doubt, interval, learned, reach_of, scale
from solvers.laws.predict.mixture import mixture, tell
from tests.solvers.laws.predict.ladders import ladder

DOUBT = Doubt((0.0, 0.0, 0.0, 0.0, -2.0, -5.5), 1.7)


def test_the_interval_widens_with_the_distance() -> None:
    told = tell(mixture(ladder(noise=0.003)), {"params": [2e9, 2e10, 2e11], "tokens": [4e10, 4e11, 4e12]})

    found = interval(told, DOUBT)

    assert (found.low < found.value).all()
    assert (np.diff(found.high / found.low) > 0).all()


def test_the_reach_is_the_least_that_the_level_of_the_weight_does_not_pass() -> None:
    sizes = np.arange(1.0, 11.0)

    assert reach_of(sizes, np.ones(10)) == 9.0
    assert reach_of(sizes, np.array([100.0, *[1.0] * 9])) == 1.0


def test_learned_doubt_covers_as_many_new_errors_as_it_says() -> None:
    rng = np.random.default_rng(3)
    sources = np.abs(rng.normal(0.005, 0.002, (4000, 5)))
    sources[:, 4] = rng.uniform(0.0, 5.0, 4000)
    errors = 1.6 * scale(np.array([0.3, -1.0, 0.2, -0.5, -1.5, -5.0]), sources) * rng.standard_normal(4000)

    doubt = learned(errors[:2000], sources[:2000], np.ones(2000))
    inside = np.abs(errors[2000:]) <= doubt.reach * scale(np.array(doubt.parts), sources[2000:])

    assert abs(inside.mean() - LEVEL) < 0.03
