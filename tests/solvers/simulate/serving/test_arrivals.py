"""Arrivals and lengths have the moments that are asked for."""

from functools import partial

import numpy as np
import pytest

from solvers.simulate.serving.arrivals import (
    arrivals,
    lognormal_tokens,
    quantile_tokens,
    sampled_tokens,
    uniform_tokens,
)

rng = partial(np.random.default_rng, 5)


@pytest.mark.parametrize(
    ("kind", "burstiness", "variation"), [("poisson", 1.0, 1.0), ("gamma", 2.5, 2.5), ("gamma", 0.3, 0.3)]
)
def test_gaps_have_mean_one_and_the_variation_that_is_asked_for(kind: str, burstiness: float, variation: float) -> None:
    moments = arrivals(200_000, kind=kind, burstiness=burstiness, rng=rng())  # type: ignore[arg-type]

    gaps = np.diff(moments, prepend=0.0)
    assert gaps.min() >= 0.0
    assert gaps.mean() == pytest.approx(1.0, rel=0.03)
    assert gaps.std() == pytest.approx(variation, rel=0.03)


def test_constant_arrivals_come_once_a_second() -> None:
    assert arrivals(3, kind="constant", rng=rng()).tolist() == [1.0, 2.0, 3.0]


def test_lognormal_lengths_have_the_mean_and_variation_that_are_asked_for() -> None:
    tokens = lognormal_tokens(200_000, mean=800.0, variation=0.7, rng=rng())

    assert tokens.min() >= 1
    assert tokens.mean() == pytest.approx(800.0, rel=0.01)
    assert tokens.std() / tokens.mean() == pytest.approx(0.7, rel=0.02)


def test_uniform_lengths_reach_both_ends_and_nothing_else() -> None:
    assert np.unique(uniform_tokens(1000, low=3, high=6, rng=rng())).tolist() == [3, 4, 5, 6]


def test_samples_stay_in_pairs() -> None:
    pairs = np.array([[1, 10], [2, 20], [3, 30]])

    drawn = sampled_tokens(500, samples=pairs, rng=rng())

    assert np.unique(drawn, axis=0).tolist() == pairs.tolist()


def test_lengths_by_quantiles_have_these_quantiles() -> None:
    shares, tokens = np.array([0.0, 0.5, 0.9, 1.0]), np.array([4.0, 100.0, 900.0, 2000.0])

    drawn = quantile_tokens(100_000, shares=shares, tokens=tokens, rng=rng())

    assert np.quantile(drawn, shares) == pytest.approx(tokens, rel=0.05, abs=1.0)


def test_the_same_seed_gives_the_same_lengths_whatever_came_of_the_rate() -> None:
    assert np.array_equal(
        lognormal_tokens(50, mean=9.0, variation=1.0, rng=rng()),
        lognormal_tokens(50, mean=9.0, variation=1.0, rng=rng()),
    )
