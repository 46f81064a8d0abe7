import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvers.errors import SpecError
from solvers.laws.hyperparameters import power_lines, step_law
from solvers.scaling.tuning.answer import tuned, tuning
from solvers.scaling.tuning.asked import Asked, MuTransfer
from solvers.scaling.tuning.basis import Tuning
from solvers.scaling.tuning.best import rate_of, surface_at, whole
from tests.solvers.laws.hyperparameters.sweeps import BATCH, RATE, made
from tests.solvers.scaling.tuning.tables import few, imported


@pytest.fixture(scope="module")
def surface() -> Tuning:
    return tuning(imported(made(noise=1e-3)), counts="non-embedding", sequence_length=2048)


@pytest.fixture(scope="module")
def rule() -> Tuning:
    return tuning(None, counts="non-embedding", sequence_length=2048)


@given(st.floats(0.01, 1e7))
def test_a_batch_in_whole_sequences_is_near_and_divides_well(sequences: float) -> None:
    found = whole(sequences)

    assert found & (found - 1) == 0 or (found % 3 == 0 and (found // 3) & (found // 3 - 1) == 0)
    if sequences >= 2.0:
        assert abs(math.log(found / sequences)) <= math.log(1.5) / 2 + 1e-9
    else:
        assert found == (1 if sequences < math.sqrt(2.0) else 2)


def test_a_rules_size_is_trained_as_the_rule_says(rule: Tuning) -> None:
    found = tuned(rule, params=1e9, tokens=2e10, schedule="cosine")

    batch = step_law.BATCH_TOKENS.at(1e9, 2e10)
    assert (found["batch_sequences"], found["batch_tokens"]["value"]) == (192, 192 * 2048.0)
    assert abs(math.log(192 * 2048 / batch)) < math.log(1.5) / 2
    assert found["learning_rate"]["value"] == pytest.approx(step_law.LEARNING_RATE.at(1e9, 2e10), rel=0.05)
    assert found["steps"] == math.ceil(2e10 / (192 * 2048))
    assert (found["warmup_steps"], found["source"], found["beta1"], found["beta2"]) == (
        2000,
        "rule:step-law",
        0.9,
        0.95,
    )
    assert found["decay_steps"] == found["steps"] - 2000


def test_the_published_rules_lie_in_a_rules_interval(rule: Tuning) -> None:
    found = tuned(rule, params=1e9, tokens=2e10, schedule="cosine")

    rate, batch = found["learning_rate"], found["batch_tokens"]
    assert all(rate["low"] < said < rate["high"] for said in (9.64e-4, 2.13e-3))
    assert batch["low"] < 1.08e6 < batch["high"]


def test_runs_make_the_interval_shorter_and_hold_the_truth(surface: Tuning, rule: Tuning) -> None:
    own, general = (tuned(one, params=1e9, tokens=1e11, schedule="cosine") for one in (surface, rule))

    rate, batch = own["learning_rate"], own["batch_tokens"]
    assert own["source"] == "surface"
    assert rate["low"] < RATE.at(1e9, 1e11) < rate["high"]
    assert batch["low"] < BATCH.at(1e9, 1e11) < batch["high"]
    assert rate["high"] / rate["low"] < 0.5 * general["learning_rate"]["high"] / general["learning_rate"]["low"]
    assert own["loss_excess"]["value"] < 0.5 * general["loss_excess"]["value"]


def test_another_schedule_keeps_the_sum_of_learning_rates_and_says_so(rule: Tuning) -> None:
    cosine, wsd, linear = (tuned(rule, params=1e9, tokens=2e10, schedule=kind) for kind in ("cosine", "wsd", "linear"))

    ratio = wsd["learning_rate"]["value"] / cosine["learning_rate"]["value"]
    assert ratio == pytest.approx(0.55 / (0.8 + 0.2 / 3), rel=0.01)
    assert wsd["learning_rate"]["high"] == cosine["learning_rate"]["high"]
    assert "for WSD the peak is 0.63 times theirs" in wsd["warnings"][0]
    assert cosine["warnings"] == []
    assert [one["weight_decay"] for one in (wsd, linear)] == pytest.approx([cosine["weight_decay"]] * 2, rel=0.02)


def test_weight_decay_gives_power_lines_time_scale(rule: Tuning) -> None:
    found = tuned(rule, params=1e9, tokens=2e10, schedule="linear")

    tau = found["batch_tokens"]["value"] / (found["learning_rate"]["value"] * found["weight_decay"] * 2e10)
    assert tau == pytest.approx(power_lines.time_scale(params=1e9, tokens=2e10), rel=0.01)


def test_a_batch_that_is_given_is_kept_and_the_learning_rate_follows(rule: Tuning) -> None:
    half = tuning(None, counts="non-embedding", sequence_length=2048, options=Asked(batch_sequences=48))

    small, free = (tuned(one, params=1e9, tokens=2e10, schedule="cosine") for one in (half, rule))

    assert small["batch_tokens"]["value"] == 48 * 2048.0
    assert small["learning_rate"]["value"] < free["learning_rate"]["value"]
    assert small["loss_excess"]["value"] > free["loss_excess"]["value"]
    assert small["warnings"] == ["Batches under 131,072 tokens do better with a beta2 of 0.99 or more."]


def test_mup_carries_a_learning_rate_and_tells_its_multipliers() -> None:
    asked = Asked(mup=MuTransfer(width=256, learning_rate=0.01))
    carried = tuning(None, counts="non-embedding", sequence_length=2048, options=asked)

    found = tuned(carried, params=1e9, tokens=2e10, schedule="wsd", width=2048)

    assert found["source"] == "mup"
    assert found["learning_rate"]["value"] == 0.01
    assert (found["mup"]["hidden_rate"], found["mup"]["output_rate"], found["mup"]["input_rate"]) == (0.125, 0.125, 1.0)
    assert found["mup"]["hidden_spread"] == pytest.approx(8**-0.5)
    assert "muP carries a learning rate over width alone" in " ".join(found["warnings"])
    assert tuned(carried, params=1e9, tokens=2e10)["mup"] is None


@pytest.mark.parametrize("sequences", [None, 12, 192, 3072])
@pytest.mark.parametrize("own", [True, False])
def test_mup_says_nothing_of_batches_so_the_learning_rate_is_kept_as_it_was_tuned(
    sequences: int | None, own: bool
) -> None:
    asked = Asked(batch_sequences=sequences, mup=MuTransfer(width=256, learning_rate=0.01234))
    runs = imported(made(noise=1e-3)) if own else None
    carried = tuning(runs, counts="non-embedding", sequence_length=2048, options=asked)
    assert carried.source == ("surface" if own else "rule")

    found = tuned(carried, params=1e9, tokens=2e10, schedule="wsd", width=2048)

    rate = found["learning_rate"]
    assert rate["value"] == 0.01234
    assert 0.3 < rate["low"] / 0.01234 < 0.7
    assert 1.4 < rate["high"] / 0.01234 < 3.3
    assert "it is given as it was tuned, which has to be at this batch." in " ".join(found["warnings"])
    told = surface_at(carried, params=1e9, tokens=2e10)
    best = rate_of(carried, told, batch_tokens=found["batch_tokens"]["value"])
    assert best.value == pytest.approx(0.01234, rel=1e-6)


def test_under_mup_weight_decay_is_that_of_the_hidden_matrices_own_learning_rate() -> None:
    asked = Asked(batch_sequences=256, mup=MuTransfer(width=256, learning_rate=0.01))
    carried = tuning(None, counts="non-embedding", sequence_length=2048, options=asked)

    found = {width: tuned(carried, params=1e9, tokens=2e10, schedule="linear", width=width) for width in (256, 2048)}

    # By hand: tau = 1.084 x 20^-0.527 = 0.2235; decay = 256 x 2048 / (0.01 x 2e10 x 0.2235) = 0.01173, times 8 at 2048.
    assert found[256]["weight_decay"] == 0.0117
    assert found[2048]["weight_decay"] == 0.0938
    assert found[2048]["learning_rate"]["value"] == found[256]["learning_rate"]["value"] == 0.01


def test_far_beyond_everything_is_warned_of_and_wide(rule: Tuning) -> None:
    found = tuned(rule, params=7e10, tokens=1.4e12, schedule="cosine")

    assert found["learning_rate"]["high"] / found["learning_rate"]["low"] > 10
    assert [text.split(" rests")[0] for text in found["warnings"][:2]] == ["Step Law", "Step Law"]


@pytest.mark.parametrize(("params", "tokens"), [(1e3, 1e3), (1e6, 1e6), (1e13, 1e15), (1e13, 1e6)])
def test_the_strangest_sizes_have_a_batch_steps_and_a_schedule(rule: Tuning, params: float, tokens: float) -> None:
    for kind in ("wsd", "cosine", "linear"):
        found = tuned(rule, params=params, tokens=tokens, schedule=kind)

        assert found["batch_sequences"] >= 1
        assert 0 <= found["warmup_steps"] < found["steps"]
        assert found["warmup_steps"] + found["decay_steps"] <= found["steps"]
        assert all(np.isfinite(list(found["learning_rate"].values())))
        json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("params", [0.0, -1e9, math.nan, math.inf])
def test_what_is_no_size_is_refused(rule: Tuning, surface: Tuning, params: float) -> None:
    for one in (rule, surface):
        with pytest.raises(SpecError):
            tuned(one, params=params, tokens=1e10)


def test_the_same_runs_give_the_same_document() -> None:
    first, again = (tuned(tuning(few(9), counts="non-embedding"), params=1e9, tokens=2e10) for _ in range(2))

    assert json.dumps(first) == json.dumps(again)


def test_far_under_the_rules_sizes_no_learning_rate_is_said_that_nobody_tried(rule: Tuning) -> None:
    tiny, small = (tuned(rule, params=params, tokens=1e8, schedule="cosine") for params in (2e5, 6e7))

    assert tiny["learning_rate"]["value"] == 0.0221
    assert "No run of which anything is known had a learning rate above 0.0221." in tiny["warnings"]
    assert small["learning_rate"]["value"] < 0.0221
