"""`/forecasts`: frozen, listed, checked by its bytes, scored."""

import hashlib
from datetime import datetime
from uuid import uuid4

import pytest

from planner.models import Forecast, Outcome
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("trial_kind")]


@pytest.fixture
def run(team):
    return factories.solved(team.project, owner=team.editor, name="Seven billion")


@pytest.fixture
def frozen(call, run):
    return call("POST", "/forecasts", {"run": str(run.id), "note": "before step one"}).json()


def problems(response):
    assert response["Content-Type"] == "application/problem+json"
    return [(problem["code"], problem["at"]) for problem in response.json()["problems"]]


def test_a_solved_run_is_frozen(call, run):
    response = call("POST", "/forecasts", {"run": str(run.id)})

    found = response.json()
    own = f"/api/v1/forecasts/{found['id']}"
    assert (response.status_code, response["Location"]) == (201, own)
    assert found["links"] == {
        "self": own,
        "statement": f"{own}/statement",
        "run": f"/api/v1/runs/{run.id}",
        "page": f"/p/lab/forecasts/{found['id']}",
    }
    assert (found["name"], found["frozen_by"], found["run"], found["project"]) == (
        "Seven billion",
        "editor",
        str(run.id),
        "lab",
    )
    assert (found["loss"], found["level"]) == ({"value": 2.0, "low": 1.9, "high": 2.1}, 0.8)
    assert (found["outcome"], found["outcomes"]) == (None, [])
    assert datetime.fromisoformat(found["frozen_at"]) == Forecast.objects.get().frozen_at


def test_its_bytes_have_its_digest(call, frozen):
    response = call("GET", f"/forecasts/{frozen['id']}/statement")

    assert hashlib.sha256(response.content).hexdigest() == frozen["digest"]
    assert response.json() == {"document": frozen["document"], "frozen_at": frozen["frozen_at"]}
    again = call("GET", f"/forecasts/{frozen['id']}/statement", headers={"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_run_is_frozen_once(call, frozen):
    again = call("POST", "/forecasts", {"run": frozen["run"]})

    assert (again.status_code, problems(again)) == (409, [("frozen", "/run")])
    assert frozen["id"] in again.json()["problems"][0]["hint"]


def test_runs_that_forecast_nothing_are_refused(call, team, solved):
    waiting = factories.run(team.project)
    nothing = factories.solved(team.project, act="infeasible")

    found = [call("POST", "/forecasts", {"run": str(run.id)}) for run in (solved, waiting, nothing)]

    assert [(answer.status_code, problems(answer)) for answer in found] == [
        (422, [("no_forecast", "/run")]),
        (409, [("under_way", "/run")]),
        (422, [("no_answer", "/run")]),
    ]


def test_an_outcome_is_recorded_once_and_corrected_beside_it(call, frozen):
    address = f"/forecasts/{frozen['id']}/outcome"
    body = {"loss": 2.2, "params": 1e9, "tokens": 1.1e11, "measured_at": "2026-01-01T00:00:00+01:00", "note": "at last"}

    first = call("POST", address, body)
    again = call("POST", address, {"loss": 2.05})
    corrected = call("POST", address, {"loss": 2.05, "reason": "that was the loss of the training set"})

    assert (first.status_code, again.status_code, corrected.status_code) == (201, 409, 201)
    assert problems(again) == [("scored", "/reason")]
    found = corrected.json()
    assert [(each["number"], each["loss"], each["reason"]) for each in found["outcomes"]] == [
        (1, 2.2, ""),
        (2, 2.05, "that was the loss of the training set"),
    ]
    assert found["outcome"] == found["outcomes"][1]
    score = found["outcomes"][0]["score"]
    assert (score["inside"], score["apart"], score["tokens_off"]) == (False, "before_frozen", pytest.approx(0.1))
    assert found["digest"] == frozen["digest"]


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({}, "/loss"),
        ({"loss": 0}, "/loss"),
        ({"loss": "2.0 nats"}, "/loss"),
        ({"loss": 2, "params": -1}, "/params"),
        ({"loss": 2, "measured_at": "2026-01-01T00:00:00"}, "/measured_at"),
        ({"loss": 2, "measured_at": "0001-01-01T00:00:00+14:00"}, "/measured_at"),
        ({"loss": 2, "measured_at": "2999-01-01T00:00:00Z"}, "/measured_at"),
        ({"loss": 2, "lost": 2}, "/lost"),
    ],
)
def test_a_wrong_outcome_says_where(call, frozen, body, at):
    response = call("POST", f"/forecasts/{frozen['id']}/outcome", body)

    assert (response.status_code, [where for _, where in problems(response)]) == (422, [at])
    assert not Outcome.objects.exists()


def test_the_list_goes_on_by_its_cursor(call, team):
    made = [factories.forecast(team.project, seed=seed) for seed in range(3)]
    factories.forecast(team.other)

    first = call("GET", "/forecasts?limit=2")
    rest = call("GET", f"/forecasts?limit=2&cursor={first.json()['next_cursor']}").json()

    listed = [each["id"] for each in first.json()["items"] + rest["items"]]
    assert listed == sorted((str(each.id) for each in made), reverse=True)
    assert (first["Link"].endswith('rel="next"'), rest["next_cursor"]) == (True, "")
    assert problems(call("GET", "/forecasts?cursor=rubbish")) == [("cursor", "")]


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_queries_for_one_and_for_three(call, team, count, django_assert_num_queries):
    for seed in range(count):
        forecast = factories.forecast(team.project, seed=seed)
        Outcome.objects.create(
            forecast=forecast,
            number=1,
            loss=2.0,
            measured_at=forecast.frozen_at,
            recorded_by=team.editor,
            score={
                "inside": True,
                "relative_error": 0.0,
                "interval_score": 0.1,
                "weighted_interval_score": 0.1,
                "pit": 0.5,
                "params_off": None,
                "tokens_off": None,
                "apart": "",
            },
        )

    with django_assert_num_queries(5):
        assert len(call("GET", "/forecasts").json()["items"]) == count


def test_the_calibration_is_of_the_project(call, team, frozen):
    nothing = call("GET", "/forecasts/calibration").json()
    call("POST", f"/forecasts/{frozen['id']}/outcome", {"loss": 2.05})

    found = call("GET", "/forecasts/calibration").json()

    assert (nothing["frozen"], nothing["scored"], nothing["share"], nothing["verdict"]) == (1, 0, None, "none")
    assert (found["frozen"], found["counted"], found["inside"], found["verdict"]) == (1, 1, 1, "holds")
    assert found["share"]["value"] == 1.0
    assert found["error"] == pytest.approx(1 - 2.0 / 2.05)


def test_another_projects_forecast_is_not_there(call, team, frozen):
    theirs = factories.forecast(team.other)

    for forecast_id in (theirs.id, uuid4()):
        found = [
            call("GET", f"/forecasts/{forecast_id}"),
            call("GET", f"/forecasts/{forecast_id}/statement"),
            call("POST", f"/forecasts/{forecast_id}/outcome", {"loss": 2.0}),
        ]
        assert [answer.status_code for answer in found] == [404, 404, 404]
    assert call("POST", "/forecasts", {"run": str(theirs.run_id)}).status_code == 404
    assert call("GET", f"/forecasts/{frozen['id']}", who="viewer").status_code == 200
    assert call("POST", f"/forecasts/{frozen['id']}/outcome", {"loss": 2.0}, who="viewer").status_code == 403
