"""The files before those who read them: Kubernetes' schemas, shellcheck, and the names of the operators' resources.

`names/` holds the names alone, as the serving exports' tests do: each list with the file and the version of its origin.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from solvers.fleet.exports import EXPORTS as ALL
from tests.solvers.fleet.exports import cases
from tests.solvers.fleet.exports.test_exports import manifests, resources
from tests.solvers.serving.exports import engines, reading
from tests.solvers.serving.exports.test_names import unknown

NAMES = Path(__file__).parent / "names"
EXPORTS = {export.name: export for export in ALL}
CASES = list(cases.SPECS)
OWN = {
    "ScaledObject": "keda-scaledobject", "NodePool": "karpenter-nodepool", "HTTPRoute": "gateway-httproute",
}  # fmt: skip


def known(stem):
    return json.loads((NAMES / f"{stem}.json").read_text())["names"]


@pytest.mark.parametrize("path", sorted(NAMES.glob("*.json")), ids=lambda path: path.stem)
def test_each_list_says_where_it_is_from(path):
    listed = json.loads(path.read_text())

    assert set(listed) == {"program", "version", "source", "names"}
    assert listed["source"].startswith(("github.com/", "vllm-sr "))


@pytest.mark.parametrize("case", CASES)
def test_every_manifest_is_one_that_its_reader_knows(case):
    files = EXPORTS["kubernetes"].write(cases.result(case))

    seen = set()
    for text in resources(files).values():
        for document in manifests(text):
            seen.add(document["kind"])
            if document["kind"] in OWN:
                assert unknown(document, known(OWN[document["kind"]])) == []
            else:
                kubernetes_validate.validate(_filled(document), "1.33", strict=True)

    always = {"Deployment", "Service", "PodDisruptionBudget", "HorizontalPodAutoscaler", "NodePool", "HTTPRoute"}
    scheduled = {"ScaledObject", "CronJob", "ConfigMap", "ServiceAccount", "Role", "RoleBinding"}
    assert seen == (always | scheduled if case != "measured" else always)


def _filled(document):
    """The reader's arguments are a list once they are there."""
    text = yaml.safe_dump(document)
    return yaml.safe_load(re.sub(r"args: \$\{ARGUMENTS_\w+\}", "args: [--port, '8000']", text))


@pytest.mark.parametrize("case", CASES)
def test_routes_in_a_config_map_are_routes(case):
    files = EXPORTS["kubernetes"].write(cases.result(case))

    for document in manifests(files.get("routes-schedule.yaml", ""), "ConfigMap"):
        for text in document["data"].values():
            for route in manifests(text):
                assert unknown(route, known("gateway-httproute")) == []


def test_the_semantic_router_knows_every_name():
    text = EXPORTS["kubernetes"].write(cases.result("day"))["semantic-router-chat.yaml"]

    assert unknown(yaml.safe_load(text), known("semantic-router")) == []


@pytest.mark.parametrize("case", CASES)
def test_every_option_is_one_that_the_engines_parser_lists(case):
    files = EXPORTS["kubernetes"].write(cases.result(case))
    programs = {"vllm": "vllm", "python3": "sglang"}

    for deployment in manifests(files["fleet.yaml"], "Deployment"):
        words = deployment["spec"]["template"]["spec"]["containers"][0].get("command", ["none"])
        if words[0] in programs:
            listed = engines.known(programs[words[0]])
            plain = [option.replace("--no-", "--", 1) for option in reading.options(words)]
            assert [option for option in plain if option not in listed] == []


@pytest.mark.parametrize("case", CASES)
def test_shellcheck_finds_nothing_in_the_scripts(case, tmp_path):
    program = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}:/usr/bin:/usr/local/bin")
    folder = reading.written(EXPORTS["kubernetes"].write(cases.result(case)), tmp_path)

    done = subprocess.run([program, *sorted(folder.glob("*.sh"))], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("case", CASES)
def test_terraforms_values_are_of_the_types_that_it_is_told(case):
    files = EXPORTS["terraform"].write(cases.result(case))
    values = json.loads(files["fleet.auto.tfvars.json"])

    for name, body in re.findall(
        r'variable "(\w+)" \{.*?map\(object\(\{\n(.*?)\n  \}\)\)', files["variables.tf"], re.DOTALL
    ):
        fields = dict(re.findall(r"^ +(\w+) += (.+?) +# .+$", body, re.MULTILINE))
        for entry in values.pop(name).values():
            assert {field: _typed(entry[field], kind) for field, kind in fields.items()} == dict.fromkeys(entry, True)
    assert values == {}


def _typed(value, kind):
    """Whether Terraform takes the value for one of that type; the few types that the exports use."""
    if inner := re.fullmatch(r"optional\((\w+)\)", kind):
        return value is None or _typed(value, inner[1])
    if inner := re.fullmatch(r"list\((.+)\)", kind):
        return all(_typed(one, inner[1]) for one in value)
    if inner := re.fullmatch(r"map\((\w+)\)", kind):
        return all(_typed(one, inner[1]) for one in value.values())
    if inner := re.fullmatch(r"object\(\{ (.+) \}\)", kind):
        fields = dict(field.split(" = ") for field in inner[1].split(", "))
        return set(fields) == set(value) and all(_typed(value[name], one) for name, one in fields.items())
    plain = {"string": isinstance(value, str), "bool": isinstance(value, bool)}
    return plain.get(kind, isinstance(value, int | float) and not isinstance(value, bool))
