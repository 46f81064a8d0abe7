import pytest
from django.test import Client

from planner.models import Token

pytestmark = pytest.mark.django_db


def test_a_token_is_issued_and_its_secret_shown_once(call, team):
    response = call("POST", "/tokens", {"name": "ci", "scopes": ["runs:read"], "days": 7}, who="admin")

    issued = response.json()
    assert (response.status_code, response["Cache-Control"]) == (201, "no-store")
    assert issued["secret"].startswith("if_")
    assert issued["token"]["scopes"] == ["runs:read"]
    assert call("GET", "/runs", who="", headers={"Authorization": f"Bearer {issued['secret']}"}).status_code == 200
    listed = call("GET", "/tokens", who="admin")
    assert issued["secret"] not in listed.content.decode()
    assert issued["token"]["id"] in [token["id"] for token in listed.json()["items"]]


def test_no_secret_is_in_the_database(team):
    stored = "\n".join(str(vars(token)) for token in Token.objects.all())

    assert [name for name, secret in team.secrets.items() if secret in stored] == []


def test_a_revoked_token_is_gone_at_once(call, team):
    token = Token.objects.get(user=team.viewer)

    response = call("DELETE", f"/tokens/{token.id}", who="admin")

    assert (response.status_code, call("GET", "/runs", who="viewer").status_code) == (204, 401)


def test_tokens_of_other_projects_are_not_there(call, team):
    token = Token.objects.get(user=team.stranger)

    assert call("DELETE", f"/tokens/{token.id}", who="admin").status_code == 404
    assert Token.objects.get(id=token.id).revoked is None


def test_a_token_without_the_scope_admin_makes_no_token(call):
    response = call("POST", "/tokens", {"name": "more", "scopes": ["admin"]}, who="owner")

    assert (response.status_code, response.json()["problems"][0]["code"]) == (403, "scope")


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({"name": "", "scopes": ["runs:read"]}, "/name"),
        ({"name": "x", "scopes": []}, "/scopes"),
        ({"name": "x", "scopes": ["everything"]}, "/scopes/0"),
        ({"name": "x", "scopes": ["runs:read"], "days": 0}, "/days"),
        ({"name": "x", "scopes": ["runs:read"], "days": 10000}, "/days"),
    ],
)
def test_a_wrong_token_request_names_the_field(call, body, at):
    response = call("POST", "/tokens", body, who="admin")

    assert (response.status_code, [problem["at"] for problem in response.json()["problems"]]) == (422, [at])


def test_a_browser_issues_a_token_for_its_user(team):
    browser = Client()
    browser.force_login(team.viewer)

    response = browser.post(
        "/api/v1/tokens", {"name": "mine", "scopes": ["runs:read"], "project": "lab"}, "application/json"
    )

    assert (response.status_code, response.json()["token"]["user"]) == (201, "viewer")
