import json

import numpy as np
import pytest

from solvers.documents import Document
from solvers.laws.hyperparameters.basin import excess
from solvers.laws.hyperparameters.rules import RULES
from solvers.scaling.tuning import chart as module
from solvers.scaling.tuning.answer import told, tuned, tuning
from solvers.scaling.tuning.basis import Tuning, at_size
from tests.solvers.laws.hyperparameters.sweeps import BATCH, RATE, made
from tests.solvers.scaling.tuning.tables import csv, few, imported


@pytest.fixture(scope="module")
def surface() -> Tuning:
    return tuning(few(9), counts="non-embedding")


@pytest.fixture(scope="module")
def document(surface: Tuning) -> Document:
    return told(surface, params=4e8, tokens=6.4e10)


def test_the_grid_is_the_excess_over_the_best(surface: Tuning, document: Document) -> None:
    at = at_size(surface, params=4e8, tokens=6.4e10)

    for i, j in ((0, 0), (16, 16), (5, 30), (32, 2)):
        dx = np.array([np.log(document["learning_rates"][i]) - at.mean[0]])
        dy = np.array([np.log(document["batches"][j]) - at.mean[1]])
        lost = float(np.expm1(excess(at.shape, dx, dy, np.array([at.u]), np.array([at.w])))[0])
        assert document["excess"][i][j] == pytest.approx(lost, rel=1e-3, abs=1e-8)
    assert np.unravel_index(np.argmin(document["excess"]), (33, 33)) == (16, 16)


def test_the_flat_regions_edge_loses_a_thousandth_in_the_grid_too(document: Document) -> None:
    flat = document["flat"]
    rates, batches = (np.log(document[name]) for name in ("learning_rates", "batches"))
    inside = [
        document["excess"][int(np.abs(rates - np.log(rate)).argmin())][int(np.abs(batches - np.log(batch)).argmin())]
        for rate, batch in zip(flat["learning_rate"], flat["batch_tokens"], strict=True)
    ]

    assert flat["excess"] == 1e-3
    assert np.median(inside) == pytest.approx(1e-3, rel=0.3)


def test_runs_are_carried_to_the_target_as_far_from_its_best(surface: Tuning, document: Document) -> None:
    at = at_size(surface, params=4e8, tokens=6.4e10)

    for run in document["observed"][::10]:
        here = at_size(surface, params=run["params"], tokens=run["tokens"])
        for place, name in enumerate(("learning_rate", "batch_tokens")):
            assert np.log(run[name]) - at.mean[place] == pytest.approx(
                np.log(run[f"run_{name}"]) - here.mean[place], abs=1e-4
            )


def test_what_runs_lost_is_what_the_truth_says(document: Document) -> None:
    lost = {
        run["excess"]
        for run in document["observed"]
        if abs(np.log(run["run_learning_rate"] / RATE.at(run["params"], run["tokens"]))) < 0.3
        and abs(np.log(run["run_batch_tokens"] / BATCH.at(run["params"], run["tokens"]))) < 0.3
    }

    assert lost
    assert max(map(abs, lost)) < 5e-3


def test_diverged_runs_are_shown_without_a_loss() -> None:
    runs = [f"1e8,2e9,{rate},1e5,{loss}" for rate, loss in ((1e-3, 3.0), (2e-3, 3.01), (4e-3, 3.1), (0.1, "nan"))]

    found = told(tuning(csv(*runs), counts="non-embedding"), params=1e9, tokens=2e10)["observed"]

    assert [(run["diverged"], run["excess"] is None) for run in found] == [(False, False)] * 3 + [(True, True)]
    assert found[3]["run_learning_rate"] == 0.1


def test_a_rule_alone_is_told_without_runs() -> None:
    found = told(tuning(None, counts="non-embedding"), params=1e9, tokens=2e10)

    assert (found["source"], found["runs"], found["groups"], found["observed"], found["next"]) == (
        "rule",
        0,
        0,
        [],
        None,
    )
    assert found["best"]["learning_rate"]["value"] == pytest.approx(9.96e-4, rel=1e-3)


def test_every_rule_stands_beside_step_law_first_with_what_it_contradicts(document: Document) -> None:
    rules = {rule["name"]: rule for rule in document["rules"]}

    assert list(rules) == list(RULES)
    assert next(iter(rules)) == "step_law"
    assert any("0.3188" in text for text in rules["deepseek"]["caveats"])
    assert any("2e18" in text for text in rules["minicpm"]["caveats"])
    assert any("sign of the exponent of D contradicts" in text for text in rules["step_law"]["caveats"])


def test_rules_by_the_loss_are_silent_until_one_is_forecast(surface: Tuning) -> None:
    silent, said = (
        {rule["name"]: rule["batch_tokens"] for rule in told(surface, params=4e8, tokens=6.4e10, loss=loss)["rules"]}
        for loss in (None, 2.5)
    )

    assert (silent["minicpm"], silent["kaplan"]) == (None, None)
    assert said["minicpm"] == pytest.approx(1.21e9 / 2.5**6.24)


def test_rules_that_carry_a_tuned_run_take_the_largest(surface: Tuning, document: Document) -> None:
    rules = {rule["name"]: rule for rule in document["rules"]}
    at = at_size(surface, params=4e8, tokens=6.4e10)

    assert rules["power_lines"]["batch_tokens"] == pytest.approx(float(np.exp(at.mean[1])), rel=0.1)
    bare = told(tuning(None, counts="non-embedding"), params=1e9, tokens=2e10)["rules"]
    assert next(rule for rule in bare if rule["name"] == "power_lines")["batch_tokens"] is None


def test_a_chart_of_many_runs_is_thinned_with_a_word(monkeypatch: pytest.MonkeyPatch, surface: Tuning) -> None:
    monkeypatch.setattr(module, "MOST_SHOWN", 10)

    found = told(surface, params=4e8, tokens=6.4e10)

    assert len(found["observed"]) == 10
    assert found["warnings"][-1] == "The chart shows 10 of 81 runs."


def test_all_of_it_is_json(document: Document) -> None:
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_diverged_runs_alone_are_a_rule_with_a_reason() -> None:
    found = told(tuning(csv(*["1e8,2e9,0.5,1e5,nan"] * 5), counts="non-embedding"), params=1e9, tokens=2e10)

    assert (found["source"], found["observed"]) == ("rule", [])
    assert "0 of 5 runs trained; a surface needs 3." in found["warnings"]


def test_runs_far_from_the_rule_move_the_answer_to_themselves() -> None:
    sweep = made(noise=1e-3)
    table = imported(type(sweep)(sweep.params, sweep.tokens, 4 * sweep.learning_rate, sweep.batch_tokens, sweep.loss))

    found = told(tuning(table, counts="non-embedding"), params=4e8, tokens=6.4e10)

    assert found["best"]["learning_rate"]["value"] == pytest.approx(4 * RATE.at(4e8, 6.4e10), rel=0.1)


@pytest.mark.parametrize("schedule", ["wsd", "cosine", "linear"])
def test_the_choice_lies_in_the_chart_where_its_excess_is(surface: Tuning, schedule: str) -> None:
    found = told(surface, params=4e8, tokens=6.4e10, schedule=schedule)
    chosen = tuned(surface, params=4e8, tokens=6.4e10, schedule=schedule)

    rates, batches = (np.log(found[name]) for name in ("learning_rates", "batches"))
    at = at_size(surface, params=4e8, tokens=6.4e10)
    dx, dy = (
        np.array([np.log(chosen[name]["value"]) - middle])
        for name, middle in (("learning_rate", rates[16]), ("batch_tokens", batches[16]))
    )
    lost = float(excess(at.shape, dx, dy, np.array([at.u]), np.array([at.w]))[0])
    assert lost < 1e-4
    assert min(found["flat"]["learning_rate"]) < chosen["learning_rate"]["value"] < max(found["flat"]["learning_rate"])


def test_in_another_schedule_the_chart_alone_moves(surface: Tuning) -> None:
    cosine, wsd = (told(surface, params=4e8, tokens=6.4e10, schedule=schedule) for schedule in ("cosine", "wsd"))

    ratio = 0.55 / (0.8 + 0.2 / 3)
    for one, other in (
        (wsd["learning_rates"], cosine["learning_rates"]),
        (wsd["flat"]["learning_rate"], cosine["flat"]["learning_rate"]),
        ([run["learning_rate"] for run in wsd["observed"]], [run["learning_rate"] for run in cosine["observed"]]),
        ([wsd["rules"][0]["chart_learning_rate"]], [cosine["rules"][0]["chart_learning_rate"]]),
        (list(wsd["best"]["learning_rate"].values()), list(cosine["best"]["learning_rate"].values())),
    ):
        assert np.array(one) / np.array(other) == pytest.approx(np.full(len(one), ratio), rel=1e-3)
    for name in ("batches", "excess", "next_after"):
        assert wsd[name] == cosine[name]
    assert [rule["learning_rate"] for rule in wsd["rules"]] == [rule["learning_rate"] for rule in cosine["rules"]]


def test_the_next_run_is_shown_as_far_from_the_best_as_it_is_from_its_sizes_own() -> None:
    based = tuning(few(3), counts="non-embedding")

    found = told(based, params=1e9, tokens=1e11)

    at = at_size(based, params=1e9, tokens=1e11)
    for point in found["next"]:
        own = at_size(based, params=point["params"], tokens=point["tokens"])
        for place, name in enumerate(("learning_rate", "batch_tokens")):
            assert np.log(point[f"chart_{name}"]) - at.mean[place] == pytest.approx(
                np.log(point[name]) - own.mean[place], abs=5e-3
            )
