import pytest

from planner.services import runs
from tests.planner.api.conftest import solve

pytestmark = pytest.mark.django_db


def test_two_runs_are_put_side_by_side(call, team, spec, solved):
    other = solve(runs.submit(team.project, {**spec, "global_batch": 256}, user=team.editor).run)

    response = call("POST", "/compare", {"runs": [str(solved.id), str(other.id)]})

    assert response.status_code == 200
    assert [run["id"] for run in response.json()["runs"]] == [str(solved.id), str(other.id)]
    assert any(row["differs"] for row in response.json()["rows"])
    assert all(len(row["values"]) == 2 for row in response.json()["rows"])


def test_another_project_s_run_is_not_compared(call, team, spec, solved):
    hidden = runs.submit(team.other, spec, user=team.stranger).run

    response = call("POST", "/compare", {"runs": [str(solved.id), str(hidden.id)]})

    assert response.status_code == 404


def test_what_is_no_id_is_said_in_words(call):
    response = call("POST", "/compare", {"runs": ["a", "b"]})

    assert response.status_code == 422
    assert [(one["message"], one["at"]) for one in response.json()["problems"]] == [
        ("This field wants an id, of 36 characters.", "/runs/0"),
        ("This field wants an id, of 36 characters.", "/runs/1"),
    ]


@pytest.mark.parametrize("ids", [[], ["7"], ["00000000-0000-0000-0000-000000000000"], [7, 8]])
def test_fewer_than_two_runs_are_no_comparison(call, ids):
    assert call("POST", "/compare", {"runs": ids}).status_code == 422
