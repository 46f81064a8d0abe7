"""Words of sizes, computes and losses."""

import pytest

from solvers.scaling import words

PLAN = {"label": "7B parameters on 140B tokens", "target": {"flops": 5.9e21, "loss_unit": "nats/token"}, "next": None}
LOSS = {"loss": {"value": 2.1, "low": 2.058, "high": 2.142}}


def test_computes_are_written_with_exponents():
    assert [words.flops(count) for count in (1e22, 5.86e21, 9.99e19)] == ["1e22 FLOP", "5.9e21 FLOP", "1e20 FLOP"]


def test_a_label_names_size_and_length():
    assert words.label(1.23e10, 2.4e11) == "12.3B parameters on 240B tokens"


@pytest.mark.parametrize(
    ("value", "said"), [(2.0, "the same"), (2.0005, "the same"), (2.02, "1 % more"), (1.99, "0.5 % less")]
)
def test_a_change_is_told_as_a_share(value: float, said: str):
    assert words.change(value, 2.0) == said


def test_the_headline_says_the_loss_and_how_sure_it_is():
    assert words.headline(PLAN, LOSS) == (
        "7B parameters on 140B tokens (5.9e21 FLOP) should reach a loss of 2.100 nats/token, within 2.0 %."
    )


def test_the_headline_goes_on_with_the_next_run():
    step = {"rung": 0, "sentence": "interval 2 % -> 1.4 % for 40 GPU-hours"}
    plan = {**PLAN, "ladder": {"rungs": [{"params": 1e9, "tokens": 4e10}]}, "next": step}

    assert words.headline(plan, LOSS).endswith(
        "Run next: 1B parameters on 40B tokens, interval 2 % -> 1.4 % for 40 GPU-hours."
    )


def test_what_cannot_be_foretold_has_no_interval_in_the_headline():
    said = words.headline(PLAN, LOSS, unforetold="is far below all runs")

    assert "cannot be foretold: the target is far below all runs" in said
    assert "within" not in said


def test_without_runs_the_headline_begins_with_the_ladder():
    plan = {**PLAN, "ladder": {"rungs": [{}, {}]}}

    assert "begin with 2 small runs" in words.headline(plan, {})
    assert "begin with one small run." in words.headline({**PLAN, "ladder": {"rungs": [{}]}}, {})
    assert "begin" not in words.headline({**PLAN, "ladder": None}, {})
