"""A stolen node credential, tried on every address that the server has: it opens four verbs of its own leases."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.test import Client
from django.urls import URLResolver, get_resolver

from planner.models import AuditEntry, Credential, Node
from planner.services import leases
from tests import factories, nodes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("trial_kind")]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
REFUSED = (401, 403, 404, 405, 409)
# Bodies that the nodes' own verbs would take.
BODIES = {
    "/lease": {"agent_version": "x"},
    "/renew": {"fence": 1, "progress": {"stage": "x"}},
    "/log": {"fence": 1, "offset": 0, "text": "x"},
    "/finish": {"fence": 1, "outcome": "failed"},
}
# Some that must be among what is tried: the walk over the resolver sees the API and the pages.
THERE = {"/api/v1/runs", "/api/v1/tokens", "/api/v1/nodes/tokens", "/api/v1/openapi.json", "/healthz", "/"}
WORDS = {"slug": "lab", "str": "lab", "path": "lab", "int": "1"}


@pytest.fixture
def loot(team, settings):
    """A node with a job in hand, of a project with one of everything; the thief holds its credential."""
    # Pages name their files as they are, so that none need collecting.
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    run = factories.solved(team.project, owner=team.editor)
    factories.forecast(team.project, owner=team.editor, name="F", seed=3)
    nodes.measured(team.project)
    joined = nodes.join(team.project, name="stolen")
    job = nodes.job(team.project, node=str(joined.node.id))
    nodes.leased(joined.node)
    return joined, job, run


def everything() -> dict[str, Any]:
    """Every row of every table of ours, but for when a node was last heard of."""
    models = [model for model in apps.get_models() if model._meta.app_label in ("planner", "auth")]
    rows = {model.__name__: list(model.objects.order_by("pk").values()) for model in models}
    for row in rows["Node"]:
        row.pop("last_seen")
    return rows


def addresses(patterns: Any, prefix: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The chain of patterns of every address, from the root down."""
    for pattern in patterns:
        here = (*prefix, pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, here)
        else:
            yield here


def spelled(parts: tuple[Any, ...], ids: list[UUID]) -> Iterator[str]:
    """The addresses that a chain of patterns stands for, with each of the ids where it wants one."""
    routes = [str(part.pattern) for part in parts]
    if any(character in route for route in routes for character in "(\\"):
        yield "/" + "".join(routes).replace("^", "").split("(")[0].split("\\")[0]
        return
    text = "/" + "".join(routes).lstrip("^/")
    for each in ids if "<uuid:" in text else ids[:1]:
        yield _filled(text, each)


def _filled(text: str, id_: UUID) -> str:
    while "<" in text:
        before, _, rest = text.partition("<")
        word, _, after = rest.partition(">")
        kind = word.partition(":")[0] if ":" in word else "str"
        text = before + (str(id_) if kind.startswith("uuid") else WORDS[kind]) + after
    return text


def ask(path: str, method: str, credential: str = "", body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {credential}"} if credential else {}
    data = json.dumps({} if body is None else body)
    return Client().generic(method, path, data, "application/json", headers=headers)


def test_on_every_address_a_stolen_credential_gets_no_more_than_nobody_does(loot):
    joined, _, run = loot
    other = Node.objects.exclude(id=joined.node.id).get()
    ids = [run.id, other.id, other.jobs.get().id, other.measurements.get().id]
    every = list(addresses(get_resolver().url_patterns))
    paths = list(dict.fromkeys(path for parts in every for path in spelled(parts, ids)))
    before = everything()

    opened = []
    for path in paths:
        for method in METHODS:
            body = next((body for verb, body in BODIES.items() if path.endswith(verb)), {})
            stolen, anonymous = (ask(path, method, secret, body).status_code for secret in (joined.credential, ""))
            if stolen not in (anonymous, *REFUSED):
                opened.append((method, path, stolen))

    after = everything()
    audited = [row for row in after["AuditEntry"] if row not in before["AuditEntry"]]
    assert opened == []
    assert {verb for verb in BODIES if any(path.endswith(verb) for path in paths)} == set(BODIES)
    assert set(paths) >= THERE
    # That something was refused is written down; nothing else has changed.
    assert {row["action"] for row in audited} == {"lease.refused"}
    assert {**after, "AuditEntry": 0} == {**before, "AuditEntry": 0}


def test_on_what_is_not_its_own_the_four_verbs_change_nothing(loot, team):
    joined, _, _ = loot
    other = nodes.join(team.project, name="other")
    theirs = nodes.job(team.project, node=str(other.node.id))
    nodes.leased(other.node)
    foreign = nodes.join(team.other)
    far = nodes.job(team.other)
    nodes.leased(foreign.node)
    before = everything()

    def verbs(job_id: UUID) -> list[int]:
        path = f"/api/v1/jobs/{job_id}"
        each = [(verb, body) for verb, body in BODIES.items() if verb != "/lease"]
        return [ask(f"{path}{verb}", "POST", joined.credential, body).status_code for verb, body in each]

    body = {"agent_version": "x"}
    leased = [ask(f"/api/v1/nodes/{each.node.id}/lease", "POST", joined.credential, body) for each in (other, foreign)]

    assert verbs(theirs.id) == [409, 409, 409]
    assert verbs(far.id) == [404, 404, 404]
    assert [answer.status_code for answer in leased] == [404, 404]
    after = everything()
    assert len(after["AuditEntry"]) == len(before["AuditEntry"]) + 6
    assert {**after, "AuditEntry": 0} == {**before, "AuditEntry": 0}
    assert AuditEntry.objects.filter(action="lease.refused", project=team.project).count() == 6


def test_on_its_own_lease_the_credential_does_what_it_is_for(loot):
    joined, job, _ = loot

    path = f"/api/v1/jobs/{job.id}"
    answers = [
        ask(f"{path}/renew", "POST", joined.credential, {"fence": 1}),
        ask(f"{path}/log", "POST", joined.credential, {"fence": 1, "offset": 0, "text": "x"}),
        ask(f"{path}/finish", "POST", joined.credential, {"fence": 1, "outcome": "failed"}),
        ask(f"/api/v1/nodes/{joined.node.id}/lease", "POST", joined.credential, {"agent_version": "x"}),
    ]

    assert [answer.status_code for answer in answers] == [200] * 4


@pytest.mark.parametrize("verb", ["renew", "log", "finish"])
@pytest.mark.parametrize("who", ["owner", "admin", "nobody", "session", "removed", "expired"])
def test_nobody_else_may_use_the_nodes_verbs(loot, team, verb, who):
    joined, job, _ = loot
    secret = team.secrets.get(who, joined.credential if who in ("removed", "expired") else "")
    browser = Client()
    if who == "session":
        browser.force_login(team.owner)
    if who == "removed":
        Node.objects.filter(pk=joined.node.pk).update(state="removed")
    if who == "expired":
        Credential.objects.update(expires="2020-01-01T00:00Z")
    before = everything()

    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    body = {"renew": {}, "log": {"offset": 0, "text": "x"}, "finish": {"outcome": "failed"}}[verb] | {"fence": 1}
    answer = browser.post(f"/api/v1/jobs/{job.id}/{verb}", json.dumps(body), "application/json", headers=headers)

    assert (answer.status_code, answer.json()["problems"][0]["code"]) == (401, "unauthenticated")
    if who != "session":
        assert everything() == before


def test_nan_in_a_body_is_refused_and_changes_nothing(loot):
    joined, job, _ = loot
    before = everything()
    body = '{"fence": 1, "outcome": "measured", "measurement": {"seconds_total": NaN}}'

    answer = Client().post(
        f"/api/v1/jobs/{job.id}/finish",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {joined.credential}"},
    )

    assert (answer.status_code, answer.json()["problems"][0]["code"]) == (400, "not_finite")
    assert everything() == before
    assert leases.renew(joined.node, job.id, fence=1) is False
