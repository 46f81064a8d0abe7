"""The given data sets are read by their own names of columns."""

import pytest

from solvers.scaling.runs.read import Imported, read
from tests.solvers.laws import families
from tests.solvers.laws.points import SHARED


def _given(name: str, **stated: str) -> Imported:
    path = SHARED / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"The data set {name} is not beside this checkout.")
    return read(path.read_text("utf-8"), **stated)


@pytest.mark.parametrize(
    ("name", "stated", "family"),
    [
        ("farseer_lt_1e21", {"counts": "non-embedding", "loss_unit": "bits/char"}, families.farseer),
        ("gadre_c4", {"loss_unit": "nats/token"}, families.gadre),
        ("takano_llm_df", {}, families.takano),
    ],
)
def test_a_given_family_is_read_without_a_map_of_columns(name, stated, family):
    found, expected = _given(name, **stated).runs, family()

    assert found.inputs["params"].tolist() == expected.inputs["params"].tolist()
    assert found.inputs["tokens"].tolist() == expected.inputs["tokens"].tolist()
    assert found.loss.tolist() == expected.loss.tolist()
    assert (found.counts, found.loss_unit) == (expected.counts, expected.loss_unit)


def test_tokens_of_the_points_of_a_figure_are_worked_out_from_their_compute():
    found = _given("chinchilla_epoch_svg")

    assert (len(found.runs), found.tokens_from) == (245, "flops")
    assert found.runs.flops[0] == pytest.approx(9.993852799709755e18)


def test_repeated_seeds_of_a_family_say_how_much_losses_scatter():
    noise = _given("datablations_runs_with_seeds").noise

    assert noise is not None
    assert (noise.runs, noise.groups) == (40, 8)
    assert noise.sd == pytest.approx(0.00071, abs=5e-6)


def test_of_a_sweep_of_learning_rates_only_the_best_are_fitted_to():
    found = _given("steplaw_dense_lt_1B", counts="non-embedding")

    sizes = set(zip(found.usable.inputs["params"], found.usable.inputs["tokens"], strict=True))
    assert sizes == set(zip(found.runs.inputs["params"], found.runs.inputs["tokens"], strict=True))
    assert (len(found.runs), len(found.usable)) == (1746, 52)
