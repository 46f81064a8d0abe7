"""Runs that differ in more than size and length: what that is worth is found in them."""

import numpy as np
import pytest

from solvers.laws.kinds import KINDS, REPETITION
from solvers.laws.kinds.compound import compound
from solvers.laws.law import Runs, loss_at, runs_of
from solvers.laws.loss import get
from solvers.laws.predict.kinds import at_setting, mixture_of_kinds, repeats_of, varied
from solvers.laws.predict.mixture import tell
from solvers.laws.predict.repeats import PUBLISHED, effective, worth
from tests.solvers.laws.predict.ladders import TRUTH

LAWS = {"chinchilla": 0.5, "skaling": 0.5}


def made(kind: str, values: tuple[float, ...], of: dict[str, float], *, noise: float = 1e-3) -> Runs:
    """Runs of four sizes, four lengths and every value of a kind."""
    params, ratio, value = (
        part.ravel() for part in np.meshgrid([6e7, 1.5e8, 4e8, 1e9], [5.0, 20.0, 60.0, 200.0], values)
    )
    inputs = {"params": params, "tokens": ratio * params}
    inputs[kind] = np.minimum(value, inputs["tokens"]) if kind == "unique_tokens" else value
    effect = REPETITION if kind == "unique_tokens" else KINDS[kind]
    loss = loss_at(compound(get("chinchilla"), [effect]), {**TRUTH, **of}, **inputs)
    scatter = np.exp(noise * np.random.default_rng(0).standard_normal(len(loss)))
    return runs_of(loss * scatter, **inputs)


@pytest.mark.parametrize(
    ("kind", "values", "of"),
    [
        ("streams", (1.0, 2.0, 4.0), {"k": 0.5, "tau": 0.1}),
        ("replicas", (1.0, 2.0, 8.0), {"r": 0.3}),
        ("experts", (1.0, 8.0, 64.0), {"g": 0.4, "h": -0.03, "E_start": 2.0, "E_max": 400.0}),
    ],
)
def test_what_a_kind_does_at_a_larger_run_is_told_from_small_ones(
    kind: str, values: tuple[float, ...], of: dict[str, float]
) -> None:
    mix = mixture_of_kinds(made(kind, values, of), laws=LAWS, kinds=(kind,))
    at = {"params": np.array([4e9]), "tokens": np.array([8e10])}
    count = 2.0 * values[-1] if kind != "experts" else values[-1]

    found = tell(at_setting(mix, {kind: count}), at).log_loss[0] - tell(at_setting(mix, {kind: 1.0}), at).log_loss[0]

    law = compound(get("chinchilla"), [KINDS[kind]])
    truth = [np.log(loss_at(law, {**TRUTH, **of}, **at, **{kind: n}))[0] for n in (count, 1.0)]
    assert found == pytest.approx(truth[0] - truth[1], abs=2e-3)


def test_the_rate_at_which_repetition_loses_its_worth_is_told_by_runs_that_repeat() -> None:
    runs = made("unique_tokens", (1e9, 5e9, 1e12), {"R_D": 6.0})

    found = repeats_of(runs, laws=tuple(LAWS))

    again = int((runs.inputs["tokens"] > runs.inputs["unique_tokens"]).sum())
    assert found.runs == again
    assert 6.0 < found.rate < 10.0
    assert found.width < 0.8 * PUBLISHED.width


def test_without_a_run_that_repeats_the_rate_is_the_published_one() -> None:
    runs = made("unique_tokens", (1e13,), {"R_D": 6.0})

    assert repeats_of(runs, laws=tuple(LAWS)) == PUBLISHED
    assert repeats_of(effective(runs), laws=tuple(LAWS)) == PUBLISHED


def test_a_higher_rate_makes_repeated_tokens_worth_more() -> None:
    tokens = np.array([5e9, 4e10])

    assert worth(tokens, 1e10, rate=20.0)[1] > worth(tokens, 1e10)[1] > worth(tokens, 1e10, rate=5.0)[1]
    assert worth(tokens, 1e10, rate=5.0)[0] == 5e9


def test_what_runs_differ_in_is_what_laws_must_see() -> None:
    runs = made("streams", (1.0, 2.0), {"k": 0.5, "tau": 0.1})

    assert varied(runs) == ("streams",)
    assert varied(effective(made("unique_tokens", (1e9,), {"R_D": 6.0}))) == ()
