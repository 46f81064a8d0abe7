import csv
import io
import json

import pytest

from planner.exports import archive, files, write
from planner.models import Result
from planner.services import runs
from solvers.documents import read
from tests.planner.api.conftest import solve

pytestmark = pytest.mark.django_db


def test_a_result_is_the_stored_document(call, solved):
    response = call("GET", f"/runs/{solved.id}/result")

    assert response["Content-Type"] == "application/json; charset=utf-8"
    assert response.json() == Result.objects.get(run=solved).document
    assert response.json()["status"] == "solved"


def test_a_result_that_the_caller_holds_is_not_sent_again(call, solved):
    first = call("GET", f"/runs/{solved.id}/result")

    again = call("GET", f"/runs/{solved.id}/result", headers={"If-None-Match": f'"other", W/{first["ETag"]}'})

    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])


@pytest.mark.parametrize(
    ("query", "accept"),
    [("?format=yaml", "*/*"), ("", "application/yaml"), ("", "text/html;q=0.1, application/yaml")],
)
def test_a_result_is_yaml_for_who_asks_for_it(call, solved, query, accept):
    response = call("GET", f"/runs/{solved.id}/result{query}", headers={"Accept": accept})

    assert response["Content-Type"] == "application/yaml; charset=utf-8"
    assert read(response.content) == Result.objects.get(run=solved).document


def test_there_is_no_result_while_the_run_is_under_way(call, queued):
    response = call("GET", f"/runs/{queued.id}/result")

    assert (response.status_code, response["Retry-After"]) == (409, "1")
    assert response.json()["problems"][0]["code"] == "under_way"


def test_a_run_that_was_cancelled_has_no_result(call, queued):
    call("POST", f"/runs/{queued.id}/cancel")

    response = call("GET", f"/runs/{queued.id}/result")

    assert (response.status_code, response.json()["problems"][0]["code"]) == (404, "no_result")


@pytest.mark.parametrize("name", ["json", "yaml", "md", "csv"])
def test_an_export_is_a_file_with_the_result(call, solved, name):
    response = call("GET", f"/runs/{solved.id}/exports/{name}")

    assert response.content.decode() == write(Result.objects.get(run=solved).document, name)
    assert response["Content-Disposition"] == f'attachment; filename="isoflop-{solved.id.hex[:8]}.{name}"'


def test_a_framework_s_export_is_its_file_or_a_zip_of_them(call, solved):
    document = Result.objects.get(run=solved).document

    one, several = (call("GET", f"/runs/{solved.id}/exports/{name}") for name in ("megatron", "kubernetes"))

    assert one.content.decode() == files(document, "megatron", stem="")["megatron.sh"]
    assert several.content == archive(files(document, "kubernetes", stem=""))
    assert [(r["Content-Type"], r["Content-Disposition"]) for r in (one, several)] == [
        ("text/plain; charset=utf-8", 'attachment; filename="megatron.sh"'),
        ("application/zip", f'attachment; filename="isoflop-{solved.id.hex[:8]}-kubernetes.zip"'),
    ]


def test_a_plan_that_a_framework_cannot_express_is_refused_at_its_field(call, team, spec):
    pipeline = {**spec, "options": {"fix": {"pp": 2, "tp": 1}}}
    run = solve(runs.submit(team.project, pipeline, user=team.editor).run)

    response = call("GET", f"/runs/{run.id}/exports/deepspeed")

    assert response.status_code == 422
    assert "/plan/layout/pp" in [problem["at"] for problem in response.json()["problems"]]


def test_the_csv_lists_the_plan_and_its_alternatives(call, solved):
    document = Result.objects.get(run=solved).document

    rows = list(csv.reader(io.StringIO(call("GET", f"/runs/{solved.id}/exports/csv").content.decode())))

    entries = [{**document, "why_not": ""}, *document["alternatives"]]
    assert rows == [
        ["rank", "plan", *document["estimates"], "why_not"],
        *(
            [
                str(rank),
                entry["plan"]["label"],
                *(str(e["value"]) for e in entry["estimates"].values()),
                entry["why_not"],
            ]
            for rank, entry in enumerate(entries, start=1)
        ),
    ]


def test_a_format_that_does_not_exist_offers_the_nearest(call, solved):
    response = call("GET", f"/runs/{solved.id}/exports/jsn")

    assert response.status_code == 404
    assert response.json()["problems"] == [
        {
            "code": "unknown_format",
            "message": "There is no export format 'jsn'.",
            "at": "",
            "hint": "Did you mean json?",
        }
    ]


def test_another_project_s_result_is_not_there(call, solved):
    responses = [call("GET", f"/runs/{solved.id}/{rest}", who="stranger") for rest in ("result", "exports/json")]

    assert [response.status_code for response in responses] == [404, 404]


def test_json_text_is_the_same_for_equal_documents(solved):
    document = Result.objects.get(run=solved).document

    assert write(document, "json") == write(json.loads(json.dumps(document, sort_keys=True)), "json")
