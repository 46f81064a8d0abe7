"""Every law of the registry: its slopes are those of its values, its letters say the same as its parameters."""

import re
from pathlib import Path

import numpy as np
import pytest

from solvers.errors import UnknownName
from solvers.laws.law import Law, loss_at, normalised
from solvers.laws.loss import NAMES, get
from solvers.laws.units import COUNTS, LOSS_UNITS

BIB = Path(__file__).parents[4] / "docs" / "references.bib"
STEP = 1e-6


def inputs_of(law: Law, rng: np.random.Generator, *, count: int = 7) -> dict[str, np.ndarray]:
    """Values about each input's usual size."""
    middle = {"params": 1e9, "tokens": 2e10, "unique_tokens": 1e10, "streams": 3.0, "experts": 20.0, "replicas": 3.0}
    return {one.name: middle[one.name] * np.exp(rng.uniform(-1.0, 1.0, count)) for one in law.inputs}


def drawn(law: Law, rng: np.random.Generator, *, count: int = 5) -> np.ndarray:
    return np.array([one.centre + one.width * rng.uniform(-1, 1, count) for one in law.parameters]).T


@pytest.mark.parametrize("name", NAMES)
def test_the_slopes_of_a_law_are_its_differences(name: str) -> None:
    law, rng = get(name), np.random.default_rng(1)
    scale = {one.name: 1.0 if one.absolute else 1e9 for one in law.inputs}
    x, theta = normalised(law, inputs_of(law, rng), scale), drawn(law, rng)

    _, slopes = law.log_loss(theta, x)

    for place in range(law.size):
        step = STEP * np.eye(law.size)[place]
        difference = (law.log_loss(theta + step, x)[0] - law.log_loss(theta - step, x)[0]) / (2 * STEP)
        assert slopes[..., place] == pytest.approx(difference, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("name", NAMES)
def test_the_letters_of_a_law_say_the_same_as_its_parameters(name: str) -> None:
    law, rng = get(name), np.random.default_rng(2)
    scale = {one.name: 1.0 if one.absolute else 1e9 for one in law.inputs}
    theta = drawn(law, rng)

    letters = law.natural(theta, scale)

    back = [law.from_natural({letter: value[n] for letter, value in letters.items()}, scale) for n in range(len(theta))]
    assert np.array(back) == pytest.approx(theta, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_a_law_says_what_it_is_of(name: str) -> None:
    law = get(name)

    keys = {*law.sources, *(one.source for one in law.published)}

    assert law.name == name
    assert law.counts in COUNTS
    assert law.loss_unit in LOSS_UNITS
    assert law.sources
    assert {key for key in keys if f"{{{key}," not in BIB.read_text()} == set()
    assert set(re.findall(r"\[([a-z]+\d{4}\w*)\]", " ".join(law.caveats))) <= keys


@pytest.mark.parametrize("name", NAMES)
def test_published_coefficients_give_a_loss_where_they_are_valid(name: str) -> None:
    law = get(name)
    inside = {field: np.sqrt(low * high) for field, (low, high) in (law.valid or {}).items()}

    found = [loss_at(law, one.coefficients, **inside).item() for one in law.published]

    assert all(0.3 < loss < 5.0 for loss in found)


def test_a_law_that_there_is_not_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownName) as caught:
        get("chinchila")

    assert caught.value.problems[0].hint == "Did you mean chinchilla?"
