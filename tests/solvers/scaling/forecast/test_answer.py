"""The parts of a plan that runs have to say agree with one another."""

import numpy as np
import pytest

from solvers.scaling.forecast.answer import NOTHING, forecast, loss_of
from solvers.scaling.forecast.curves import fan
from solvers.scaling.forecast.doubt import PARTS, doubt, shares
from solvers.scaling.forecast.known import foretold
from tests.solvers.scaling.forecast.known_runs import column, known, place

PLAN = forecast(known(), place())
LOSS = loss_of(known(), place())


def test_nothing_has_the_same_parts():
    assert set(NOTHING) == set(PLAN)


def test_weights_of_the_laws_add_up_and_the_first_counts_most():
    weights = [one["weight"] for one in PLAN["laws"]]

    assert sum(weights) == pytest.approx(1.0)
    assert weights == sorted(weights, reverse=True)


def test_the_forecast_is_the_weighted_mean_of_the_laws():
    mean = sum(one["weight"] * np.log(one["loss"]) for one in PLAN["laws"])

    assert np.log(LOSS["value"]) == pytest.approx(mean, rel=1e-9)


def test_parts_of_the_doubt_add_up_to_the_interval():
    scale = np.sqrt(sum(part**2 for part in PLAN["doubt"].values()))

    assert np.log(LOSS["high"] / LOSS["value"]) == pytest.approx(known().doubt.reach * scale, rel=1e-9)


def test_with_repeated_tokens_the_doubt_still_adds_up():
    limited = place(unique=1e9)
    loss, parts = loss_of(known(), limited), doubt(known(), limited)

    scale = np.sqrt(sum(part**2 for part in parts.values()))

    assert parts["repetition"] > 0.0
    assert np.log(loss["high"] / loss["value"]) == pytest.approx(known().doubt.reach * scale, rel=1e-9)


def test_shares_of_the_doubt_are_one_in_all_and_the_largest_is_first():
    found = shares(PLAN["doubt"])

    assert sum(one["value"] for one in found) == pytest.approx(1.0)
    assert [one["value"] for one in found] == sorted((one["value"] for one in found), reverse=True)
    assert {one["term"] for one in found} == set(PARTS)
    assert shares(dict.fromkeys(PARTS, 0.0))[0]["value"] == 0.0


def test_the_fan_falls_passes_the_target_and_ends_beyond_it():
    fan = PLAN["fan"]

    assert fan["value"] == sorted(fan["value"], reverse=True)
    assert fan["flops"] == sorted(fan["flops"])
    assert fan["flops"][-1] == pytest.approx(3.0 * place().flops)
    at = np.interp(np.log(place().flops), np.log(fan["flops"]), fan["value"])
    assert at == pytest.approx(LOSS["value"], rel=1e-3)
    assert fan["inside"] == [flops <= known().runs.flops.max() for flops in fan["flops"]]


def test_the_last_isoflop_curve_is_that_of_the_target():
    curve = PLAN["isoflops"][-1]

    assert curve["flops"] == pytest.approx(place().flops)
    assert curve["best_params"] == pytest.approx(place().params, rel=0.2)
    assert min(curve["loss"]) == pytest.approx(LOSS["value"], rel=1e-4)
    assert all(
        6.0 * n * d == pytest.approx(curve["flops"]) for n, d in zip(curve["params"], curve["tokens"], strict=True)
    )


def test_the_surface_holds_the_forecast_of_each_of_its_places():
    surface = PLAN["surface"]

    direct = foretold(known(), column(surface["params"][3]), column(surface["tokens"][20]))

    assert surface["loss"][3][20] == pytest.approx(float(direct.value[0]))
    assert (len(surface["loss"]), len(surface["loss"][0])) == (len(surface["params"]), len(surface["tokens"]))


def test_what_runs_miss_is_what_is_left_of_their_loss():
    for run in PLAN["runs"]:
        assert np.log(run["loss"] / run["fitted"]) == pytest.approx(run["residual"], abs=1e-12)
        assert 0.0 <= run["weight"] <= 1.0
        assert 0.0 <= run["leverage"] <= 1.0


def test_the_fan_follows_what_is_best_to_train_whatever_is_served():
    served = fan(known(), place(served=1e12))

    ratios = np.array(served["tokens"]) / np.array(served["params"])

    assert served["flops"][0] == pytest.approx(min(known().runs.flops.min(), place(served=1e12).flops), rel=1e-6)
    assert ratios.max() < 100.0
