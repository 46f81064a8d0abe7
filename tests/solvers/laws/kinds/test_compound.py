"""Laws with effects: what they say is the formula, written here once more, and their slopes are its slopes."""

import numpy as np
import pytest

from solvers.laws.kinds import KINDS, REPETITION
from solvers.laws.kinds.compound import bound, compound
from solvers.laws.law import loss_at
from solvers.laws.loss import get

CHINCHILLA = {"E": 1.8, "A": 480.0, "B": 2100.0, "alpha": 0.35, "beta": 0.37}
N, D = 1.3e9, 4e10


def by_hand(params: float, tokens: float) -> float:
    return 1.8 + 480.0 / params**0.35 + 2100.0 / tokens**0.37


def test_repeated_tokens_count_as_what_they_are_worth() -> None:
    law = compound(get("chinchilla"), [REPETITION])

    found = loss_at(law, {**CHINCHILLA, "R_D": 12.0}, params=N, tokens=D, unique_tokens=1e10).item()

    worth = 1e10 * (1.0 + 12.0 * (1.0 - np.exp(-3.0 / 12.0)))
    assert found == pytest.approx(by_hand(N, worth), rel=1e-12)


def test_streams_count_as_a_larger_model() -> None:
    law = compound(get("chinchilla"), [KINDS["streams"]])

    found = loss_at(law, {**CHINCHILLA, "k": 0.4, "tau": 0.2}, params=N, tokens=D, streams=8).item()

    assert found == pytest.approx(by_hand(N * (0.4 * 1.3**0.2 * np.log(8.0) + 1.0), D), rel=1e-12)


def test_replicas_count_as_a_smaller_model() -> None:
    law = compound(get("chinchilla"), [KINDS["replicas"]])

    found = loss_at(law, {**CHINCHILLA, "r": 0.1}, params=N, tokens=D, replicas=4).item()

    assert found == pytest.approx(by_hand(N * 4.0**-0.1, D), rel=1e-12)


def test_experts_of_a_power_law_are_the_law_of_their_paper() -> None:
    """DiLoCo's law with one replica is a power of N; with experts it is that of [clark2022unified]."""
    published = get("moe").published[0].coefficients
    law, both = compound(get("diloco"), [KINDS["experts"]]), published["c"] / np.log(10.0)
    g, h = (published["b"] + 9.0 * published["c"]) / published["a"], both / published["a"]
    dense = {"A": 20.0, "alpha": -published["a"], "beta": 0.0, "g": g, "h": h}

    ratio = [
        (loss_at(law, {**dense, **_of(published)}, params=N, replicas=1, experts=count)
         / loss_at(get("moe"), published, params=N, experts=count)).item()
        for count in (1, 2, 64, 512)
    ]  # fmt: skip

    assert ratio == pytest.approx([ratio[0]] * 4, rel=1e-12)


def _of(published: dict[str, float]) -> dict[str, float]:
    return {name: published[name] for name in ("E_start", "E_max")}


@pytest.mark.parametrize("name", ["chinchilla", "farseer", "skaling", "moe"])
def test_slopes_are_those_of_the_loss(name: str) -> None:
    base = get(name)
    seen = {one.name for one in base.inputs}
    law = compound(
        base, [one for one in (REPETITION, *KINDS.values()) if one.acts_on in seen and one.input.name not in seen]
    )
    rng = np.random.default_rng(0)
    theta = np.array([[one.centre for one in law.parameters]]) + 0.1 * rng.standard_normal((2, law.size))
    x = rng.uniform(-2.0, 2.0, (7, len(law.inputs)))
    x = np.where([one.absolute for one in law.inputs], np.abs(x), x)

    slopes = law.log_loss(theta, x)[1]

    step = 1e-5 * np.eye(law.size)
    seen_by_steps = [(law.log_loss(theta + one, x)[0] - law.log_loss(theta - one, x)[0]) / 2e-5 for one in step]
    assert slopes == pytest.approx(np.stack(seen_by_steps, axis=-1), abs=1e-8)


def test_a_law_at_one_setting_says_what_it_says_of_runs_of_that_kind() -> None:
    law = compound(get("chinchilla"), [KINDS["streams"]])
    theta = law.from_natural({**CHINCHILLA, "k": 0.4, "tau": 0.2}, {"params": 1.0, "tokens": 1.0})[None]

    one = bound(law, {"streams": 4.0})

    x = np.log([[N, D], [2.0 * N, D]])
    whole = np.column_stack([x, np.full(2, np.log(4.0))])
    assert [value.tolist() for value in one.log_loss(theta, x)] == [v.tolist() for v in law.log_loss(theta, whole)]
    assert [put.name for put in one.inputs] == ["params", "tokens"]


def test_a_law_without_effects_is_itself() -> None:
    law = get("chinchilla")

    assert compound(law, []) is law
    assert bound(law, {}) is law
