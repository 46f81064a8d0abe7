import time

import pytest

from planner.models import Run
from planner.services import runs
from solvers.documents import read
from solvers.errors import SpecError
from tests.bad_specs import BAD_SPECS

pytestmark = pytest.mark.django_db

# A bomb that went off would take minutes; how fast a refusal is on an idle machine is a figure, not a test.
SLOWEST_S = 10


def told(problems, bad):
    """Whether one of the problems is the expected one, with a way out."""
    return [
        problem["at"]
        for problem in problems
        if problem["code"] == bad.code and bad.says.lower() in f"{problem['message']} {problem['hint']}".lower()
    ]


@pytest.mark.parametrize("path", ["/runs?project=lab", "/validate"])
@pytest.mark.parametrize("bad", BAD_SPECS, ids=lambda bad: bad.name)
def test_a_bad_spec_is_a_problem_at_its_field(call, bad, path):
    started = time.perf_counter()

    response = call("POST", path, bad.text, content_type="application/yaml")

    assert time.perf_counter() - started < SLOWEST_S
    assert response["Content-Type"] == "application/problem+json"
    assert response.status_code in (400, 413, 422)
    problems = response.json()["problems"]
    assert told(problems, bad) == [bad.at], problems
    assert all(problem["hint"] for problem in problems)
    assert "Traceback" not in response.content.decode()
    assert Run.objects.count() == 0


def is_text(data: bytes) -> bool:
    """Whether JSON can carry it."""
    return data.decode(errors="ignore").encode() == data


IN_JSON = [bad for bad in BAD_SPECS if len(bad.text) < 1_000_000 and is_text(bad.text)]


@pytest.mark.parametrize("bad", IN_JSON, ids=lambda bad: bad.name)
def test_a_bad_spec_as_text_inside_json_is_the_same_problem(call, bad):
    response = call("POST", "/validate", {"spec": bad.text.decode()})

    assert response.status_code in (400, 422)
    assert all(problem["hint"] for problem in response.json()["problems"])
    assert told(response.json()["problems"], bad) or bad.name == "NUL"


@pytest.mark.parametrize("bad", BAD_SPECS, ids=lambda bad: bad.name)
def test_the_service_refuses_a_bad_spec_and_writes_nothing(team, bad):
    with pytest.raises(SpecError) as refused:
        runs.submit(team.project, read(bad.text), user=team.editor)

    assert told([problem.document() for problem in refused.value.problems], bad) == [bad.at]
    assert Run.objects.count() == 0
