"""Each published rule against its formula, worked out by hand at 1e9 parameters and 2e10 tokens."""

from pathlib import Path

import pytest

from solvers.errors import SpecError, UnknownName
from solvers.laws.hyperparameters.rule import Setting, Tuned, suggested
from solvers.laws.hyperparameters.rules import RULES, rule

TUNED = Tuned(params=1e8, tokens=1e10, learning_rate=2e-3, batch_tokens=2.5e5)
BIBLIOGRAPHY = Path(__file__).parents[4] / "docs" / "references.bib"


@pytest.mark.parametrize(
    ("name", "rate", "batch"),
    [
        ("step_law", 1.79 * 1e9**-0.713 * 2e10**0.307, 0.58 * 2e10**0.571),
        ("deepseek", 0.3118 * 1.2e20**-0.125, 0.292 * 1.2e20**0.3271),
        ("minicpm", 0.01, 1.21e9 / 2.5**6.24),
        ("porian", 3.7 * 1e9**-0.36, 0.7576 * 1e9**0.703),
        ("power_lines", None, 2.5e5 * 2**0.4),
        ("token_horizon", 2e-3 * 10**-0.23 * 2**-0.32, None),
        ("kaplan", 3.239e-3 - 1.395e-4 * 20.72326583694641, 2e8 / 2.5 ** (1 / 0.21)),
    ],
)
def test_a_rule_is_its_papers_formula(name: str, rate: float | None, batch: float | None) -> None:
    one = rule(name)

    found = suggested(one, Setting(1e9, 2e10, counts=one.counts or "total", loss=2.5, tuned=TUNED))

    assert (found.learning_rate, found.batch_tokens) == (
        rate and pytest.approx(rate, rel=1e-12),
        batch and pytest.approx(batch, rel=1e-12),
    )


def test_every_rule_is_in_the_table_and_its_sources_in_the_bibliography() -> None:
    known = BIBLIOGRAPHY.read_text(encoding="utf-8")

    missing = [key for one in RULES.values() for key in one.sources if f"{{{key}," not in known]

    assert missing == []
    assert set(RULES) == {"step_law", "deepseek", "minicpm", "porian", "power_lines", "token_horizon", "kaplan"}


def test_the_source_of_minicpms_batch_and_its_copy_contradict_each_other() -> None:
    of_source = suggested(rule("minicpm"), Setting(1e9, 2e10, loss=3.0)).batch_tokens

    of_copy = 2e18 / 3.0**6.24

    # A million tokens a batch, against more than all text there is.
    assert of_source == pytest.approx(1.276e6, rel=1e-3)
    assert of_copy == pytest.approx(2.11e15, rel=1e-2)
    assert "2e18" in rule("minicpm").caveats[0]


@pytest.mark.parametrize("name", ["minicpm", "kaplan"])
def test_a_batch_by_loss_wants_a_loss(name: str) -> None:
    with pytest.raises(SpecError) as caught:
        suggested(rule(name), Setting(1e9, 2e10))

    assert caught.value.problems[0].code == "no_loss"


def test_kaplans_learning_rate_ends_where_it_is_no_longer_positive() -> None:
    with pytest.raises(SpecError) as caught:
        suggested(rule("kaplan"), Setting(2e10, 2e11, loss=2.0))

    assert caught.value.problems[0].at == "/params"


def test_an_unknown_rule_is_told_the_nearest() -> None:
    with pytest.raises(UnknownName) as caught:
        rule("step-law")

    assert caught.value.problems[0].hint == "Did you mean step_law?"
