import pytest

from planner.models import CatalogueEntry
from solvers import catalogue

pytestmark = pytest.mark.django_db

OWN = {
    "title": "Our pod",
    "gpu": "h100-sxm",
    "gpus": 8,
    "link": "nvlink4",
    "nic": "ib-ndr-400",
    "nics": 4,
}


def test_the_sections_are_those_of_the_catalogue(call):
    assert call("GET", "/catalogue").json() == list(catalogue.SECTIONS)


@pytest.mark.parametrize("section", list(catalogue.SECTIONS))
def test_a_section_lists_what_ships(call, section):
    items = call("GET", f"/catalogue/{section}").json()["items"]

    assert [item["name"] for item in items] == list(catalogue.names(section))
    assert {item["own"] for item in items} == {False}


def test_an_entry_is_found_by_any_spelling_with_its_source(call):
    response = call("GET", "/catalogue/gpus/H100_SXM")

    assert response.json() == {
        "section": "gpus", "name": "h100-sxm", "own": False, "document": catalogue.document("gpus", "h100-sxm"),
    }  # fmt: skip
    assert response.json()["document"]["source"]


def test_an_entry_that_does_not_exist_offers_the_nearest(call):
    response = call("GET", "/catalogue/gpus/h100-sxn")

    assert response.status_code == 404
    assert "h100-sxm" in response.json()["problems"][0]["hint"]


def test_a_section_that_does_not_exist_offers_the_nearest(call):
    response = call("GET", "/catalogue/gpu")

    assert (response.status_code, response.json()["problems"][0]["hint"]) == (404, "Did you mean gpus?")


def test_a_project_s_own_entry_is_written_read_listed_used_and_deleted(call, team, spec):
    saved = call("PUT", "/catalogue/nodes/our-pod", OWN)
    listed = call("GET", "/catalogue/nodes").json()["items"][0]
    found = call("GET", "/catalogue/nodes/Our%20Pod").json()
    used = call("POST", "/validate", {"spec": {**spec, "hardware": {"node": "our-pod", "nodes": 2}}})
    deleted = call("DELETE", "/catalogue/nodes/our-pod")

    assert saved.status_code == 200
    assert (
        saved.json()
        == found
        == {"section": "nodes", "name": "our-pod", "own": True, "document": {**OWN, "name": "our-pod"}}
    )
    assert listed == {"name": "our-pod", "title": "Our pod", "own": True}
    assert used.status_code == 200
    assert (deleted.status_code, CatalogueEntry.objects.count()) == (204, 0)


def test_a_wrong_entry_names_the_field(call):
    response = call("PUT", "/catalogue/nodes/our-pod", {**OWN, "gpu": "h100-sxn"})

    assert (response.status_code, response.json()["problems"][0]["at"]) == (422, "/gpu")
    assert CatalogueEntry.objects.count() == 0


def test_a_viewer_writes_nothing(call):
    assert call("PUT", "/catalogue/nodes/our-pod", OWN, who="viewer").status_code == 403
    assert CatalogueEntry.objects.count() == 0


def test_another_project_s_entries_are_not_there(call):
    call("PUT", "/catalogue/nodes/our-pod", OWN)

    responses = [
        call("GET", "/catalogue/nodes/our-pod", who="stranger"),
        call("GET", "/catalogue/nodes?project=lab", who="stranger"),
        call("DELETE", "/catalogue/nodes/our-pod?project=lab", who="stranger"),
    ]

    assert [response.status_code for response in responses] == [404, 404, 404]
