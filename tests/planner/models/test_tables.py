from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from planner.models import AuditEntry, Forecast, Outcome, Result
from planner.services import audit, claims, forecasts
from planner.services.claims import Answered
from solvers import kinds
from tests import factories
from tests.answers import answer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("trial_kind")]


def test_the_migrations_are_those_of_the_models():
    call_command("makemigrations", "planner", check=True, dry_run=True, verbosity=0)


@pytest.fixture
def result() -> Result:
    run = factories.run(factories.project())
    claim = claims.claim(run.id, worker="host:1")
    spec = kinds.parse(claim.spec)
    claims.finish(claim, Answered(answer(spec), kinds.result_key(spec)))
    return Result.objects.get()


@pytest.mark.parametrize("statement", ["UPDATE planner_result SET digest = 'x'", "DELETE FROM planner_result"])
def test_postgres_refuses_to_change_a_result(result, statement):
    with pytest.raises(DatabaseError, match="written once"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert Result.objects.get().digest == result.digest


@pytest.mark.parametrize("statement", ["UPDATE planner_auditentry SET action = 'x'", "DELETE FROM planner_auditentry"])
def test_postgres_refuses_to_change_the_audit_log(statement):
    audit.record(None, "act", "target")

    with pytest.raises(DatabaseError, match="written once"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert AuditEntry.objects.get().action == "act"


def test_a_run_has_one_result(result):
    with pytest.raises(DatabaseError), transaction.atomic():
        Result.objects.create(run=result.run, key="k", digest="d", reusable=True, document={})


def test_every_result_has_the_digest_of_its_document(result):
    assert [claims.result_digest(each.document) for each in Result.objects.all()] == [result.digest]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE planner_forecast SET frozen_at = frozen_at - interval '1 day'",
        "UPDATE planner_forecast SET document = '{}'",
        "DELETE FROM planner_forecast",
        "UPDATE planner_outcome SET loss = 2",
        "DELETE FROM planner_outcome",
    ],
)
def test_postgres_refuses_to_change_a_forecast_or_its_outcome(statement):
    forecast = factories.forecast(factories.project())
    forecasts.record(forecast, user=forecast.frozen_by, loss=2.5)

    with pytest.raises(DatabaseError, match="written once"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert (Forecast.objects.get().digest, Outcome.objects.get().loss) == (forecast.digest, 2.5)


@pytest.mark.parametrize("shift", [timedelta(days=-1), timedelta(microseconds=1)])
def test_postgres_refuses_a_forecast_of_another_time(shift):
    project = factories.project()
    forecast = factories.forecast(project)
    run = factories.solved(project, seed=1)
    fields = {"project": project, "run": run, "name": "x", "document": {}, "digest": "d", "frozen_by": run.created_by}

    with pytest.raises(DatabaseError, match="frozen now"), transaction.atomic():
        Forecast.objects.create(**fields, frozen_at=forecast.frozen_at + shift)

    assert Forecast.objects.count() == 1


def test_postgres_keeps_corrections_in_order_and_with_reasons():
    forecast = factories.forecast(factories.project())
    forecasts.record(forecast, user=forecast.frozen_by, loss=2.5)
    fields = {
        "forecast": forecast,
        "loss": 2.0,
        "measured_at": forecast.frozen_at,
        "score": {},
        "recorded_by": forecast.frozen_by,
    }

    for wrong in ({"number": 1}, {"number": 2, "reason": ""}, {"number": 2, "reason": "x", "loss": -1.0}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Outcome.objects.create(**fields | wrong)

    assert Outcome.objects.count() == 1
