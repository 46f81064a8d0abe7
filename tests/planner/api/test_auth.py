import pytest
from django.contrib.auth.models import User
from django.test import Client

from planner.models import Run, Token
from planner.services import projects, tokens
from tests.planner.api.conftest import secret_of

pytestmark = pytest.mark.django_db


def test_no_credentials_are_told_how_to_get_some(call):
    response = call("GET", "/runs", who="")

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="isoflop"'
    assert response["Content-Type"] == "application/problem+json"
    assert [problem["code"] for problem in response.json()["problems"]] == ["unauthenticated"]


@pytest.mark.parametrize("header", ["Bearer if_wrong", "Bearer", "Bearer wrong", "Basic aWY6aWY=", "if_wrong", ""])
def test_wrong_credentials_are_refused(call, header):
    response = call("GET", "/runs", who="", headers={"Authorization": header})

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="isoflop", error="invalid_token"'


def test_a_token_in_the_address_is_no_token(call, team):
    response = call("GET", f"/kinds?token={team.secrets['editor']}&access_token={team.secrets['editor']}", who="")

    assert response.status_code == 401


def test_a_revoked_token_stops_at_once(call, team):
    before = call("GET", "/runs").status_code
    tokens.revoke(Token.objects.get(user=team.editor), user=team.editor)

    assert (before, call("GET", "/runs").status_code) == (200, 401)


def test_an_expired_token_is_refused(call, team):
    Token.objects.update(expires="2020-01-01T00:00Z")

    assert call("GET", "/runs").status_code == 401


def test_a_token_ends_with_its_user_s_membership(call, team):
    projects.remove(team.project, team.editor, by=team.owner)

    assert call("GET", "/runs").status_code == 404


def test_a_token_does_what_its_scopes_say(call, team, spec):
    team.secrets["reader"] = secret_of(team.editor, team.project, ["runs:read"])

    read, write = call("GET", "/runs", who="reader"), call("POST", "/runs", {"spec": spec}, who="reader")

    assert (read.status_code, write.status_code) == (200, 403)
    assert write["WWW-Authenticate"] == 'Bearer realm="isoflop", error="insufficient_scope", scope="runs:write"'
    assert [problem["code"] for problem in write.json()["problems"]] == ["scope"]


def test_a_token_is_bound_to_its_project(call, team, spec):
    other = projects.create(team.editor, "Second")

    response = call("POST", "/runs", {"project": other.slug, "spec": spec})

    assert response.status_code == 404
    assert Run.objects.count() == 0


def test_a_token_without_a_project_reaches_all_of_its_user_s(call, team, spec):
    other = projects.create(team.editor, "Second")
    team.secrets["wide"] = secret_of(team.editor, None, ["runs:write"])

    accepted = call("POST", "/runs", {"project": other.slug, "spec": spec}, who="wide")
    unsaid = call("POST", "/runs", {"spec": spec}, who="wide")

    assert (accepted.status_code, accepted.json()["project"]) == (202, "second")
    assert unsaid.status_code == 422
    assert unsaid.json()["problems"] == [
        {"code": "missing", "message": "Say which project.", "at": "/project", "hint": "Yours: lab, second."}
    ]


def test_a_viewer_may_read_and_not_submit(call, team, spec, queued):
    read, write = call("GET", f"/runs/{queued.id}", who="viewer"), call("POST", "/runs", {"spec": spec}, who="viewer")

    assert (read.status_code, write.status_code) == (200, 403)
    assert write.json()["problems"][0]["code"] == "forbidden"


def test_a_session_reads(team, queued):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(team.viewer)

    response = browser.get("/api/v1/runs?project=lab")

    assert [run["id"] for run in response.json()["items"]] == [str(queued.id)]


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
def test_a_session_without_the_csrf_token_changes_nothing(team, queued, content_type):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(team.editor)

    response = browser.post(f"/api/v1/runs/{queued.id}/cancel", "{}", content_type)

    queued.refresh_from_db()
    assert (response.status_code, queued.state) == (403, "queued")
    assert response.json()["problems"][0]["code"] == "csrf"


def test_a_session_with_the_csrf_token_may_write(team, queued):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(team.editor)
    browser.cookies["isoflop-csrf"] = "a" * 32

    response = browser.post(
        f"/api/v1/runs/{queued.id}/cancel", "", "application/json", headers={"X-CSRFToken": "a" * 32}
    )

    assert (response.status_code, response.json()["state"]) == (200, "cancelled")


def test_a_token_and_a_session_together_are_refused(team):
    browser = Client()
    browser.force_login(team.editor)

    response = browser.get("/api/v1/kinds", headers={"Authorization": f"Bearer {team.secrets['editor']}"})

    assert response.status_code == 400
    assert response.json()["problems"][0]["code"] == "two_credentials"


def test_a_closed_account_has_no_token(call, team):
    User.objects.filter(username="editor").update(is_active=False)

    assert call("GET", "/runs").status_code == 401
