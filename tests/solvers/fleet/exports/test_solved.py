"""An example as it is solved, in every format."""

import csv
import io
import json

import pytest
import yaml

from solvers.base import silent
from solvers.documents import read
from solvers.fleet.exports import EXPORTS as ALL
from solvers.fleet.kind import KIND
from solvers.fleet.spec import FleetSpec
from tests.solvers.fleet.exports.test_exports import DNS_LABEL, manifests, resources

EXAMPLE = "solvers/fleet/examples/melange-example.yaml"
EXPORTS = {export.name: export for export in ALL}


@pytest.fixture(scope="module")
def result(request):
    spec = FleetSpec.model_validate(read((request.config.rootpath / EXAMPLE).read_text()))
    solved = KIND.solve(spec, silent)
    value = solved.estimates["cost_usd_per_hour"].value
    return {
        "status": "solved", "spec_hash": "0" * 64, "spec": spec.model_dump(mode="json"), "plan": solved.plan,
        "estimates": {"cost_usd_per_hour": {"value": value}},
    }  # fmt: skip


def test_what_is_to_be_bought_costs_what_the_plan_says(result):
    files = EXPORTS["tables"].write(result)

    rows = list(csv.DictReader(io.StringIO(files["purchase.csv"])))
    assert sum(float(row["usd_per_hour"]) for row in rows) == pytest.approx(
        result["estimates"]["cost_usd_per_hour"]["value"]
    )


def test_every_replica_of_the_plan_is_a_pod_with_its_gpus(result):
    files = EXPORTS["kubernetes"].write(result)

    pods = 0
    for deployment in manifests(files["fleet.yaml"], "Deployment"):
        limits = deployment["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]
        pods += deployment["spec"]["replicas"] * sum(map(int, limits.values()))
    assert pods == sum(one["gpus"] * one["replicas"]["most"] for one in result["plan"]["configurations"])


def test_names_are_labels_and_weights_whole(result):
    files = EXPORTS["kubernetes"].write(result)

    for text in resources(files).values():
        assert all(DNS_LABEL.fullmatch(one["metadata"]["name"]) for one in manifests(text))
    rules = [rule for route in manifests(files["routes.yaml"]) for rule in route["spec"]["rules"]]
    assert {sum(one["weight"] for one in rule["backendRefs"]) for rule in rules} == {10_000}
    assert all(yaml.safe_load(text) for name, text in files.items() if name.startswith("semantic-router"))


def test_node_pools_hold_all_gpus_that_are_bought(result):
    values = json.loads(EXPORTS["terraform"].write(result)["fleet.auto.tfvars.json"])

    held = sum(pool["gpus_per_node"] * pool["nodes"]["max"] for pool in values["node_pools"].values())
    assert held == sum(one["gpus"]["most"] for one in result["plan"]["offers"])
