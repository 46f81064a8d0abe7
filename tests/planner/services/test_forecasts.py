"""The register of forecasts: frozen once, scored once, corrected beside it, never changed."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection

from planner.models import AuditEntry, Forecast, Outcome, Project, Role
from planner.services import claims, forecasts, projects, runs
from planner.services.errors import Conflict, Forbidden, Invalid, NotFound
from solvers.forecasts import statement as statements
from tests import factories, plans

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("trial_kind")]


@pytest.fixture
def project() -> Project:
    return factories.project()


def now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT transaction_timestamp()")
        return cursor.fetchone()[0]


def problem(refused: pytest.ExceptionInfo) -> tuple[str, str]:
    (found,) = refused.value.problems
    return found.code, found.at


def record(forecast: Forecast, loss: float, **more) -> Outcome:
    return forecasts.record(forecast, user=forecast.frozen_by, loss=loss, **more)


def test_what_is_frozen_is_the_answer_with_its_hash_and_the_databases_time(project):
    run = factories.solved(project, name="Seven billion")

    forecast = forecasts.freeze(run, user=project.created_by, note="before the first step")

    assert forecast.document == {
        "form": "isoflop-forecast-1",
        "kind": "trial",
        "version": 1,
        "spec_hash": run.spec_hash,
        "provenance": run.result.document["provenance"],
        "result_digest": claims.result_digest(run.result.document),
        "target": {"params": 1e9, "tokens": 1e11, "counts": "non-embedding", "loss_unit": "nats/token"},
        "loss": {"value": 2.0, "low": 1.9, "high": 2.1},
        "level": 0.8,
        "laws": {"chinchilla": 0.25, "skaling": 0.75},
    }
    assert (forecast.name, forecast.note) == ("Seven billion", "before the first step")
    assert (forecast.run, forecast.frozen_by, forecast.frozen_at) == (run, project.created_by, now())


def test_the_digest_is_that_of_what_the_database_gives_back(project):
    forecast = factories.forecast(project)

    stored = Forecast.objects.get()

    assert stored.digest == forecast.digest == statements.digest(stored.document, stored.frozen_at)
    assert statements.check({"document": stored.document, "frozen_at": forecasts.frozen_at(stored)}).digest == (
        forecast.digest
    )


def test_a_run_is_frozen_once(project):
    forecast = factories.forecast(project)

    with pytest.raises(Conflict) as refused:
        forecasts.freeze(forecast.run, user=project.created_by, name="Again")

    assert problem(refused) == ("frozen", "/run")
    assert Forecast.objects.get().name == "The big run"


def test_a_kind_that_forecasts_nothing_is_refused(project):
    run = plans.solved(project, project.created_by)

    with pytest.raises(Invalid) as refused:
        forecasts.freeze(run, user=project.created_by)

    assert problem(refused) == ("no_forecast", "/run")
    assert (forecasts.offered(run), forecasts.offered(factories.solved(project))) == (False, True)


def test_an_answer_that_says_nothing_is_refused_though_its_kind_does(project):
    run = factories.solved(project, loss=0.0)

    with pytest.raises(Invalid) as refused:
        forecasts.freeze(run, user=project.created_by)

    assert (problem(refused), forecasts.offered(run)) == (("no_forecast", "/run"), False)


@pytest.mark.parametrize(
    ("made", "error", "code"),
    [
        (factories.run, Conflict, "under_way"),
        (lambda project: factories.solved(project, act="infeasible"), Invalid, "no_answer"),
        (lambda project: runs.cancel(factories.run(project), user=project.created_by), Invalid, "no_answer"),
    ],
)
def test_a_run_without_an_answer_is_refused(project, made, error, code):
    run = made(project)

    with pytest.raises(error) as refused:
        forecasts.freeze(run, user=project.created_by)

    assert problem(refused) == (code, "/run")
    assert not forecasts.offered(run)


@pytest.mark.parametrize(("field", "text"), [("name", "x" * 201), ("name", "a\nb"), ("note", "x" * 2001)])
def test_names_and_notes_have_their_measure(project, field, text):
    run = factories.solved(project)

    with pytest.raises(Invalid) as refused:
        forecasts.freeze(run, user=project.created_by, **{field: text})

    assert problem(refused) == (field, f"/{field}")


def test_an_outcome_scores_the_forecast(project):
    forecast = factories.forecast(project)

    found = record(forecast, 2.05, params=1.001e9, tokens=1e11, note="from the last checkpoint")

    assert (found.number, found.loss, found.measured_at, found.note) == (1, 2.05, now(), "from the last checkpoint")
    assert (found.score["inside"], found.score["apart"]) == (True, "")
    assert found.score["relative_error"] == pytest.approx(2.0 / 2.05 - 1)
    assert found.score["params_off"] == pytest.approx(0.001)
    assert forecasts.outcome(forecasts.one(project, forecast.id)) == found


def test_a_second_outcome_wants_a_reason_and_stands_beside_the_first(project):
    forecast = factories.forecast(project)
    record(forecast, 2.05)

    with pytest.raises(Conflict) as refused:
        record(forecast, 2.3)
    record(forecast, 2.3, reason="the first was of the training set")

    assert problem(refused) == ("scored", "/reason")
    found = forecasts.one(project, forecast.id)
    assert [(each.number, each.loss, each.reason) for each in found.outcomes.all()] == [
        (1, 2.05, ""),
        (2, 2.3, "the first was of the training set"),
    ]
    assert forecasts.outcome(found).score["inside"] is False


def test_a_first_outcome_corrects_nothing(project):
    with pytest.raises(Invalid) as refused:
        record(factories.forecast(project), 2.0, reason="a slip")

    assert problem(refused) == ("reason", "/reason")


@pytest.mark.parametrize(
    ("measured", "at"),
    [
        ({"loss": 0.0}, "/loss"),
        ({"loss": -2.0}, "/loss"),
        ({"loss": float("nan")}, "/loss"),
        ({"loss": float("inf")}, "/loss"),
        ({"loss": 2.0, "params": 0.0}, "/params"),
        ({"loss": 2.0, "tokens": float("inf")}, "/tokens"),
        ({"loss": 2.0, "measured_at": datetime.now(UTC) + timedelta(days=1)}, "/measured_at"),
        ({"loss": 2.0, "measured_at": datetime(1970, 1, 1, tzinfo=UTC)}, "/measured_at"),
    ],
)
def test_what_cannot_have_been_measured_is_refused(project, measured, at):
    forecast = factories.forecast(project)

    with pytest.raises(Invalid) as refused:
        record(forecast, **measured)

    assert problem(refused)[1] == at
    assert not Outcome.objects.exists()


def test_what_was_measured_before_stays_out_of_the_calibration(project):
    before = factories.forecast(project)
    record(before, 2.0, measured_at=before.frozen_at - timedelta(hours=1))
    record(factories.forecast(project, seed=1), 2.02)
    record(factories.forecast(project, seed=2), 3.0)
    factories.forecast(project, seed=3)
    record(factories.forecast(factories.project()), 9.0)

    found = forecasts.calibration(project)

    assert (found.frozen, found.scored, found.counted, found.inside) == (4, 3, 2, 1)
    assert found.promised == pytest.approx(0.8)


def test_a_correction_is_what_counts(project):
    forecast = factories.forecast(project)
    record(forecast, 3.0)
    before = forecasts.calibration(project).inside

    record(forecast, 2.0, reason="another unit")

    assert (before, forecasts.calibration(project).inside) == (0, 1)


def test_pages_follow_one_another_latest_first(project):
    made = [factories.forecast(project, seed=seed).id for seed in range(5)]
    factories.forecast(factories.project())

    seen, cursor = [], ""
    for _ in range(3):
        page = forecasts.page(project, cursor=cursor, limit=2)
        seen.append([each.id for each in page.rows])
        cursor = page.next_cursor

    # One test is one transaction, and so all were frozen at one time: ids decide.
    assert [one for rows in seen for one in rows] == sorted(made, reverse=True)
    assert ([len(rows) for rows in seen], cursor) == ([2, 2, 1], "")


@pytest.mark.parametrize("cursor", ["rubbish", "WyJjcmVhdGVkIiwgIngiLCAieSJd", "W10", "W1sxXSwxLDFd"])
def test_a_cursor_of_another_list_is_refused(project, cursor):
    with pytest.raises(Invalid) as refused:
        forecasts.page(project, cursor=cursor)

    assert problem(refused)[0] == "cursor"


def test_who_is_no_editor_writes_nothing(project):
    forecast = factories.forecast(project)
    viewer, stranger = factories.user(), factories.user()
    projects.add_member(project, viewer.username, Role.VIEWER, by=project.created_by)
    run = factories.solved(project, seed=7)

    def tries(user: User):
        yield lambda: forecasts.freeze(run, user=user)
        yield lambda: forecasts.record(forecast, user=user, loss=2.0)

    for user, error in ((viewer, Forbidden), (stranger, NotFound)):
        for attempt in tries(user):
            with pytest.raises(error):
                attempt()
    assert (Forecast.objects.count(), Outcome.objects.count()) == (1, 0)


def test_another_projects_forecast_is_not_there(project):
    forecast = factories.forecast(project)

    for find in (
        lambda: forecasts.one(factories.project(), forecast.id),
        lambda: forecasts.one_of(factories.user(), forecast.id),
        lambda: forecasts.one(project, "no id"),
    ):
        with pytest.raises(NotFound):
            find()


def test_each_act_is_in_the_audit_log(project):
    forecast = factories.forecast(project)
    record(forecast, 2.0)
    record(forecast, 2.1, reason="a slip")

    told = AuditEntry.objects.filter(action__startswith="forecast.").order_by("id")

    assert [(entry.action, entry.target, entry.details) for entry in told] == [
        ("forecast.frozen", str(forecast.id), {"digest": forecast.digest}),
        ("forecast.scored", str(forecast.id), {"number": 1, "loss": 2.0, "reason": ""}),
        ("forecast.scored", str(forecast.id), {"number": 2, "loss": 2.1, "reason": "a slip"}),
    ]
