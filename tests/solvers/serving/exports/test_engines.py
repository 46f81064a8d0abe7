"""The files before the parsers of those who read them: where one is not installed, its tests say so.

shellcheck and the schemas of Kubernetes come with the test extra, and so do the lists of options in `flags/`, which the
engines' own parsers wrote (`engines.py` says how, and where the parsers themselves are looked for).
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest
import yaml

from solvers.serving.exports import EXPORTS as ALL
from tests.solvers.serving.exports import cases, engines, reading

ROOT = Path(__file__).parents[4]  # tests/solvers/serving/exports
EXPORTS = {export.name: export for export in ALL}
PAIRS = [pytest.param(case, name, id=f"{case}-{name}") for case, name in cases.GOLDEN]
# How each program starts, and what of its words is not its own.
PROGRAMS = {
    ("vllm", "serve"): "vllm",
    ("vllm", "bench", "serve"): "vllm-bench",
    ("python3", "-m", "sglang.launch_server"): "sglang",
    ("python3", "-m", "sglang_router.launch_router"): "sglang-router",
    ("python3", "-m", "dynamo.vllm"): "vllm",
    ("python3", "-m", "dynamo.sglang"): "sglang",
}
OF_DYNAMO = ("--disaggregation-mode",)


def calls(case, name, folder):
    """Each program that the files start, with its words."""
    files = EXPORTS[name].write(cases.result(case))
    where = reading.written(files, folder)
    found = reading.commands(files)
    for script in files:
        if script.endswith(".sh") and script not in ("apply.sh", "install.sh"):
            done, words = reading.run(script, where)
            assert done.returncode == 0, done.stderr
            found.append(words)
    if name == "llm-d":
        whole = (words[words.index("vllm") :] if "vllm" in words else words for words in found)
        found = [words if words[0] == "vllm" else ["vllm", "serve", "hub/model", *words] for words in whole]
    return [
        (program, _own(words[len(start) :], start))
        for words in found
        for start, program in PROGRAMS.items()
        if tuple(words[: len(start)]) == start
    ]


def _own(words, start):
    """The words that the engine reads; Dynamo keeps some for itself."""
    if start[-1] != "dynamo.vllm":
        return words
    kept = list(words)
    for option in OF_DYNAMO:
        if option in kept:
            at = kept.index(option)
            del kept[at : at + 2]
    return kept


EXPECTED = [pair for pair in PAIRS if pair.values[1] != "trtllm" and not pair.values[0].startswith("compiled")]


@pytest.mark.parametrize(("case", "name"), EXPECTED)
def test_every_option_is_one_that_the_engines_parser_lists(case, name, tmp_path):
    found = calls(case, name, tmp_path)

    assert found
    for program, words in found:
        listed = engines.known(program)
        for option, values in reading.options(words).items():
            # argparse and vLLM's parser read `--no-x` for a switch `--x`.
            plain = option if option in listed else option.replace("--no-", "--", 1)
            assert plain in listed, f"{program} has no {option}"
            choices = listed[plain]
            assert choices is None or all(value in choices for value in values), (option, values)


@pytest.mark.parametrize(("case", "name"), EXPECTED)
def test_the_engines_own_parser_accepts_the_arguments(case, name, tmp_path):
    for program, words in calls(case, name, tmp_path):
        try:
            parser = engines.parser(program)
        except ImportError as missing:
            pytest.skip(f"{program}: {missing}")
        # A bare model in front is what the command itself takes.
        given = words[1:] if words and not words[0].startswith("-") else words
        numbered = [word.replace("$(LWS_WORKER_INDEX)", "1") for word in given]

        parser.parse_args(numbered)


@pytest.mark.parametrize(("case", "name"), PAIRS)
def test_shellcheck_finds_nothing_in_the_scripts(case, name, tmp_path):
    program = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}:/usr/bin:/usr/local/bin")
    folder = reading.written(EXPORTS[name].write(cases.result(case)), tmp_path)
    scripts = sorted(folder.glob("*.sh"))

    done = subprocess.run([program, *scripts], capture_output=True, text=True, check=False) if scripts else None

    assert (done.returncode, done.stdout) == (0, "") if done else name == "compose"


@pytest.mark.parametrize("case", ["plain", "wide", "compiled"])
def test_kubernetes_schemas_accept_the_manifests(case):
    manifests = list(yaml.safe_load_all(EXPORTS["kubernetes"].write(cases.result(case))["serve.yaml"]))

    kinds = [manifest["kind"] for manifest in manifests]
    for manifest in manifests:
        if manifest["kind"] == "LeaderWorkerSet":  # a resource of its own: its pods are Kubernetes'
            for template in ("leaderTemplate", "workerTemplate"):
                pod = manifest["spec"]["leaderWorkerTemplate"][template]
                inner = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": pod["spec"]}
                kubernetes_validate.validate(inner, "1.33", strict=True)
        else:
            kubernetes_validate.validate(manifest, "1.33", strict=True)

    assert (
        kinds
        == {
            "plain": ["Service", "StatefulSet", "ConfigMap", "Deployment", "Service"],
            "wide": ["LeaderWorkerSet", "Service"],
            "compiled": ["ConfigMap", "Service", "StatefulSet", "Service"],
        }[case]
    )


@pytest.mark.parametrize("case", ["apart", "wide", "experts", "compiled"])
def test_dynamos_pods_are_kubernetes_pods_and_have_the_gpus_of_the_plan(case):
    result = cases.result(case)

    graph = yaml.safe_load(EXPORTS["dynamo"].write(result)["dynamo.yaml"])

    gpus = 0
    for component in graph["spec"]["components"]:
        pod = component["podTemplate"]["spec"]
        inner = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": pod}
        kubernetes_validate.validate(inner, "1.33", strict=True)
        each = int(pod["containers"][0].get("resources", {}).get("limits", {}).get("nvidia.com/gpu", 0))
        gpus += each * component["replicas"] * component.get("multinode", {}).get("nodeCount", 1)
    assert gpus == result["plan"]["gpus"]


@pytest.mark.parametrize("case", [case for case, name in cases.GOLDEN if name == "compose"])
def test_composes_own_schema_accepts_the_file(case):
    schema = json.loads((ROOT / "tests/house/compose-spec/compose-spec.json").read_text())

    document = yaml.safe_load(EXPORTS["compose"].write(cases.result(case))["compose.yaml"])

    jsonschema.Draft7Validator(schema).validate(document)
    replicas = sum(pool["replicas"] for pool in cases.POOLS[case])
    assert len(document["services"]) == replicas + (replicas > 1)


def test_manifests_are_applied_with_the_readers_names(tmp_path):
    folder = reading.written(EXPORTS["dynamo"].write(cases.result("apart")), tmp_path)

    done, _ = reading.run("apply.sh", folder)

    applied = yaml.safe_load((folder / "told.input").read_text())
    images = {component["podTemplate"]["spec"]["containers"][0]["image"] for component in applied["spec"]["components"]}
    assert done.returncode == 0, done.stderr
    assert images == {reading.FILLED["IMAGE"]}
