"""The shipped calibration is made from the shipped measurements, all of them openly licensed."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
import yaml

from solvers.training import calibration
from solvers.training.evidence.posterior import learned, predicted
from solvers.training.evidence.store import document_of, posterior_of
from solvers.training.evidence.table import Table, table_of
from solvers.training.published import (
    DATA,
    LICENCES,
    chosen_runs,
    fingerprint,
    open_rows,
    posterior_text,
    provenance_document,
    rows_text,
)

MEASUREMENTS = Path(__file__).parents[4] / "shared" / "data" / "training" / "measurements.csv"
TEXT = (DATA / "published.csv").read_text("utf-8")


@pytest.fixture(scope="module")
def table() -> Table:
    return table_of(list(csv.DictReader(io.StringIO(TEXT))))


def test_the_shipped_rows_are_those_of_open_licence_and_named_with_it() -> None:
    rows = list(csv.DictReader(io.StringIO(TEXT)))

    assert {row["source"] for row in rows} == set(LICENCES)
    assert provenance_document(rows) == yaml.safe_load((DATA / "published.yaml").read_text("utf-8"))


def test_the_shipped_rows_are_copied_as_they_are() -> None:
    if not MEASUREMENTS.exists():
        pytest.skip(f"the measurements are not at {MEASUREMENTS.name} beside the checkout")
    with MEASUREMENTS.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))

    assert rows_text(open_rows(rows)) == TEXT


def test_the_shipped_posterior_is_what_the_procedure_makes_of_the_shipped_rows(table: Table) -> None:
    """Another machine rounds otherwise, so times are compared: most within a hundredth, all within a few."""
    index = chosen_runs(table)
    again = predicted(learned(table, index), table, np.arange(table.size))

    shipped = predicted(calibration.posterior("published"), table, np.arange(table.size))

    assert sorted(fingerprint(table.runs[place].row) for place in index) == calibration.document()["seen"]
    apart = np.abs(again.mean - shipped.mean)
    assert (float(np.median(apart)) < 0.01, float(np.quantile(apart, 0.99)) < 0.1) == (True, True)


def test_a_posterior_is_the_same_after_writing_and_reading(table: Table) -> None:
    index = table.timed()[::12]
    posterior = learned(table, index)

    again = posterior_of(document_of(posterior))

    one, other = (predicted(p, table, index) for p in (posterior, again))
    assert other.mean == pytest.approx(one.mean, abs=1e-3)
    assert other.deviation == pytest.approx(one.deviation, rel=1e-2)
    assert again.families == posterior.families


def test_a_posterior_of_an_older_kernel_is_read_without_what_it_did_not_know(table: Table) -> None:
    document = dict(calibration.document())
    older = {name: value for name, value in document["coefficients"].items() if name != "overlap_tax"}
    column = list(document["coefficients"]).index("overlap_tax")
    rows = [[*row[:3], [v for k, v in enumerate(row[3]) if k != column], row[4]] for row in document["rows"]]

    found = posterior_of({**document, "coefficients": older, "rows": rows})

    assert found.fitted.z[column] == 0.0
    assert predicted(found, table, table.timed()[:5]).mean.shape == (5,)


def test_the_file_has_one_line_for_each_run() -> None:
    document = calibration.document()

    lines = posterior_text(document).splitlines()

    assert sum(line.startswith("[") for line in lines) == len(document["rows"])
    assert posterior_text(document) == calibration.text()


def test_what_times_cannot_tell_stays_at_its_prior() -> None:
    by_name = {entry["name"]: entry for entry in calibration.document()["learned"]}

    unmoved = by_name["fragmentation"]
    assert (unmoved["spread_left"], unmoved["posterior"]) == (1.0, unmoved["prior"])
    assert by_name["gemm_wave_elements"]["spread_left"] < 0.7


def test_the_prior_has_a_name_and_rests_on_no_file() -> None:
    assert (calibration.name_of("prior"), calibration.data_of("prior")) == ("prior", {})
    assert calibration.name_of("published") == f"published-{calibration.digest()[:12]}"
