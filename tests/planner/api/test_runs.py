from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from planner.models import OutboxEntry, Run
from planner.services import runs
from solvers.documents import KEEP, dump_yaml
from tests.bad_specs import GOOD
from tests.solvers.scaling.made import document, thousands

pytestmark = pytest.mark.django_db


def test_a_spec_is_accepted_with_the_place_to_watch_it(call, team, spec):
    response = call("POST", "/runs", {"project": "lab", "spec": spec})

    run = Run.objects.get()
    assert response.status_code == 202
    assert response["Location"] == f"/api/v1/runs/{run.id}"
    assert (response["Retry-After"], response["X-Isoflop-Cache"]) == ("1", "miss")
    assert response.json() == {
        "id": str(run.id),
        "project": "lab",
        "kind": "training",
        "name": "",
        "tags": [],
        "state": "queued",
        "source": "api",
        "created_by": "editor",
        "created": response.json()["created"],
        "started": None,
        "finished": None,
        "spec_hash": run.spec_hash,
        "summary": {},
        "links": {
            "self": f"/api/v1/runs/{run.id}",
            "page": f"/p/lab/runs/{run.id}",
            "cancel": f"/api/v1/runs/{run.id}/cancel",
        },
        "attempts": 0,
        "cancel_requested": False,
        "progress": {},
        "problems": [],
        "spec": spec,
    }
    assert list(OutboxEntry.objects.values_list("run_id", flat=True)) == [run.id]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ({"spec": GOOD}, "application/json"),
        (f"spec:\n{''.join(f'  {line}{chr(10)}' for line in GOOD.splitlines())}", "application/yaml"),
        (GOOD, "application/yaml"),
        (GOOD.encode(), "text/yaml; charset=utf-8"),
    ],
    ids=["yaml in json", "yaml with the spec inside", "the spec alone", "another name of yaml"],
)
def test_a_spec_may_be_yaml(call, team, spec, body, content_type):
    response = call("POST", "/runs?project=lab", body, content_type=content_type)

    assert (response.status_code, response.json()["spec"]) == (202, spec)


def test_the_same_spec_again_is_answered_from_history(call, team, spec, solved):
    response = call("POST", "/runs", {"spec": {**spec, "name": "another name"}})

    assert response.status_code == 200
    assert response["X-Isoflop-Cache"] == "hit"
    assert response["Location"] == f"/api/v1/runs/{solved.id}"
    assert (response.json()["id"], response.json()["state"]) == (str(solved.id), "solved")


@pytest.mark.parametrize(("query", "extra"), [("", {"fresh": True}), ("?fresh=true", {})])
def test_a_fresh_solve_can_be_asked_for(call, team, spec, solved, query, extra):
    response = call("POST", f"/runs{query}", {"spec": spec, **extra})

    assert response.status_code == 202
    assert response.json()["id"] != str(solved.id)


def test_an_idempotency_key_makes_one_run_of_two_requests(call, team, spec):
    first = call("POST", "/runs", {"spec": spec}, headers={"Idempotency-Key": "ci-1"})
    again = call("POST", "/runs", {"spec": spec}, headers={"Idempotency-Key": "ci-1"})

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json() == first.json()
    assert Run.objects.count() == 1


def test_an_idempotency_key_with_another_body_is_refused(call, team, spec):
    call("POST", "/runs", {"spec": spec}, headers={"Idempotency-Key": "ci-1"})

    response = call("POST", "/runs", {"spec": {**spec, "global_batch": 256}}, headers={"Idempotency-Key": "ci-1"})

    assert response.status_code == 422
    assert [problem["code"] for problem in response.json()["problems"]] == ["idempotency_conflict"]
    assert Run.objects.count() == 1


def test_fields_that_the_server_owns_cannot_be_sent(call, team, spec):
    body = {"spec": spec, "state": "solved", "project_id": 1, "result": {}, "fence": 7}

    response = call("POST", "/runs", body)

    assert response.status_code == 422
    assert sorted(problem["at"] for problem in response.json()["problems"]) == [
        "/fence",
        "/project_id",
        "/result",
        "/state",
    ]
    assert Run.objects.count() == 0


def test_a_run_that_the_caller_holds_is_not_sent_again(call, queued):
    first = call("GET", f"/runs/{queued.id}")

    again = call("GET", f"/runs/{queued.id}", headers={"If-None-Match": first["ETag"]})

    assert (first.status_code, again.status_code) == (200, 304)
    assert (again.content, again["ETag"]) == (b"", first["ETag"])


def test_a_changed_run_has_another_etag(call, team, queued):
    first = call("GET", f"/runs/{queued.id}")
    runs.cancel(queued, user=team.editor)

    again = call("GET", f"/runs/{queued.id}", headers={"If-None-Match": first["ETag"]})

    assert (again.status_code, again.json()["state"]) == (200, "cancelled")


def test_another_project_s_run_is_not_there(call, queued):
    missing, hidden = call("GET", f"/runs/{uuid4()}", who="stranger"), call("GET", f"/runs/{queued.id}", who="stranger")

    assert (missing.status_code, hidden.status_code) == (404, 404)
    assert missing.json()["problems"] == hidden.json()["problems"]


def test_pages_follow_one_another_by_cursor_and_link(call, team, spec):
    made = [str(runs.submit(team.project, {**spec, "seed": seed}, user=team.editor).run.id) for seed in range(5)]

    first = call("GET", "/runs?limit=2")
    second = call("GET", first["Link"].split(">")[0].removeprefix("</api/v1"))
    third = call("GET", f"/runs?limit=2&cursor={second.json()['next_cursor']}")

    seen = [run["id"] for page in (first, second, third) for run in page.json()["items"]]
    assert seen == list(reversed(made))
    assert third.json()["next_cursor"] == ""
    assert not third.has_header("Link")


def test_lists_are_filtered_in_the_address(call, team, spec):
    named = runs.submit(team.project, {**spec, "name": "Big one", "tags": ["prod"]}, user=team.editor).run
    cancelled = runs.cancel(runs.submit(team.project, {**spec, "seed": 1}, user=team.owner).run, user=team.owner)

    found = {query: [run["id"] for run in call("GET", f"/runs?{query}").json()["items"]] for query in (
        "search=big", "tag=prod", "state=cancelled", "owner=owner", "kind=training&sort=created", "kind=fleet",
    )}  # fmt: skip

    assert found == {
        "search=big": [str(named.id)],
        "tag=prod": [str(named.id)],
        "state=cancelled": [str(cancelled.id)],
        "owner=owner": [str(cancelled.id)],
        "kind=training&sort=created": [str(named.id), str(cancelled.id)],
        "kind=fleet": [],
    }


@pytest.mark.parametrize(
    "query", ["state=done", "limit=0", "limit=201", "cursor=zzz", "sort=size", "colour=red", "kind=trainig"]
)
def test_a_filter_that_does_not_exist_is_refused(call, query):
    response = call("GET", f"/runs?{query}")

    assert response.status_code == 422
    assert len(response.json()["problems"]) == 1


def test_a_wrong_filter_is_named_as_the_caller_wrote_it(call):
    said = {query: call("GET", f"/runs?{query}").json()["problems"][0]["at"] for query in ("limit=abc", "kind=trainig")}

    assert said == {"limit=abc": "/limit", "kind=trainig": "/kind"}


def test_a_list_costs_the_same_queries_for_one_run_and_for_three(call, team, spec):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert call("GET", "/runs").status_code == 200
        return len(captured)

    runs.submit(team.project, spec, user=team.editor)
    call("GET", "/runs")
    one = queries()
    for seed in (1, 2):
        runs.submit(team.project, {**spec, "seed": seed}, user=team.editor)

    assert queries() == one


def test_a_queued_run_is_cancelled_at_once_and_again_without_harm(call, queued):
    first, again = call("POST", f"/runs/{queued.id}/cancel"), call("POST", f"/runs/{queued.id}/cancel")

    assert (first.status_code, first.json()["state"]) == (200, "cancelled")
    assert again.json() == first.json()


def test_a_run_is_renamed_and_tagged(call, queued):
    response = call("PATCH", f"/runs/{queued.id}", {"name": "Second try", "tags": ["a", "b"]})

    assert (response.json()["name"], response.json()["tags"]) == ("Second try", ["a", "b"])


def test_the_spec_keeps_what_was_written(call, team, spec):
    call("POST", "/runs", {"spec": "# why\n" + GOOD})
    call("POST", "/runs", {"spec": spec, "fresh": True})

    assert list(Run.objects.order_by("created").values_list("spec_text", flat=True)) == [
        "# why\n" + GOOD,
        dump_yaml(spec),
    ]


def test_a_spec_with_as_many_runs_as_are_read_is_accepted(call, team):
    carried = {"csv": thousands(), "counts": "total", "loss_unit": "nats/token"}

    answer = call("POST", "/runs", {"spec": {**document(), "runs": carried}})

    assert (answer.status_code, len(carried["csv"]) > 3_500_000) == (202, True)
    assert Run.objects.get(project=team.project).spec["runs"] == carried


def test_runs_beyond_what_a_spec_carries_are_refused_with_what_to_keep(call, team):
    answer = call("POST", "/runs", {"spec": {**document(), "runs": {"csv": thousands(notes=1100)}}})

    assert answer.status_code == 413
    assert answer.json()["problems"][0]["hint"] == KEEP
    assert not Run.objects.filter(project=team.project).exists()
