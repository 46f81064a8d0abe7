"""Fleet plans as files: what people looked at, what is read back, what holds for every plan."""

import csv
import io
import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from solvers.errors import CannotExpress
from solvers.fleet.exports import EXPORTS as ALL
from solvers.fleet.exports import scaling
from solvers.fleet.exports.bought import fleet_of
from tests.solvers.fleet.exports import cases
from tests.solvers.serving.exports import reading
from tests.solvers.serving.exports.cases import ENGINE

EXPORTS = {export.name: export for export in ALL}
GOLDEN = Path(__file__).parent / "golden"
PAIRS = [pytest.param(case, name, id=f"{case}-{name}") for case, name in cases.GOLDEN]
CASES = list(cases.SPECS)
DNS_LABEL = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
FILLED = {
    "IMAGE_VLLM": "registry/vllm:1", "IMAGE_SGLANG": "registry/sglang:1", "IMAGE_TRTLLM": "registry/trtllm:1",
    "MODEL_RAG_FP8": "hub/rag-fp8", "IMAGE_OWN": "registry/own:1",
    "ARGUMENTS_OWN_MI300X_AZURE_SPOT_X1": '["--name", "it\'s \\"own\\""]', "PROMETHEUS": "http://prometheus:9090",
    "GATEWAY": "inference", "DOMAIN": "models.example", "NODE_CLASS": "gpus", "NODE_CLASS_GROUP": "karpenter.cloud",
    "NODE_CLASS_KIND": "CloudNodeClass", "MACHINE_H100_X1": "one-h100", "MACHINE_H100_X4": "four-h100",
    "MACHINE_H100_SPOT_X1": "one-h100", "MACHINE_MI300X_AZURE_SPOT_X1": "one-mi300x",
}  # fmt: skip


def written(case, name, **changes):
    return EXPORTS[name].write(cases.result(case, **changes))


def resources(files):
    """The files that Kubernetes reads."""
    return {
        name: text
        for name, text in files.items()
        if name.endswith(".yaml") and name != "metrics.yaml" and not name.startswith("semantic-router")
    }


def manifests(text, kind=None):
    found = [document for document in yaml.safe_load_all(text) if document]
    return [document for document in found if kind in (None, document["kind"])]


def table(text):
    return list(csv.DictReader(io.StringIO(text)))


def by_name(documents):
    return {document["metadata"]["name"]: document for document in documents}


def ran(case, script, folder, **more):
    """What `script` applied, and how it ended."""
    where = reading.written(written(case, "kubernetes"), folder)
    (where / "told.input").unlink(missing_ok=True)
    done, _ = reading.run(script, where, **{**FILLED, **more})
    told = where / "told.input"
    # Each file begins with comments.
    return done, told.read_text().replace("\n# ", "\n---\n# ") if told.exists() else ""


def test_there_is_a_format_to_buy_to_run_and_to_provision():
    assert [export.name for export in ALL] == ["tables", "kubernetes", "terraform"]
    assert all(export.title for export in ALL)


@pytest.mark.parametrize(("case", "name"), PAIRS)
def test_files_are_those_that_people_looked_at(case, name):
    files = written(case, name)

    folder = GOLDEN / f"{case}-{name}"
    assert files == {path.name: path.read_bytes().decode() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("case", CASES)
def test_the_purchase_list_costs_what_the_plan_costs(case):
    result = cases.result(case)

    files = EXPORTS["tables"].write(result)

    bought = sum(float(row["usd_per_hour"]) for row in table(files["purchase.csv"]))
    hours = [float(row["usd"]) for row in table(files["hours.csv"])]
    value = result["estimates"]["cost_usd_per_hour"]["value"]
    assert bought == pytest.approx(value)
    assert sum(hours) / len(hours) == pytest.approx(value)


@pytest.mark.parametrize("case", CASES)
def test_weights_of_a_class_sum_to_one_in_every_table_and_route(case):
    files = written(case, "tables") | written(case, "kubernetes")

    shares = {}
    for row in table(files["routing.csv"]):
        at = (row["service"], row["class"], row["hours"])
        shares[at] = shares.get(at, 0.0) + float(row["weight"])
    parts = [
        sum(backend["weight"] for backend in rule["backendRefs"])
        for route in manifests(files["routes.yaml"])
        for rule in route["spec"]["rules"]
    ]
    assert {round(share, 9) for share in shares.values()} == {1.0}
    assert set(parts) == {10_000}


@pytest.mark.parametrize("case", CASES)
def test_bounds_hold_and_names_are_labels_that_no_other_has(case):
    files = written(case, "kubernetes")

    for text in resources(files).values():
        names = [(document["kind"], document["metadata"]["name"]) for document in manifests(text)]
        assert len(set(names)) == len(names)
        assert all(DNS_LABEL.fullmatch(label) for _, label in names)
    for scaler in manifests(files["autoscaling.yaml"]):
        assert 1 <= scaler["spec"]["minReplicas"] <= scaler["spec"]["maxReplicas"]
    for scaler in manifests(files.get("schedule.yaml", "")):
        spec = scaler["spec"]
        levels = [int(one["metadata"]["desiredReplicas"]) for one in spec["triggers"] if one["type"] == "cron"]
        assert all(spec["minReplicaCount"] < level <= spec["maxReplicaCount"] for level in levels)
    for pool in json.loads(written(case, "terraform")["fleet.auto.tfvars.json"])["node_pools"].values():
        assert pool["nodes"]["min"] <= pool["nodes"]["desired"] <= pool["nodes"]["max"]


@pytest.mark.parametrize("case", CASES)
def test_pods_find_nodes_that_carry_what_they_ask_for(case):
    files = written(case, "kubernetes")
    pools = json.loads(written(case, "terraform")["fleet.auto.tfvars.json"])["node_pools"]

    karpenter = by_name(manifests(files["nodepools.yaml"]))
    for deployment in manifests(files["fleet.yaml"], "Deployment"):
        pod = deployment["spec"]["template"]["spec"]
        name = pod["nodeSelector"]["isoflop.io/pool"]
        template = karpenter[name]["spec"]["template"]
        carried = {**template["metadata"]["labels"], "topology.kubernetes.io/zone": pools[name]["zone"]}
        tolerated = {one["key"] for one in pod["tolerations"]}
        assert pod["nodeSelector"].items() <= carried.items()
        assert pools[name]["labels"] == template["metadata"]["labels"]
        assert {one["key"] for one in [*template["spec"]["taints"], *pools[name]["taints"]]} <= tolerated


def test_an_autoscaler_asks_for_the_plans_counts_at_the_plans_load():
    result = cases.result("day")
    plan = result["plan"]
    targets = {
        name: int(one["spec"]["metrics"][0]["pods"]["target"]["averageValue"].removesuffix("m")) / 1000
        for name, one in by_name(manifests(EXPORTS["kubernetes"].write(result)["autoscaling.yaml"])).items()
    }

    for one in plan["configurations"]:
        busy = max(plan["hours"]["demand_per_s"]["chat"])
        shares = {kind["label"]: kind["share"] for kind in cases.CLASSES["day"]["chat"]}
        load = busy * sum(
            shares[label] * weights.get(one["name"], 0.0)
            for label, weights in cases.ROUTING["day"][2]["weights"].items()
        )
        # Kubernetes rounds up, and lets a tenth pass.
        assert load / targets[one["name"]] <= one["replicas"]["most"] < 1.1 * load / targets[one["name"]] + 1


def test_a_target_is_no_less_than_the_load_that_the_plan_gives_to_a_replica():
    result = cases.result("day")
    demand = result["plan"]["hours"]["demand_per_s"]
    demand["chat"] = [load / 7 for load in demand["chat"]]
    fleet = fleet_of(result)
    loads = {one.name: scaling.share_per_s(fleet, one) for one in fleet.configurations}
    files = EXPORTS["kubernetes"].write(result)

    by_load, by_hour = (by_name(manifests(files[name])) for name in ("autoscaling.yaml", "schedule.yaml"))

    for name, load in loads.items():
        target = by_load[name]["spec"]["metrics"][0]["pods"]["target"]["averageValue"]
        trigger = by_hour[name]["spec"]["triggers"][0]["metadata"]["threshold"]
        assert load < int(target.removesuffix("m")) / 1000 == float(trigger) < load + 0.001


def test_what_is_reserved_never_rests():
    result = cases.result("week")
    result["spec"]["market"][0]["term"] = "reserved"
    plan = result["plan"]["offers"][0]
    plan["units_by_hour"] = [plan["units"]["most"]] * 168
    files = EXPORTS["kubernetes"].write(result)

    by_load, by_hour = (by_name(manifests(files[name])) for name in ("autoscaling.yaml", "schedule.yaml"))

    bounds = {name: (one["spec"]["minReplicas"], one["spec"]["maxReplicas"]) for name, one in by_load.items()}
    assert bounds == {"code-1-h100-x1": (3, 3), "code-1-h100-spot-x1": (1, 2), "rag-h100-x4": (2, 2)}
    hours = {name: (one["spec"]["minReplicaCount"], len(one["spec"]["triggers"])) for name, one in by_hour.items()}
    assert hours == {"code-1-h100-x1": (3, 1), "code-1-h100-spot-x1": (0, 4), "rag-h100-x4": (2, 1)}
    nodes = json.loads(EXPORTS["terraform"].write(result)["fleet.auto.tfvars.json"])["node_pools"]
    assert {name: one["nodes"]["min"] for name, one in nodes.items()} == {"h100-x1": 3, "h100-x4": 2, "h100-spot-x1": 0}


def test_the_tables_say_every_hour_and_every_share():
    files = written("day", "tables")

    hours, routing = table(files["hours.csv"]), table(files["routing.csv"])
    assert [int(row["hour"]) for row in hours] == list(range(24))
    assert [int(row["units l4-spot"]) for row in hours] == cases.result("day")["plan"]["offers"][0]["units_by_hour"]
    busy = [(row["class"], row["configuration"], row["weight"]) for row in routing if row["hours"] == "8-17"]
    assert busy == [
        (cases.SHORT, "chat-l4-spot-x1", "0.8333333"), (cases.SHORT, "chat-a100-x1", "0.1666667"),
        (cases.LONG, "chat-l4-spot-x2", "0.3"), (cases.LONG, "chat-a100-x1", "0.7"),
    ]  # fmt: skip


def test_a_configuration_is_told_what_its_own_setup_fixes():
    deployments = by_name(manifests(written("day", "kubernetes")["fleet.yaml"], "Deployment"))

    def told(name):
        [inner] = deployments[name]["spec"]["template"]["spec"]["containers"]
        given = reading.options(inner["command"])
        return given["--tensor-parallel-size"], given["--max-num-seqs"], inner["resources"]["limits"]

    assert told("chat-l4-spot-x1") == (["1"], ["48"], {"nvidia.com/gpu": "1"})
    assert told("chat-l4-spot-x2") == (["2"], ["96"], {"nvidia.com/gpu": "2"})


def test_counters_that_the_autoscalers_read_are_switched_on():
    files = written("week", "kubernetes")

    deployments = by_name(manifests(files["fleet.yaml"], "Deployment"))
    annotations = {
        name: one["spec"]["template"]["metadata"]["annotations"]["prometheus.io/path"]
        for name, one in deployments.items()
    }
    [options] = manifests(files["fleet.yaml"], "ConfigMap")
    assert "--enable-metrics" in deployments["code-1-h100-x1"]["spec"]["template"]["spec"]["containers"][0]["command"]
    assert yaml.safe_load(options["data"]["serve.yaml"])["return_perf_metrics"] is True
    assert annotations == {
        "code-1-h100-x1": "/metrics", "code-1-h100-spot-x1": "/metrics", "rag-h100-x4": "/prometheus/metrics",
    }  # fmt: skip


def test_a_node_bought_whole_is_its_clouds_own_type_and_single_gpus_are_of_its_family():
    pools = by_name(manifests(written("day", "kubernetes")["nodepools.yaml"]))

    def asked(name):
        return {one["key"]: one["values"] for one in pools[name]["spec"]["template"]["spec"]["requirements"]}

    assert asked("a100-x8") == {
        "karpenter.sh/capacity-type": ["reserved", "on-demand"], "topology.kubernetes.io/zone": ["eu-west-1a"],
        "node.kubernetes.io/instance-type": ["p4de.24xlarge"],
    }  # fmt: skip
    assert asked("l4-spot-x1")["karpenter.k8s.aws/instance-gpu-count"] == ["0"]
    assert asked("l4-spot-x2") == {
        "karpenter.sh/capacity-type": ["spot"], "topology.kubernetes.io/zone": ["eu-west-1a"],
        "karpenter.k8s.aws/instance-family": ["g6"], "karpenter.k8s.aws/instance-gpu-count": ["1"],
    }  # fmt: skip
    assert [pools[name]["spec"]["limits"] for name in ("a100-x8", "l4-spot-x2")] == [
        {"nvidia.com/gpu": "8"}, {"nvidia.com/gpu": "2"},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("scaling", "kinds"),
    [("load", {"HorizontalPodAutoscaler"}), ("hours", {"ScaledObject"}), ("none", set())],
)
def test_replicas_scale_by_load_by_the_hour_or_not_at_all(scaling, kinds, tmp_path):
    done, applied = ran("day", "apply.sh", tmp_path, SCALING=scaling)

    found = manifests(applied)
    assert done.returncode == 0, done.stderr
    assert {one["kind"] for one in found} - {"Deployment", "Service", "PodDisruptionBudget"} == kinds
    assert "${" not in applied


def test_a_way_to_scale_that_there_is_not_is_refused_before_anything_is_applied(tmp_path):
    wrong, nothing = ran("day", "apply.sh", tmp_path / "wrong", SCALING="often")
    unknown, neither = ran("day", "apply.sh", tmp_path / "unknown", SCALING="hours", PROMETHEUS="")

    assert (wrong.returncode, nothing) == (2, "")
    assert wrong.stderr == "SCALING is often; it can be load, hours or none.\n"
    assert (unknown.returncode, neither) == (1, "")
    assert "PROMETHEUS: is not set" in unknown.stderr


def test_hours_that_are_no_clocks_have_no_schedule(tmp_path):
    files = written("measured", "kubernetes")
    done, _ = ran("measured", "apply.sh", tmp_path, SCALING="hours")

    assert "schedule.yaml" not in files
    assert "routes-schedule.yaml" not in files
    assert done.stderr == "SCALING is hours; it can be load or none.\n"


def test_an_image_of_the_readers_own_serves_where_only_capacities_are_known(tmp_path):
    done, applied = ran("measured", "apply.sh", tmp_path)

    [deployment] = manifests(applied, "Deployment")
    [inner] = deployment["spec"]["template"]["spec"]["containers"]
    assert done.returncode == 0, done.stderr
    assert (inner["image"], inner["args"]) == ("registry/own:1", ["--name", 'it\'s "own"'])
    assert inner["resources"]["limits"] == {"amd.com/gpu": "1"}


def test_jobs_apply_the_routes_of_the_hours_that_begin():
    files = written("week", "kubernetes")

    jobs = manifests(files["routes-schedule.yaml"], "CronJob")
    [held] = manifests(files["routes-schedule.yaml"], "ConfigMap")
    told = {
        job["spec"]["schedule"]: job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["args"][-1]
        for job in jobs
    }
    assert told == {"0 6 * * 1,2,3,4,5": "/routes/code-1-1.yaml", "0 20 * * 1,2,3,4,5": "/routes/code-1-2.yaml"}
    [night] = manifests(held["data"]["code-1-2.yaml"])
    backends = {one["name"] for rule in night["spec"]["rules"] for one in rule["backendRefs"]}
    assert backends == {"code-1-h100-x1"}


def test_many_classes_take_several_routes_of_a_host():
    labels = [f"input to {bound}" for bound in range(100, 4000, 100)]
    result = cases.result("measured")
    result["plan"]["services"][0]["classes"] = [
        cases.kind(label, share=1 / len(labels), low=0, high=1) for label in labels
    ]
    name = "own-mi300x-azure-spot-x1"
    result["plan"]["routing"] = [cases.routed("own", [0], {label: {name: 1.0} for label in labels})]

    found = manifests(EXPORTS["kubernetes"].write(result)["routes.yaml"])

    rules = [len(route["spec"]["rules"]) for route in found]
    headers = [rule["matches"][0].get("headers") for route in found for rule in route["spec"]["rules"]]
    assert rules == [16, 16, 8]
    assert headers[-1] is None
    assert len({one[0]["value"] for one in headers[:-1]}) == len(labels)
    assert {tuple(route["spec"]["hostnames"]) for route in found} == {("own.${DOMAIN}",)}


def test_what_an_engine_has_no_words_for_is_refused_at_its_configuration():
    result = cases.result("day")
    odd = dict(result["plan"]["configurations"][1], settings=ENGINE | {"max_num_batched_tokens": 64})
    result["plan"]["configurations"] = [result["plan"]["configurations"][0], odd]
    result["plan"]["routing"] = []

    with pytest.raises(CannotExpress) as refused:
        EXPORTS["kubernetes"].write(result)

    [problem] = refused.value.problems
    assert problem.at == "/plan/configurations/1/engine/max_num_batched_tokens"
    assert problem.hint == "These can: tables, terraform."


def test_a_result_without_a_plan_is_refused():
    for export in ALL:
        with pytest.raises(CannotExpress) as refused:
            export.write({**cases.result("day"), "status": "infeasible"})
        assert [(problem.code, problem.at) for problem in refused.value.problems] == [("no_plan", "/status")]


def test_names_that_people_gave_cannot_break_out_of_a_file(tmp_path):
    hostile = 'x"""\n#\'; touch broken\n$(touch broken) `touch broken` ${IMAGE_OWN}'
    result = cases.result("measured")
    result["spec"]["market"][0]["gpu"] |= {"title": hostile}

    for export in ALL:
        files = export.write(result)
        folder = reading.written(files, tmp_path / export.name)
        for file, text in files.items():
            if file.endswith(".sh"):
                subprocess.run(["bash", "-n"], input=text, text=True, check=True)
                reading.run(file, folder, **FILLED)
            elif file.endswith(".yaml"):
                assert list(yaml.safe_load_all(text))
        assert not list(tmp_path.rglob("broken"))
