"""A prior learned from families is where the families are, as wide as they differ, and does not count noise twice."""

import numpy as np
import pytest

from solvers.laws.fit import fit
from solvers.laws.fit.hierarchical import Family, family, learn
from solvers.laws.law import no_prior, normalised, reference_of, runs_of
from solvers.laws.loss import get
from tests.solvers.laws.points import grid

OF = {"E": 1.8, "A": 400.0, "B": 2000.0, "alpha": 0.34, "beta": 0.36}
LAW = get("chinchilla")
# With these, the three terms add up to one at the reference.
CENTRE, WIDTH = np.array([np.log(0.76), np.log(0.14), np.log(0.10), -1.1, -1.0]), np.array([0.1, 0.3, 0.3, 0.2, 0.2])


def drawn(count: int, *, noise: float) -> list[Family]:
    rng = np.random.default_rng(5)
    truth = CENTRE + WIDTH * rng.standard_normal((count, 5))
    seen = truth + noise * rng.standard_normal((count, 5))
    return [Family(f"f{n}", f"f{n}", theta, np.eye(5) / noise**2) for n, theta in enumerate(seen)]


@pytest.mark.parametrize("noise", [0.01, 0.3])
def test_many_families_tell_centre_and_width_with_and_without_noise(noise: float) -> None:
    found = learn(LAW, drawn(300, noise=noise))

    assert found.centre == pytest.approx(CENTRE, abs=0.08)
    assert found.width == pytest.approx(WIDTH, abs=0.08)


def test_readings_of_the_same_runs_count_once() -> None:
    one, *others = drawn(4, noise=0.01)
    copies = [Family(f"copy {n}", one.name, one.theta, one.information) for n in range(5)]

    once, often = learn(LAW, [one, *others]), learn(LAW, [one, *copies, *others])

    assert often.centre == pytest.approx(once.centre, abs=1e-9)
    assert often.width == pytest.approx(once.width, rel=1e-9)


def test_families_and_groups_can_be_left_out() -> None:
    families = [*drawn(3, noise=0.1), Family("again", "f0", np.zeros(5), np.eye(5))]

    found = learn(LAW, families, leave=("f0", "f2"))

    assert found.families == ("f1",)
    assert found.centre == pytest.approx(learn(LAW, families[1:2]).centre)


def test_without_families_it_is_the_laws_own_prior() -> None:
    found = learn(LAW, [])

    prior = found.prior(level=1.0, times=2.0)
    assert prior.centre == pytest.approx([np.log(0.75) + 1, np.log(0.12) + 1, np.log(0.12) + 1, *[np.log(0.35)] * 2])
    assert prior.precision == pytest.approx([1.0, 1 / 2.4**2, 1 / 2.4**2, 1 / 0.8**2, 1 / 0.8**2])


def test_a_learned_law_says_a_loss_of_one_at_the_reference_and_any_loss_at_its_level() -> None:
    found = learn(LAW, drawn(6, noise=0.1))
    scale = found.scale({})

    centre, prior = found.centre, found.prior(level=0.7)

    at = np.zeros((1, 2))
    assert scale == {"params": 1e9, "tokens": 2e10}
    assert LAW.log_loss(centre[None], at)[0][0, 0] == pytest.approx(0.0, abs=1e-12)
    assert LAW.log_loss(prior.centre[None], at)[0][0, 0] == pytest.approx(0.7)


def test_the_level_of_runs_of_the_law_is_its_loss_at_the_reference() -> None:
    found = learn(LAW, drawn(6, noise=0.1))
    inputs = grid(LAW, OF).inputs
    loss = np.exp(LAW.log_loss(found.prior(level=0.9).centre[None], normalised(LAW, inputs, found.scale({})))[0][0])

    assert found.level(runs_of(loss, **inputs)) == pytest.approx(0.9)


def test_what_the_fits_own_prior_said_is_taken_out_again() -> None:
    rng, runs = np.random.default_rng(6), grid(LAW, OF)
    runs = runs_of(runs.loss * np.exp(rng.normal(0.0, 2e-3, len(runs))), **runs.inputs)

    scale = reference_of(LAW)

    believed = family("a", fit(LAW, runs, scale=scale))
    free = family("a", fit(LAW, runs, scale=scale, prior=no_prior(LAW, level=1.0)))

    assert believed.group == "a"
    assert believed.information == pytest.approx(free.information, rel=0.05, abs=0.02 * np.abs(free.information).max())
