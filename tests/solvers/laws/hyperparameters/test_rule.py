import pytest

from solvers.errors import SpecError
from solvers.laws.hyperparameters.rule import Setting, Tuned, suggested
from solvers.laws.hyperparameters.rules import rule

TUNED = Tuned(params=1e8, tokens=1e10, learning_rate=2e-3, batch_tokens=2.5e5)


def test_a_rule_does_not_take_parameters_that_are_counted_differently() -> None:
    with pytest.raises(SpecError) as caught:
        suggested(rule("step_law"), Setting(1e9, 2e10, counts="total"))

    (problem,) = caught.value.problems
    assert (problem.code, problem.at) == ("mixed_units", "/counts")
    assert problem.message == "Step Law counts non-embedding parameters, and N is given as total."


def test_a_rule_warns_beyond_the_runs_behind_it() -> None:
    found = suggested(rule("step_law"), Setting(7e10, 1.4e12))

    assert found.warnings == (
        "Step Law rests on 60M to 1.10B parameters; this is 70B.",
        "Step Law rests on 2B to 100B tokens; this is 1.40T.",
    )


def test_a_rule_that_carries_a_tuned_run_wants_one() -> None:
    with pytest.raises(SpecError) as caught:
        suggested(rule("token_horizon"), Setting(1e9, 2e11))

    assert caught.value.problems[0].at == "/tuned"


def test_a_carried_rule_gives_the_tuned_run_back_at_its_own_size() -> None:
    at = Setting(TUNED.params, TUNED.tokens, tuned=TUNED)

    rate = suggested(rule("token_horizon"), at).learning_rate
    batch = suggested(rule("power_lines"), at).batch_tokens

    assert (rate, batch) == (TUNED.learning_rate, TUNED.batch_tokens)


@pytest.mark.parametrize(("params", "tokens", "at"), [(0.0, 1e9, "/params"), (1e9, float("nan"), "/tokens")])
def test_a_setting_is_a_size(params: float, tokens: float, at: str) -> None:
    with pytest.raises(SpecError) as caught:
        suggested(rule("step_law"), Setting(params, tokens))

    assert caught.value.problems[0].at == at
