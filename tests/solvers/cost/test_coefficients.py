"""Every coefficient has a prior within its bounds and says where it comes from."""

from dataclasses import asdict

import pytest

from solvers.cost.coefficients import DEFAULT, PRIORS


@pytest.mark.parametrize("name", sorted(PRIORS))
def test_a_prior_lies_within_its_bounds_and_names_a_source(name: str) -> None:
    value, prior = asdict(DEFAULT)[name], PRIORS[name]

    assert (prior.low <= value <= prior.high, prior.low < prior.high, prior.source.rstrip(";").count("[") >= 1) == (
        True,
        True,
        True,
    )


def test_every_coefficient_has_a_prior() -> None:
    assert list(PRIORS) == list(asdict(DEFAULT))
