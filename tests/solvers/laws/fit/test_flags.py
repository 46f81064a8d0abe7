"""Strange runs are named with the reason; runs as they should be are not."""

import numpy as np
import pytest

from solvers.laws.fit import fit
from solvers.laws.fit.flags import after_fit, before_fit, trust
from solvers.laws.law import Runs, runs_of
from solvers.laws.loss import get
from tests.solvers.laws.families import FAMILIES
from tests.solvers.laws.points import grid


def clean(**more: np.ndarray) -> Runs:
    runs = grid(get("chinchilla"), get("chinchilla").published[-1].coefficients)
    return runs_of(runs.loss, **runs.inputs, **more)


def with_loss(place: int, loss: float) -> Runs:
    runs = clean()
    losses = runs.loss.copy()
    losses[place] = loss
    return runs_of(losses, **runs.inputs)


def test_runs_as_they_should_be_have_no_flags() -> None:
    runs = clean()

    assert before_fit(runs) == ()
    assert list(trust(runs, ())) == [1.0] * 64


@pytest.mark.parametrize("name", ["chinchilla", "farseer", "comma", "fineweb", "step-law", "takano", "massivetext"])
def test_known_families_have_no_flags(name: str) -> None:
    assert before_fit(FAMILIES[name][1]()) == ()


def test_a_run_that_is_no_number_has_diverged() -> None:
    runs = with_loss(5, float("nan"))

    (flag,) = before_fit(runs)

    assert (flag.run, flag.code, flag.message) == (5, "diverged", "Run 6 diverged: its loss is not a number.")
    assert trust(runs, (flag,))[5] == 0.0


def test_a_run_worse_than_a_smaller_and_shorter_one_has_gone_wrong() -> None:
    runs = with_loss(63, 4.0)

    (flag,) = before_fit(runs)

    assert (flag.run, flag.code) == (63, "diverged")
    assert flag.message.startswith("Run 64 has a loss of 4.000; a run that is no larger and no longer has 2.")


def test_more_tokens_of_fewer_unique_ones_may_be_worse() -> None:
    two = {"params": [1e8, 1e8], "tokens": [1e9, 4e9]}

    fresh, repeated = (runs_of([3.0, 3.5], **two, unique_tokens=unique) for unique in ([1e9, 4e9], [1e9, 1e8]))

    assert [flag.run for flag in before_fit(fresh)] == [1]
    assert before_fit(repeated) == ()


def test_runs_that_count_tokens_are_hardly_trained() -> None:
    flags = before_fit(FAMILIES["gadre"][1]())

    assert {flag.code for flag in flags} == {"hardly_trained"}
    assert flags[0].message == (
        "Run 24 is hardly trained: a loss of 5.97 nats/token is that of counting tokens, and laws do not hold there."
    )


def test_learning_rates_tell_what_is_not_decayed_and_what_is_off() -> None:
    ends, rates = np.full(64, 0.1), np.full(64, 1e-3)
    ends[3], rates[7] = 1.0, 1e-2
    runs = clean(final_rate_share=ends, learning_rate=rates)

    flags = before_fit(runs, best_rate=np.full(64, 1.2e-3))

    assert [(flag.run, flag.code) for flag in flags] == [(3, "not_decayed"), (7, "off_rate")]
    assert flags[0].message == "Run 4 ends at 100 % of its peak learning rate: it is not decayed."
    assert flags[1].message == "Run 8 has a learning rate 8.3 times off the best that is known for it."
    assert before_fit(runs) == flags[:1]
    assert list(trust(runs, flags)[[3, 7]]) == [0.25, 0.25]


def test_a_run_far_from_the_law_is_named_after_the_fit() -> None:
    runs = with_loss(30, clean().loss[30] * 1.1)

    flags = after_fit(fit(get("chinchilla"), runs))

    assert [(flag.run, flag.code) for flag in flags] == [(30, "far")]
    assert flags[0].message == "Run 31 is 10.0 % above the law of the others."


def test_a_run_that_the_law_hangs_on_is_named() -> None:
    runs = clean()
    few = runs.take(np.array([0, 1, 2, 8, 9, 10, 16, 17, 63]))

    flags = after_fit(fit(get("chinchilla"), few))

    assert ("alone", 8) in {(flag.code, flag.run) for flag in flags}


def test_a_flag_calls_a_run_by_its_name() -> None:
    runs = Runs({"params": np.array([1e9])}, np.array([np.inf]), names=("trial-7",))

    assert before_fit(runs)[0].message == "Run 1 (trial-7) diverged: its loss is infinite."
