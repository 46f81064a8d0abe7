"""Every route and method of the OpenAPI document, tried by everybody: who gets what is one table."""

import re
from dataclasses import dataclass
from functools import cache

import pytest
from django.contrib.auth.models import User
from django.urls import URLPattern, URLResolver

from planner.api.app import api
from planner.api.urls import urlpatterns
from planner.models import Role, Run, Token
from planner.services import calibrations, catalogue, projects, runs, tokens, validations
from tests import factories, nodes
from tests.planner.api.conftest import secret_of, solve

pytestmark = pytest.mark.django_db

NODE = {"gpu": "h100-sxm", "gpus": 8, "link": "nvlink4", "nic": "ib-ndr-400", "nics": 4}

JOB = {"project": "lab", "recipe": "memory_copy", "params": {}}
# What nodes call: test_leases.py and test_stolen.py.
OF_NODES = {"join_node", "lease_job", "renew_job", "log_job", "finish_job"}
ISSUE = {"name": "x", "scopes": ["runs:read"], "project": "lab"}


@dataclass(frozen=True)
class Route:
    """One operation: what it takes to be allowed, and what it answers then. `open_to` all who have credentials."""

    method: str
    path: str
    name: str
    least: str
    status: int
    body: object = None
    scope: str = "runs:read"
    open_to_all: bool = False


ROUTES = (
    Route("POST", "/runs", "submit_run", "editor", 202, "spec", "runs:write"),
    Route("GET", "/runs?project=lab", "list_runs", "viewer", 200),
    Route("GET", "/runs/{run_id}", "read_run", "viewer", 200),
    Route("PATCH", "/runs/{run_id}", "annotate_run", "editor", 200, {"name": "x"}, "runs:write"),
    Route("POST", "/runs/{run_id}/cancel", "cancel_run", "editor", 200, None, "runs:write"),
    Route("GET", "/runs/{run_id}/result", "read_result", "viewer", 200),
    Route("GET", "/runs/{run_id}/exports/csv", "export_result", "viewer", 200),
    Route("POST", "/compare", "compare_runs", "viewer", 200, "pair"),
    Route("POST", "/forecasts", "freeze_forecast", "editor", 201, "trial", "runs:write"),
    Route("GET", "/forecasts?project=lab", "list_forecasts", "viewer", 200),
    Route("GET", "/forecasts/calibration?project=lab", "read_calibration", "viewer", 200),
    Route("GET", "/forecasts/{forecast_id}", "read_forecast", "viewer", 200),
    Route("GET", "/forecasts/{forecast_id}/statement", "read_statement", "viewer", 200),
    Route("POST", "/forecasts/{forecast_id}/outcome", "record_outcome", "editor", 201, {"loss": 2.0}, "runs:write"),
    Route("GET", "/projects", "list_projects", "viewer", 200, None, "projects:read", open_to_all=True),
    Route("POST", "/projects", "create_project", "viewer", 201, {"name": "P"}, "projects:write", open_to_all=True),
    Route("GET", "/projects/lab", "read_project", "viewer", 200, None, "projects:read"),
    Route("GET", "/projects/lab/members", "list_members", "viewer", 200, None, "projects:read"),
    Route("PUT", "/projects/lab/members/viewer", "set_member", "owner", 200, {"role": "viewer"}, "projects:write"),
    Route("DELETE", "/projects/lab/members/leaver", "remove_member", "owner", 204, None, "projects:write"),
    Route("GET", "/tokens?project=lab", "list_tokens", "viewer", 200, None, "admin"),
    Route("POST", "/tokens", "issue_token", "viewer", 201, ISSUE, "admin"),
    Route("DELETE", "/tokens/{token_id}", "revoke_token", "owner", 204, None, "admin"),
    Route("GET", "/catalogue", "list_sections", "viewer", 200, None, "", open_to_all=True),
    Route("GET", "/catalogue/nodes?project=lab", "list_entries", "viewer", 200, None, ""),
    Route("GET", "/catalogue/nodes/pod?project=lab", "read_entry", "viewer", 200, None, ""),
    Route("PUT", "/catalogue/nodes/pod?project=lab", "write_entry", "editor", 200, NODE, "catalogue:write"),
    Route("DELETE", "/catalogue/nodes/pod?project=lab", "delete_entry", "editor", 204, None, "catalogue:write"),
    Route("POST", "/nodes/tokens", "invite_node", "editor", 201, {"project": "lab"}, "nodes:write"),
    Route("GET", "/nodes?project=lab", "list_nodes", "viewer", 200, None, "nodes:read"),
    Route("GET", "/nodes/{node_id}", "read_node", "viewer", 200, None, "nodes:read"),
    Route("POST", "/nodes/{node_id}/drain", "drain_node", "editor", 200, None, "nodes:write"),
    Route("POST", "/nodes/{node_id}/resume", "resume_node", "editor", 200, None, "nodes:write"),
    Route("DELETE", "/nodes/{node_id}", "remove_node", "editor", 204, None, "nodes:write"),
    Route("POST", "/jobs", "submit_job", "editor", 202, JOB, "nodes:write"),
    Route("GET", "/jobs?project=lab", "list_jobs", "viewer", 200, None, "nodes:read"),
    Route("GET", "/jobs/{job_id}", "read_job", "viewer", 200, None, "nodes:read"),
    Route("GET", "/jobs/{job_id}/log", "read_log", "viewer", 200, None, "nodes:read"),
    Route("POST", "/jobs/{job_id}/cancel", "cancel_job", "editor", 200, None, "nodes:write"),
    Route("GET", "/measurements?project=lab", "list_measurements", "viewer", 200, None, "nodes:read"),
    Route("GET", "/measurements/{measurement_id}", "read_measurement", "viewer", 200, None, "nodes:read"),
    Route("POST", "/runs/{trial_id}/validate", "validate_run", "editor", 202, {"gpu_minutes": 1}, "nodes:write"),
    Route("GET", "/validations?project=lab", "list_validations", "viewer", 200, None, "nodes:read"),
    Route("GET", "/validations/{validation_id}", "read_validation", "viewer", 200, None, "nodes:read"),
    Route("POST", "/validations/{validation_id}/cancel", "cancel_validation", "editor", 200, None, "nodes:write"),
    Route("GET", "/calibrations?project=lab", "list_calibrations", "viewer", 200, None, "nodes:read"),
    Route("GET", "/calibrations/{calibration_id}", "read_own_calibration", "viewer", 200, None, "nodes:read"),
    Route("POST", "/calibrations/{calibration_id}/share", "share_calibration", "owner", 200, None, "nodes:write"),
    Route("GET", "/recipes", "list_recipes", "viewer", 200, None, "", open_to_all=True),
    Route("GET", "/accuracy", "read_accuracy", "viewer", 200, None, "", open_to_all=True),
    Route("GET", "/kinds", "list_kinds", "viewer", 200, None, "", open_to_all=True),
    Route("GET", "/kinds/training/schema", "read_schema", "viewer", 200, None, "", open_to_all=True),
    Route("POST", "/validate", "validate_spec", "viewer", 200, "spec"),
)  # fmt: skip
RANK = [Role.VIEWER, Role.EDITOR, Role.OWNER]


def tried(team):
    """A plan of the Lab's on trial; the Lab has a node."""
    nodes.join(team.project)
    run = factories.solved(team.project, owner=team.editor, seed=2)
    return validations.start(run, user=team.editor, budget_s=60)


def learned(team):
    """A calibration of the Lab's."""
    document = {"name": "cpu", "device": "d", "stack": "s", "base": "published", "measurements": []}
    return calibrations.keep(team.project, document, kind="trial", user=team.editor)


@pytest.fixture
def send(team, call, spec, trial_kind):
    """Sends a route's request with that secret; all that it names is the Lab's, and there as soon as it is named."""
    runs.submit(team.project, {**spec, "seed": 1}, user=team.editor)
    token, _ = tokens.issue(team.owner, team.project, name="t", scopes=["runs:read"], days=1)
    catalogue.save(team.project, "nodes", {**NODE, "name": "pod"}, user=team.editor)
    User.objects.create_user("leaver")
    projects.add_member(team.project, "leaver", "viewer", by=team.owner)

    @cache
    def solved(global_batch: int = 128):
        return solve(runs.submit(team.project, {**spec, "global_batch": global_batch}, user=team.editor).run)

    @cache
    def unfrozen():
        return factories.solved(team.project, owner=team.editor)

    @cache
    def forecast():
        return factories.forecast(team.project, owner=team.editor)

    @cache
    def measured():
        return nodes.measured(team.project)

    trial = cache(lambda: tried(team))
    calibration = cache(lambda: learned(team))

    ids = {
        "trial_id": lambda: (measured(), unfrozen().id)[1],
        "validation_id": lambda: trial().id,
        "calibration_id": lambda: calibration().id,
        "run_id": lambda: solved().id,
        "token_id": lambda: token.id,
        "forecast_id": lambda: forecast().id,
        "node_id": lambda: measured().node_id,
        "job_id": lambda: measured().job_id,
        "measurement_id": lambda: measured().id,
    }

    def body_of(route):
        match route.body:
            case "trial":
                return {"run": str(unfrozen().id)}
            case "spec":
                return {"spec": {**spec, "seed": 5}, "project": "lab"}
            case "pair":
                return {"runs": [str(solved().id), str(solved(64).id)]}
        return route.body

    def send_as(route, secret):
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        path = re.sub(r"{(\w+)}", lambda word: str(ids[word[1]]()), route.path)
        return call(route.method, path, body_of(route), who="", headers=headers)

    return send_as


def by_name(routes):
    return pytest.mark.parametrize("route", routes, ids=lambda route: route.name)


def test_the_table_holds_every_operation_of_the_document():
    document = api.get_openapi_schema()

    listed = {(m.upper(), op["operationId"]) for path in document["paths"].values() for m, op in path.items()}
    assert {(route.method, route.name) for route in ROUTES} == {each for each in listed if each[1] not in OF_NODES}


def test_the_document_holds_every_address_of_the_resolver():
    def names(patterns):
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from names(pattern.url_patterns)
            elif isinstance(pattern, URLPattern) and pattern.name:
                yield pattern.name

    served = set(names(urlpatterns))
    outside = {"healthz", "readyz", "metrics", "api-healthz", "api-readyz", "api-metrics", "openapi-json", "api-root"}
    operations = {
        view.url_name or op.view_func.__name__
        for b in api._get_bound_routers()
        for view in b.path_operations.values()
        for op in view.operations
    }
    assert served - outside <= operations


@by_name(ROUTES)
def test_nobody_gets_anything_without_credentials(send, team, route):
    revoked, secret = tokens.issue(team.owner, team.project, name="gone", scopes=["admin"], days=1)
    tokens.revoke(revoked, user=team.owner)
    expired, late = tokens.issue(team.owner, team.project, name="late", scopes=["admin"], days=1)
    Token.objects.filter(id=expired.id).update(expires="2020-01-01T00:00Z")

    answers = [send(route, key) for key in ("", secret, late, "if_wrong")]

    assert [answer.status_code for answer in answers] == [401] * 4
    assert all(answer["Content-Type"] == "application/problem+json" for answer in answers)


@by_name(ROUTES)
def test_a_stranger_sees_none_of_it(send, team, route):
    answer = send(route, secret_of(team.stranger, None, ["admin"]))

    assert answer.status_code == (route.status if route.open_to_all else 404)
    if route.name not in ("list_kinds", "read_schema", "list_sections", "list_recipes", "create_project"):
        assert "lab" not in answer.content.decode().replace("label", "").replace("available", "").lower().split('"')


@by_name(ROUTES)
@pytest.mark.parametrize("role", RANK)
def test_a_member_may_what_the_role_says(send, team, route, role):
    answer = send(route, secret_of(getattr(team, role), None, ["admin"]))

    allowed = RANK.index(role) >= RANK.index(route.least)
    hidden = route.name == "revoke_token"
    assert answer.status_code == (route.status if allowed else 404 if hidden else 403)


@by_name([route for route in ROUTES if route.scope])
def test_a_token_of_another_scope_is_refused(send, team, route):
    others = [scope for scope in tokens.SCOPES if scope not in (route.scope, "admin")]
    secret = secret_of(team.owner, team.project, others)
    send(route, "")  # now all that the route names is there
    before = Run.objects.count()

    answer = send(route, secret)

    assert (answer.status_code, answer.json()["problems"][0]["code"]) == (403, "scope")
    assert Run.objects.count() == before


@by_name([route for route in ROUTES if not route.open_to_all])
def test_a_token_bound_to_another_project_sees_none_of_it(send, team, route):
    elsewhere = projects.create(team.owner, "Elsewhere")

    answer = send(route, secret_of(team.owner, elsewhere, ["admin"]))

    assert answer.status_code == 404
