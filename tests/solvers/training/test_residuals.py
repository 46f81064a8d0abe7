"""The shipped residuals belong to the shipped cost model."""

import csv
from pathlib import Path

import pytest

from solvers.training.accuracy import score
from solvers.training.evidence.columns import Row
from solvers.training.intervals import residuals, time_interval
from solvers.training.residuals import LICENCES, residual_document

MEASUREMENTS = Path(__file__).parents[4] / "shared" / "data" / "training" / "measurements.csv"


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """The published measurements, which do not ship with the project."""
    if not MEASUREMENTS.exists():
        pytest.skip(f"the measurements are not at {MEASUREMENTS.name} beside the checkout")
    with MEASUREMENTS.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_shipped_residuals_are_those_of_this_model(rows: list[Row]) -> None:
    assert residuals() == residual_document(rows)


def test_the_model_at_its_priors_beats_a_constant_utilisation_on_systematic_sweeps(rows: list[Row]) -> None:
    """The multi-node sweep of one cluster: 8 % against 19 % of the constant guess; regret of the pick below 5 %."""
    sweep = [row for row in rows if row["src_file"].endswith("ground_truth_multi.csv")]

    result = score(sweep, protocol="prior")

    assert result["expressible"] == len(sweep)
    assert result["step_time"]["mape"] < 0.08
    assert result["constant_mfu_baseline"]["mape"] > 0.15
    assert max(group["regret"] for group in result["ranking"]) < 0.05


@pytest.mark.parametrize("name", ["dense_one_node", "dense_several_nodes", "moe"])
def test_every_class_has_an_interval_from_open_sources(name: str) -> None:
    entry = residuals()["step_time"][name]

    low, high = entry["quantiles"]
    assert low <= 1.0 <= high
    assert entry["rows"].keys() <= LICENCES.keys()


def test_an_interval_scales_with_its_value() -> None:
    one, ten = (time_interval(seconds, moe=True, nodes=2) for seconds in (1.0, 10.0))

    assert ten == one.scaled(10.0)
