"""`/nodes`, `/jobs`, `/measurements` and `/recipes` as people call them."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from prometheus_client.parser import text_string_to_metric_families

from planner.models import Job, JoinToken, Node
from planner.services import joblogs
from solvers import recipes
from tests import nodes
from tests.planner.api.conftest import secret_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def measured(team):
    return nodes.measured(team.project)


def test_a_node_is_shown_with_what_it_is(call, team, measured):
    node = Node.objects.get()

    listed = call("GET", "/nodes", who="viewer").json()

    assert listed == {
        "items": [
            {
                "id": str(node.id),
                "project": "lab",
                "name": "box",
                "executor": "local",
                "slots": 1,
                "state": "active",
                "online": True,
                "last_seen": listed["items"][0]["last_seen"],
                "joined": listed["items"][0]["joined"],
                "joined_by": "owner",
                "agent_version": "0.1.0",
                "capability": nodes.capability(),
                "current": [],
                "measured": 1,
            }
        ]
    }
    assert call("GET", f"/nodes/{node.id}", who="viewer").json() == listed["items"][0]


def test_nothing_secret_is_in_any_answer(call, team):
    joined = nodes.join(team.project)
    nodes.job(team.project)

    answers = [call("GET", path).content.decode() for path in ("/nodes", f"/nodes/{joined.node.id}", "/jobs")]

    secrets = (joined.credential, "digest", joined.node.public_key)
    assert not any(secret in text for text in answers for secret in secrets)


def test_a_node_is_drained_resumed_and_removed(call, team):
    node = nodes.join(team.project).node

    states = [call("POST", f"/nodes/{node.id}/{act}").json()["state"] for act in ("drain", "resume", "drain")]
    removed = call("DELETE", f"/nodes/{node.id}")

    assert (states, removed.status_code) == (["draining", "active", "draining"], 204)
    assert call("GET", "/nodes").json() == {"items": []}
    assert call("GET", f"/nodes/{node.id}").json()["state"] == "removed"
    assert call("POST", f"/nodes/{node.id}/resume").json()["problems"][0]["code"] == "removed"


def test_an_invitation_is_bound_to_the_token_s_project(call, team):
    call("POST", "/nodes/tokens", {})
    elsewhere = call("POST", "/nodes/tokens", {"project": team.other.slug})

    assert elsewhere.status_code == 404
    assert [each.project for each in JoinToken.objects.all()] == [team.project]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, ("missing", "/recipe")),
        ({"recipe": "gemmm"}, ("unknown_name", "/recipe")),
        ({"recipe": "gemm", "params": {"shape": []}}, ("unknown_field", "/params/shape")),
        ({"recipe": "gemm", "params": {"repeats": 1}}, ("greater_than_equal", "/params/repeats")),
        ({"recipe": "gemm", "needs": {"gpus": 1000}}, ("less_than_equal", "/needs/gpus")),
        ({"recipe": "gemm", "command": "rm"}, ("unknown_field", "/command")),
    ],
)
def test_a_wrong_job_names_the_field(call, body, found):
    answer = call("POST", "/jobs", body)

    assert answer.status_code == 422
    assert [(problem["code"], problem["at"]) for problem in answer.json()["problems"]] == [found]


def test_a_job_is_watched_until_its_measurement(call, measured):
    job = call("GET", "/jobs?state=measured", who="viewer").json()["items"][0]

    read = call("GET", f"/measurements/{job['measurement']}", who="viewer").json()
    listed = call("GET", "/measurements?recipe=memory_copy", who="viewer").json()["items"]

    assert (read["digest"], read["document"]) == (measured.digest, measured.document)
    assert {**listed[0], "document": measured.document} == read


def test_lists_go_on_where_they_ended(call, team):
    for _ in range(3):
        nodes.measured(team.project)
    for path in ("/jobs", "/measurements"):
        first = call("GET", f"{path}?limit=2")
        rest = call("GET", first["Link"].split(";")[0].strip("<>").removeprefix("/api/v1"))

        assert (len(first.json()["items"]), len(rest.json()["items"]), rest.json()["next_cursor"]) == (2, 1, "")
        assert not rest.has_header("Link")


def test_a_log_is_read_from_where_one_is(call, team):
    node = nodes.join(team.project).node
    job = nodes.job(team.project)
    nodes.leased(node)
    joblogs.append(node, job.id, fence=1, offset=0, text="one\x1b\ntwo\n")

    whole, rest = call("GET", f"/jobs/{job.id}/log"), call("GET", f"/jobs/{job.id}/log?offset=5")

    assert whole.json() == {"fence": 1, "offset": 0, "length": 9, "text": "one\\x1b\ntwo\n"}
    assert rest.json() == {"fence": 1, "offset": 5, "length": 9, "text": "two\n"}


def test_a_job_that_no_node_can_take_says_so(call, team):
    job = nodes.job(team.project)

    read = call("GET", f"/jobs/{job.id}").json()

    hint = "Attach one."
    message = "No node is attached to this project."
    assert read["waits"] == {"code": "no_node", "message": message, "at": "", "hint": hint}


def test_a_waiting_job_is_cancelled_at_once(call, team):
    job = nodes.job(team.project)

    assert call("POST", f"/jobs/{job.id}/cancel").json()["state"] == "cancelled"


def test_recipes_are_listed_with_their_schemas(call):
    items = call("GET", "/recipes", who="viewer").json()["items"]

    assert {item["name"]: item["params"] for item in items} == {
        name: recipe.schema() for name, recipe in recipes.KNOWN.items()
    }


def test_a_token_of_another_project_sees_none_of_it(call, team, measured):
    team.secrets["elsewhere"] = secret_of(team.stranger, team.other, ["nodes:read", "nodes:write"])
    paths = (
        f"/nodes/{measured.node_id}",
        f"/jobs/{measured.job_id}",
        f"/jobs/{measured.job_id}/log",
        f"/measurements/{measured.id}",
    )

    assert [call("GET", path, who="elsewhere").status_code for path in paths] == [404] * 4
    lists = [call("GET", path, who="elsewhere").json()["items"] for path in ("/nodes", "/jobs", "/measurements")]
    assert lists == [[], [], []]


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(("path", "queries"), [("/nodes", 2), ("/jobs", 2), ("/measurements", 1)])
def test_lists_cost_the_same_for_one_and_for_three(call, team, path, queries, count, django_assert_num_queries):
    for _ in range(count):
        nodes.measured(team.project)
    call("GET", path)  # the token's last use is written once a minute

    with django_assert_num_queries(queries + 3):  # the token twice, and the membership
        assert len(call("GET", path).json()["items"]) == count


def test_the_metrics_count_nodes_and_jobs_by_state(client, team, measured):
    nodes.job(team.project)

    text = client.get("/metrics").content.decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    counts = {
        name: {sample.labels["state"]: sample.value for sample in families[f"isoflop_{name}"].samples if sample.value}
        for name in ("nodes", "jobs")
    }
    assert counts == {"nodes": {"active": 1}, "jobs": {"queued": 1, "measured": 1}}
    assert families["isoflop_nodes_online"].samples[0].value == 1
    assert families["isoflop_expired_job_lease_seconds"].samples[0].value == 0


def test_a_lease_that_nobody_takes_back_is_seen_in_the_metrics(client, team):
    node = nodes.join(team.project).node
    nodes.job(team.project)
    nodes.leased(node)
    Job.objects.update(lease_until=Now() - timedelta(seconds=90))

    text = client.get("/metrics").content.decode()

    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert 90 <= families["isoflop_expired_job_lease_seconds"].samples[0].value < 120
