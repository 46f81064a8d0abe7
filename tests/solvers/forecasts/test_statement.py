"""A frozen statement: its bytes, and what a check of them finds."""

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta, timezone

import pytest

from solvers.base import Estimate, Forecast
from solvers.documents import read
from solvers.errors import SpecError
from solvers.forecasts import statement as statements
from solvers.forecasts.statement import Checked

AT = datetime(2026, 11, 22, 10, 30, 0, 1200, tzinfo=UTC)
RESULT = {
    "kind": "scaling",
    "version": 1,
    "spec_hash": "a" * 64,
    "status": "solved",
    "plan": {"label": "a plan"},
    "interval_level": 0.9,
    "provenance": {"solver_version": "1", "catalogue_version": "2", "calibration": "prior", "seed": 0, "data": {}},
}
FORECAST = Forecast(
    target={"params": 7e9, "tokens": 1.4e12, "counts": "non-embedding", "loss_unit": "nats/token"},
    loss=Estimate(2.01, 1.98, 2.05),
    laws={"chinchilla": 0.4, "skaling": 0.6},
)


@pytest.fixture
def document():
    return statements.statement(RESULT, FORECAST, result_digest="b" * 64)


def test_a_statement_says_where_which_loss_and_by_what(document):
    assert document == {
        "form": "isoflop-forecast-1",
        "kind": "scaling",
        "version": 1,
        "spec_hash": "a" * 64,
        "provenance": RESULT["provenance"],
        "result_digest": "b" * 64,
        "target": FORECAST.target,
        "loss": {"value": 2.01, "low": 1.98, "high": 2.05},
        "level": 0.9,
        "laws": {"chinchilla": 0.4, "skaling": 0.6},
    }


def test_the_frozen_bytes_are_canonical_and_hold_the_time_in_utc(document):
    elsewhere = AT.astimezone(timezone(timedelta(hours=9)))

    frozen = statements.frozen(document, elsewhere)

    assert json.loads(frozen) == {"document": document, "frozen_at": "2026-11-22T10:30:00.001200Z"}
    assert frozen == json.dumps(json.loads(frozen), sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="there is no sha256sum here")
def test_sha256sum_says_the_digest_too(document, tmp_path):
    file = tmp_path / "forecast.json"
    file.write_bytes(statements.frozen(document, AT))

    said = subprocess.run(["sha256sum", file], capture_output=True, text=True, check=True).stdout.split()[0]

    assert said == statements.digest(document, AT)


def test_a_file_that_was_read_again_has_the_same_digest(document):
    checked = statements.check(read(statements.frozen(document, AT)))

    assert checked == Checked(statements.digest(document, AT), "", "2026-11-22T10:30:00.001200Z")
    assert checked.holds


@pytest.mark.parametrize(
    "change",
    [
        lambda given: given["document"]["loss"].update(high=2.06),
        lambda given: given["document"]["target"].update(tokens=1.4e12 + 1),
        lambda given: given.update(frozen_at="2026-11-22T10:30:00.001201Z"),
    ],
)
def test_a_change_of_anything_is_found(document, change):
    digest = statements.digest(document, AT)
    given = {**read(statements.frozen(document, AT)), "digest": digest}
    untouched = statements.check(given).holds

    change(given)

    assert (untouched, statements.check(given).holds) == (True, False)


def test_a_digest_from_elsewhere_is_what_counts(document):
    given = {**read(statements.frozen(document, AT)), "digest": statements.digest(document, AT)}

    held = statements.check(given, published=f" {statements.digest(document, AT).upper()}\n")
    broken = statements.check(given, published="0" * 64)

    assert (held.holds, broken.holds) == (True, False)


@pytest.mark.parametrize("given", [{}, {"document": {}}, {"document": "x", "frozen_at": "y"}, {"frozen_at": 3}])
def test_what_is_no_forecast_is_told_so(given):
    with pytest.raises(SpecError) as refused:
        statements.check(given)

    assert [problem.code for problem in refused.value.problems] == ["not_a_forecast"]


def test_a_digest_of_another_form_is_refused(document):
    with pytest.raises(SpecError) as refused:
        statements.check(read(statements.frozen(document, AT)), published="sha256:abc")

    assert [(problem.code, problem.at) for problem in refused.value.problems] == [("digest", "/digest")]
