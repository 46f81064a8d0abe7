"""The router that tells classes apart by the length of the input, beside the routes that match what it writes."""

import pytest
import yaml

from tests.solvers.fleet.exports import cases
from tests.solvers.fleet.exports.test_exports import EXPORTS, by_name, manifests, written

FILE = "semantic-router-chat.yaml"


def router(result):
    return yaml.safe_load(EXPORTS["kubernetes"].write(result)[FILE])


def test_the_router_writes_what_the_routes_match_with_the_same_weights():
    files = written("day", "kubernetes")

    named = {
        model["name"]: {one["name"]: one["weight"] for one in model["backend_refs"]}
        for model in yaml.safe_load(files[FILE])["providers"]["models"]
    }
    [route] = manifests(files["routes.yaml"])
    matched = {
        rule["matches"][0]["headers"][0]["value"]: {one["name"]: one["weight"] for one in rule["backendRefs"]}
        for rule in route["spec"]["rules"]
        if "headers" in rule["matches"][0]
    }
    assert named == matched


@pytest.mark.parametrize(
    ("tokens", "name"),
    [(0, "1-512-in"), (512, "1-512-in"), (513, "513-in"), (90_000, "513-in")],
)
def test_every_length_is_in_the_band_of_its_class_alone(tokens, name):
    bands = router(cases.result("day"))["routing"]["signals"]["context"]

    found = [
        band["name"]
        for band in bands
        if int(band.get("min_tokens", 0)) <= tokens <= int(band.get("max_tokens", tokens))
    ]
    assert found == [f"chat-{name}"]


def test_lengths_between_classes_of_equal_requests_are_the_next_ones():
    result = cases.result("day")
    result["plan"]["services"][0]["classes"] = [
        cases.kind(cases.SHORT, share=0.6, low=100, high=100), cases.kind(cases.LONG, share=0.4, low=2000, high=2000),
    ]  # fmt: skip

    bands = router(result)["routing"]["signals"]["context"]

    assert [(band["min_tokens"], band.get("max_tokens")) for band in bands] == [("0", "100"), ("101", None)]


def test_the_service_answers_under_the_name_that_the_router_asks_for():
    files = written("day", "kubernetes")

    asked = {model["provider_model_id"] for model in yaml.safe_load(files[FILE])["providers"]["models"]}
    commands = [
        one["spec"]["template"]["spec"]["containers"][0]["command"]
        for one in by_name(manifests(files["fleet.yaml"], "Deployment")).values()
    ]
    assert {words[words.index("--served-model-name") + 1] for words in commands} == asked == {"chat"}


def test_no_router_foretells_answers_or_chooses_among_one():
    assert [name for name in written("week", "kubernetes") if name.startswith("semantic")] == []
