import json
from pathlib import Path

import pytest
from django.test import Client

from planner.api.app import api
from solvers import kinds

COMMITTED = Path(__file__).parents[3] / "docs" / "openapi.json"


def test_the_committed_document_is_the_one_that_is_served():
    assert json.loads(COMMITTED.read_text("utf-8")) == json.loads(json.dumps(api.get_openapi_schema())), (
        "run: manage.py openapi docs/openapi.json"
    )


def test_it_is_openapi_3_1_and_every_reference_leads_somewhere():
    document = api.get_openapi_schema()
    text = json.dumps(document)

    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert document["openapi"] == "3.1.0"
    assert named <= set(document["components"]["schemas"])


def test_every_operation_documents_its_problems():
    for path in api.get_openapi_schema()["paths"].values():
        for operation in path.values():
            for status in ("400", "401", "403", "404", "422", "429", "503"):
                assert operation["responses"][status]["content"]["application/problem+json"]["schema"] == {
                    "$ref": "#/components/schemas/ErrorOut"
                }


def test_a_spec_is_described_by_the_registry():
    options = api.get_openapi_schema()["components"]["schemas"]["RunAsked"]["properties"]["spec"]["anyOf"]

    assert [option["$ref"] for option in options[:-1]] == [
        f"#/components/schemas/{name.capitalize()}Spec" for name in kinds.names()
    ]
    assert options[-1]["type"] == "string"


@pytest.mark.django_db
def test_it_is_served_to_everybody():
    response = Client().get("/api/v1/openapi.json")

    assert (response.status_code, response.json()["openapi"]) == (200, "3.1.0")
