import json

import pytest
from django.db import OperationalError
from django.test import Client

from planner.services import history

pytestmark = pytest.mark.django_db


def problem(response):
    """The problem document, after checking that it is one."""
    assert response["Content-Type"] == "application/problem+json"
    document = response.json()
    assert sorted(document) == ["detail", "instance", "problems", "status", "title", "type"]
    assert document["status"] == response.status_code
    assert document["type"] == f"urn:isoflop:problem:{document['problems'][0]['code']}"
    assert all(sorted(entry) == ["at", "code", "hint", "message"] for entry in document["problems"])
    return document


@pytest.mark.parametrize("path", ["/nothing", "/", "/runs/7", "/runs/", "/runs/00000000-0000-0000-0000-000000000000/x"])
def test_an_unknown_address_is_a_problem(call, path):
    document = problem(call("GET", path))

    assert (document["status"], document["title"], document["instance"]) == (404, "Not Found", f"/api/v1{path}")


def test_a_wrong_method_is_a_problem_and_lists_the_right_ones(call):
    response = call("DELETE", "/runs")

    assert problem(response)["status"] == 405
    assert sorted(response["Allow"].split(", ")) == ["GET", "POST"]


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_of_another_type_is_a_problem(call, content_type):
    document = problem(call("POST", "/runs", '{"spec": {}}', content_type=content_type))

    assert document["status"] == 415
    assert "application/yaml" in document["problems"][0]["hint"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{", "syntax"),
        ("[]", "not_a_mapping"),
        ("null", "not_a_mapping"),
        ('{"spec": {"tokens": NaN}}', "not_finite"),
        ('{"spec": {"tokens": -Infinity}}', "not_finite"),
        ('{"spec": {"tokens": 1e400}}', "not_finite"),
        ('{"spec": {"kind": "a", "kind": "b"}}', "duplicate_key"),
        ('{"spec": {"name": "\\u0000"}}', "bad_character"),
        ('{"spec": {"name": "\\ud800"}}', "syntax"),
        (b'{"spec": {"name": "\xff"}}', "not_utf8"),
    ],
)
def test_a_body_that_is_no_sound_json_is_a_problem(call, body, code):
    document = problem(call("POST", "/runs", body))

    assert (document["status"], [entry["code"] for entry in document["problems"]]) == (400, [code])


@pytest.mark.parametrize(
    "body", ['{"spec": ' + "[" * 100_000, '{"spec": {"seed": ' + "9" * 200_000 + "}}", "x" * 3_000_000]
)
def test_a_bomb_is_refused_as_too_large(call, body):
    document = problem(call("POST", "/runs", body))

    assert document["status"] in (400, 413)


def test_an_emoji_in_escapes_is_text(call, spec):
    body = json.dumps({"spec": {**spec, "name": "🚀"}})

    assert call("POST", "/runs", body).json()["name"] == "🚀"


def test_a_body_that_does_not_fit_names_the_field_and_the_nearest_key(call, spec):
    document = problem(call("POST", "/runs", {"spec": spec, "freesh": True}))

    assert document["problems"] == [
        {
            "code": "unknown_field",
            "message": "There is no field called 'freesh' here.",
            "at": "/freesh",
            "hint": "Did you mean fresh?",
        }
    ]


def test_nul_in_an_address_is_a_problem(call):
    assert problem(call("GET", "/runs?search=a%00b"))["status"] == 400
    assert problem(call("GET", "/kinds/a%00b/schema"))["status"] == 400


def test_our_own_mistake_is_a_problem_that_shows_nothing(call, monkeypatch):
    monkeypatch.setattr(history, "page", lambda *_, **__: 1 / 0)

    document = problem(call("GET", "/runs"))

    assert document["status"] == 500
    assert "ZeroDivisionError" not in json.dumps(document)


def test_a_database_that_is_away_asks_for_patience(call, monkeypatch):
    def away(*_args, **_options):
        raise OperationalError("secret address")

    monkeypatch.setattr(history, "page", away)

    response = call("GET", "/runs")

    assert (problem(response)["status"], response["Retry-After"]) == (503, "2")
    assert "secret" not in response.content.decode()


def test_addresses_outside_of_the_api_are_left_alone():
    response = Client().post("/healthz")

    assert (response.status_code, response["Content-Type"]) == (405, "text/html; charset=utf-8")


def test_a_missing_body_is_a_problem(call):
    document = problem(call("POST", "/runs", ""))

    assert (document["status"], [entry["code"] for entry in document["problems"]]) == (422, ["empty"])
