import pytest

from solvers import kinds

pytestmark = pytest.mark.django_db


def test_the_kinds_are_those_of_the_registry(call):
    items = call("GET", "/kinds").json()["items"]

    assert [(item["name"], item["examples"]) for item in items] == [
        (name, list(kinds.examples(name))) for name in kinds.names()
    ]


def test_a_schema_is_the_one_that_specs_are_checked_by(call):
    assert call("GET", "/kinds/training/schema").json() == kinds.schema("training")


def test_a_kind_that_does_not_exist_offers_the_nearest(call):
    response = call("GET", "/kinds/trainin/schema")

    assert (response.status_code, response.json()["problems"][0]["hint"]) == (404, "Did you mean training?")


def test_a_sound_spec_comes_back_as_it_was_understood(call, spec):
    parsed = kinds.parse(spec)

    assert call("POST", "/validate", {"spec": spec}).json() == {
        "valid": True,
        "kind": "training",
        "spec_hash": kinds.spec_hash(parsed),
        "spec": kinds.spec_document(parsed),
        "warnings": [],
    }


def test_what_the_table_of_a_spec_leaves_open_is_told_with_it(call):
    table = "params,tokens,loss\n1e8,2e9,3.41\n1e8,4e9,3.3\n2e8,4e9,3.05\n2e8,8e9,2.9\n4e8,8e9,2.8\n4e8,16e9,2.7\n"
    document = {"kind": "scaling", "runs": {"csv": table, "counts": "total"}, "target": {"flops": 1e21}}

    answer = call("POST", "/validate", {"spec": document}).json()

    assert [(one["code"], one["at"]) for one in answer["warnings"]] == [("loss_unit_assumed", "/runs/loss_unit")]


ISLANDS = {
    "islands": [{"name": "ib", "node": "dgx-a100-80", "nodes": 2}, {"name": "new", "node": "dgx-h100", "nodes": 1}],
    "between": "ethernet-25",
}


def test_a_spec_with_islands_comes_back_as_it_was_understood(call, spec):
    document = {**spec, "hardware": ISLANDS}
    parsed = kinds.parse(document)

    answer = call("POST", "/validate", {"spec": document}).json()

    assert (answer["valid"], answer["spec"]) == (True, kinds.spec_document(parsed))


def test_a_precision_that_one_island_lacks_is_a_problem_of_that_island(call, spec):
    answer = call("POST", "/validate", {"spec": {**spec, "hardware": ISLANDS, "precision": "fp8"}}).json()

    assert [problem["at"] for problem in answer["problems"]] == ["/hardware/islands/0/node"]
