import pytest

from planner.models import Membership
from tests.planner.api.conftest import secret_of

pytestmark = pytest.mark.django_db


def members(call):
    return {member["username"]: member["role"] for member in call("GET", "/projects/lab/members").json()["items"]}


def test_a_bound_token_lists_its_project(call):
    listed = call("GET", "/projects").json()["items"]

    assert [(project["slug"], project["name"], project["role"]) for project in listed] == [("lab", "Lab", "editor")]


def test_a_wide_token_makes_a_project(call, team):
    team.secrets["wide"] = secret_of(team.editor, None, ["projects:write", "projects:read"])

    response = call("POST", "/projects", {"name": "New one"}, who="wide")

    assert (response.status_code, response["Location"]) == (201, "/api/v1/projects/new-one")
    assert {p["slug"]: p["role"] for p in call("GET", "/projects", who="wide").json()["items"]} == {
        "lab": "editor",
        "new-one": "owner",
    }


def test_a_bound_token_makes_no_project(call):
    response = call("POST", "/projects", {"name": "New one"})

    assert (response.status_code, response.json()["problems"][0]["code"]) == (403, "bound_token")


def test_an_owner_adds_moves_and_removes_a_member(call, team):
    seen = []
    for method, body in (("PUT", {"role": "viewer"}), ("PUT", {"role": "editor"}), ("DELETE", None)):
        response = call(method, "/projects/lab/members/stranger", body, who="owner")
        seen.append((response.status_code, members(call).get("stranger")))

    assert seen == [(200, "viewer"), (200, "editor"), (204, None)]


@pytest.mark.parametrize("who", ["viewer", "editor"])
def test_only_an_owner_changes_members(call, team, who):
    response = call("PUT", "/projects/lab/members/stranger", {"role": "viewer"}, who=who)

    assert response.status_code == 403
    assert Membership.objects.filter(project=team.project).count() == 3


def test_a_member_may_leave(call, team):
    assert call("DELETE", "/projects/lab/members/viewer", who="viewer").status_code == 204
    assert members(call) == {"owner": "owner", "editor": "editor"}


def test_the_last_owner_stays(call):
    responses = [
        call("DELETE", "/projects/lab/members/owner", who="owner"),
        call("PUT", "/projects/lab/members/owner", {"role": "viewer"}, who="owner"),
    ]

    assert [(response.status_code, response.json()["problems"][0]["code"]) for response in responses] == [
        (409, "last_owner")
    ] * 2


def test_an_unknown_user_is_a_problem_at_its_field(call):
    response = call("PUT", "/projects/lab/members/nobody", {"role": "viewer"}, who="owner")

    assert (response.status_code, response.json()["problems"][0]["at"]) == (422, "/username")


def test_another_project_is_not_there(call):
    paths = ["/projects/other", "/projects/other/members", "/projects/none"]

    assert [call("GET", path).status_code for path in paths] == [404, 404, 404]
