"""The files before the names that their readers know: those of Dynamo, TensorRT-LLM, llm-d and LeaderWorkerSets.

`names/` holds the names alone, each list with the file and the version that it was read from: a mapping for a part, a
list for the words that are allowed, `*` for whatever the reader takes. Names of a list's entries are those of each.
"""

import json
from pathlib import Path

import pytest
import yaml

from solvers.serving.exports import EXPORTS as ALL
from tests.solvers.serving.exports import cases, reading

NAMES = Path(__file__).parent / "names"
EXPORTS = {export.name: export for export in ALL}
TRTLLM = [case for case, name in cases.GOLDEN if name == "trtllm"]


def known(stem):
    """The names in that file."""
    return json.loads((NAMES / f"{stem}.json").read_text())["names"]


def unknown(document, names, at=""):
    """Where a document holds what is not listed."""
    if names == "*":
        return []
    if isinstance(names, list):
        return [] if document in names else [f"{at}: {document}"]
    if isinstance(document, list):
        return [found for place, entry in enumerate(document) for found in unknown(entry, names, f"{at}/{place}")]
    if not isinstance(document, dict):
        return [f"{at}: {document}"]
    return [
        found
        for name, value in document.items()
        for found in (unknown(value, names[name], f"{at}/{name}") if name in names else [f"{at}/{name}"])
    ]


def given(words):
    """Options with their one value; a switch has none."""
    return {name: values[0] if values else True for name, values in reading.options(words).items()}


def written(case, name, **changes):
    return EXPORTS[name].write(cases.result(case, **changes))


def test_what_is_not_listed_is_found_where_it_stands():
    names = {"spec": {"kind": ["a", "b"], "any": "*", "parts": {"size": "*"}}}

    found = unknown({"spec": {"kind": "c", "any": {"x": 1}, "parts": [{"size": 1}, {"sise": 2}]}, "more": 1}, names)

    assert found == ["/spec/kind: c", "/spec/parts/1/sise", "/more"]


@pytest.mark.parametrize("path", sorted(NAMES.glob("*.json")), ids=lambda path: path.stem)
def test_each_list_says_where_it_is_from(path):
    listed = json.loads(path.read_text())

    assert set(listed) == {"program", "version", "source", "names"}
    assert listed["source"].startswith("github.com/")


@pytest.mark.parametrize("case", [case for case, name in cases.GOLDEN if name == "dynamo"])
def test_dynamo_knows_every_name_of_the_deployment(case):
    graph = yaml.safe_load(written(case, "dynamo")["dynamo.yaml"])

    assert unknown(graph, known("dynamo")) == []


@pytest.mark.parametrize(
    ("case", "changes"),
    [("compiled", {}), ("compiled-apart", {}), ("compiled", {"routing": "prefix_aware"})],
    ids=["one", "apart", "by prefix"],
)
def test_dynamos_worker_of_tensorrt_llm_knows_its_arguments_and_options(case, changes):
    graph = yaml.safe_load(written(case, "dynamo", **changes)["dynamo.yaml"])

    for component in graph["spec"]["components"][1:]:
        words = given(component["podTemplate"]["spec"]["containers"][0]["args"])
        assert unknown(words, known("dynamo-trtllm")) == []
        options = json.loads(words["--override-engine-args"])
        assert unknown(options, known("trtllm-options")) == []
        assert words["--kv-block-size"] == str(options["kv_cache_config"]["tokens_per_block"])


def test_dynamos_worker_of_vllm_knows_the_part_that_is_not_vllms():
    graph = yaml.safe_load(written("apart", "dynamo")["dynamo.yaml"])

    modes = []
    for component in graph["spec"]["components"][1:]:
        words = given(component["podTemplate"]["spec"]["containers"][0]["args"])
        own = {name: value for name, value in words.items() if name in known("dynamo-vllm")}
        modes.append(own)
        assert unknown(own, known("dynamo-vllm")) == []
    assert modes == [{"--disaggregation-mode": "prefill"}, {"--disaggregation-mode": "decode"}]


@pytest.mark.parametrize(
    ("case", "changes"),
    [
        *((case, {}) for case in TRTLLM),
        ("compiled", {"adapters": {"count": 2, "rank": 16}}),
        ("compiled", {"pools": [cases.pool(replicas=1, tp=1, dp=4, ep=4, precision=("fp8", "fp8"))]}),
        ("compiled-apart", {"routing": "prefix_aware"}),
    ],
)
def test_tensorrt_llm_knows_every_option(case, changes):
    files = written(case, "trtllm", **changes)

    for name, text in files.items():
        if name.endswith(".yaml"):
            listed = known("trtllm-disaggregated" if name == "disaggregated.yaml" else "trtllm-options")
            assert unknown(yaml.safe_load(text), listed) == [], name


@pytest.mark.parametrize("case", TRTLLM)
def test_trtllm_serve_knows_every_argument(case, tmp_path):
    files = written(case, "trtllm")
    folder = reading.written(files, tmp_path)

    for script in (name for name in files if name.endswith(".sh")):
        _, words = reading.run(script, folder)
        command = "disaggregated" if "disaggregated" in words else "serve"
        assert words[0] == "trtllm-serve"
        assert unknown(given(words), known("trtllm-serve")[command]) == []


@pytest.mark.parametrize("case", [case for case, name in cases.GOLDEN if name == "llm-d"])
def test_llm_ds_chart_knows_every_value(case):
    values = yaml.safe_load(written(case, "llm-d")["values.yaml"])

    assert unknown(values, known("llm-d-modelservice")) == []


def test_leader_worker_sets_know_every_name():
    manifests = list(yaml.safe_load_all(written("wide", "kubernetes")["serve.yaml"]))

    sets = [manifest for manifest in manifests if manifest["kind"] == "LeaderWorkerSet"]
    assert [unknown(manifest, known("leaderworkerset")) for manifest in sets] == [[]]
