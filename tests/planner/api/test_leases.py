"""The nodes' own verbs over REST, from the join token to the measurement."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.http import HttpResponse
from django.test import Client

from planner.models import AuditEntry, Job, Lease, Measurement, Node
from planner.services import dispatching, joining, recovery, signing
from solvers.documents import canonical, digest
from tests import nodes

pytestmark = pytest.mark.django_db


@pytest.fixture
def joined(team):
    return nodes.join(team.project)


def post(path: str, body: Any, credential: str = "") -> HttpResponse:
    headers = {"Authorization": f"Bearer {credential}"} if credential else {}
    return Client().post(f"/api/v1{path}", json.dumps(body), content_type="application/json", headers=headers)


def lease(joined, **fields: Any) -> HttpResponse:
    return post(f"/nodes/{joined.node.id}/lease", {"agent_version": "0.1.0", **fields}, joined.credential)


def payload_of(joined) -> dict[str, Any]:
    dispatching.assign()
    return json.loads(lease(joined).json()["offer"]["payload"])


def codes(response: HttpResponse) -> list[str]:
    return [problem["code"] for problem in response.json()["problems"]]


def test_a_machine_joins_with_what_a_member_was_given(call, team):
    invited = call("POST", "/nodes/tokens", {"project": "lab"})
    plain = invited.json()["token"]
    capability = nodes.capability()

    body = {"token": plain, "name": "box", "executor": "local", "agent_version": "0.1.0", "capability": capability}
    answer = post("/nodes/join", body)

    node = Node.objects.get()
    assert (invited.status_code, invited["Cache-Control"]) == (201, "no-store")
    assert invited.json()["command"] == f"isoflop node join http://testserver --token {plain}"
    assert (answer.status_code, answer["Cache-Control"]) == (201, "no-store")
    assert answer.json() == {
        "node": {"id": str(node.id), "name": "box", "project": "lab"},
        "credential": answer.json()["credential"],
        "public_key": signing.public_key(),
        "renew_s": 5.0,
        "lease_s": 30.0,
    }
    assert (node.capability, node.joined_by, node.project) == (capability, team.editor, team.project)


def test_a_node_that_says_that_its_clock_is_wrong_is_promised_nothing_until_it_is_set(call, team, joined):
    nodes.job(team.project)
    promised = []

    for off_s in (-3600.0, 0.0):
        lease(joined, capability=nodes.capability(clock_off_s=off_s))
        promised.append(dispatching.assign())

    assert promised == [0, 1]


def test_a_job_goes_from_the_queue_to_its_measurement(call, team, joined):
    asked = {"recipe": "memory_copy", "params": {"sizes": ["1 MB"], "repeats": 3}}
    submitted = call("POST", "/jobs", asked)
    job_id = submitted.json()["id"]
    dispatching.assign()

    offer = lease(joined).json()["offer"]
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(signing.public_key()))
    key.verify(base64.b64decode(offer["signature"]), offer["payload"].encode())
    payload = json.loads(offer["payload"])
    renewed = post(f"/jobs/{job_id}/renew", {"fence": 1, "progress": {"stage": "warm-up"}}, joined.credential)
    logged = post(f"/jobs/{job_id}/log", {"fence": 1, "offset": 0, "text": "Begin\n"}, joined.credential)
    document = nodes.result(payload)
    body = {"fence": 1, "outcome": "measured", "measurement": document}
    finished = post(f"/jobs/{job_id}/finish", body, joined.credential)

    found = Measurement.objects.get()
    assert submitted.status_code == 202
    assert offer["payload"].encode() == canonical(payload)
    assert payload == {
        "job": job_id,
        "node": str(joined.node.id),
        "fence": 1,
        "recipe": "memory_copy",
        "version": 1,
        "params": submitted.json()["params"],
        "processes": 1,
        "limits": payload["limits"],
        "issued": payload["issued"],
        "expires": payload["issued"] + 900,
    }
    assert (renewed.json(), logged.json()) == ({"cancel": False, "lease_s": 30.0}, {"length": 6})
    assert finished.json() == {"state": "measured", "problems": []}
    assert (found.document, found.digest, found.node) == (document, digest(document), joined.node)
    assert (found.device, found.name, found.stack) == ("cpu", "Test CPU", "torch 2.13.0")
    read = call("GET", f"/jobs/{job_id}").json()
    assert (read["state"], read["measurement"], read["attempts"]) == ("measured", str(found.id), 1)
    assert [(turn["node_name"], turn["fence"], turn["why"]) for turn in read["leases"]] == [("box", 1, "measured")]
    assert call("GET", f"/jobs/{job_id}/log").json() == {"fence": 1, "offset": 0, "length": 6, "text": "Begin\n"}


def test_no_secret_is_in_the_logs(call, team, caplog, capfd):
    plain = call("POST", "/nodes/tokens", {"project": "lab"}).json()["token"]
    body = {"token": plain, "name": "box", "agent_version": "0", "capability": nodes.capability()}
    credential = post("/nodes/join", body).json()["credential"]
    wrong = post("/nodes/join", body)
    post("/nodes/00000000-0000-0000-0000-000000000000/lease", {"agent_version": "0"}, credential)

    said = caplog.text + "".join(capfd.readouterr())
    assert (wrong.status_code, "/api/v1/nodes/join" in said) == (401, True)
    assert [secret in said for secret in (plain, credential)] == [False, False]


def test_nothing_to_do_is_said_with_the_time_to_ask_again(joined):
    assert lease(joined).json() == {"offer": None, "credential": None, "poll_after_s": 5.0}


@pytest.mark.parametrize("token", ["nj_wrong", "", "x", "nd_" + "a" * 43])
def test_wrong_join_tokens_are_all_answered_alike(team, token):
    body = {"token": token, "name": "box", "agent_version": "0", "capability": nodes.capability()}

    answer = post("/nodes/join", body)

    assert (answer.status_code, codes(answer)) == (401, ["join_token"])
    assert "node token" in answer.json()["problems"][0]["hint"]
    assert Node.objects.count() == 0


def test_a_join_token_is_used_up_by_its_first_use(team):
    _, plain = joining.token(team.project, user=team.editor)
    body = {"token": plain, "name": "box", "agent_version": "0", "capability": nodes.capability()}

    answers = [post("/nodes/join", body).status_code for _ in range(3)]

    assert (answers, Node.objects.count()) == ([201, 401, 401], 1)


def test_an_answer_after_the_lease_moved_on_changes_nothing(team, joined):
    other = nodes.join(team.project, name="other")
    job = nodes.job(team.project)
    payload = payload_of(joined)
    Job.objects.filter(id=job.id).update(lease_until="2020-01-01T00:00Z")
    recovery.expire()
    second = payload_of(other)
    before = Job.objects.values().get()

    body = {"fence": payload["fence"], "outcome": "measured", "measurement": nodes.result(payload)}
    answer = post(f"/jobs/{job.id}/finish", body, joined.credential)

    assert (second["job"], second["fence"]) == (str(job.id), 2)
    assert (answer.status_code, codes(answer)) == (409, ["lease_lost"])
    assert (Job.objects.values().get(), Measurement.objects.count()) == (before, 0)
    assert AuditEntry.objects.filter(action="lease.refused", target=str(job.id)).count() == 1
    assert list(Lease.objects.order_by("fence").values_list("fence", "why")) == [(1, "lost"), (2, "")]


def test_a_node_that_leaves_is_offline_at_once_and_what_was_promised_to_it_goes_elsewhere(call, team, joined):
    job = nodes.job(team.project)
    dispatching.assign()
    promised = Job.objects.get(id=job.id).node

    answer = lease(joined, leaving=True)

    left = Job.objects.get(id=job.id)
    assert (promised, answer.json()["offer"]) == (joined.node, None)
    assert (left.state, left.node, left.attempts, Node.objects.get(id=joined.node.id).online) == (
        "queued",
        None,
        0,
        False,
    )
    assert dispatching.assign() == 0
