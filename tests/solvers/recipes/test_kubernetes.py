import json

import kubernetes_validate
import pytest
import yaml

from solvers import recipes
from solvers.errors import SpecError
from solvers.recipes.kubernetes import manifest

SIZES = {"sizes": ["64 MB"], "repeats": 5}


def parts(params, **options):
    text = manifest(recipes.get("memory_copy"), params, image="registry.example/isoflop:1", **options)
    return {part["kind"]: part for part in yaml.safe_load_all(text)}


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_every_part_is_what_the_api_takes(device):
    for part in parts({**SIZES, "device": device}).values():
        kubernetes_validate.validate(part, "1.33", strict=True)


def test_the_request_is_the_recipe_with_its_checked_parameters():
    asked = json.loads(parts(SIZES)["ConfigMap"]["data"]["request.json"])

    assert asked == {"recipe": "memory_copy", "version": 1, "params": SIZES}


def test_a_gpu_is_asked_for_each_process_on_cuda_only():
    def limits(device):
        spec = parts({**SIZES, "device": device})["Job"]["spec"]["template"]["spec"]
        return spec["containers"][0]["resources"]

    assert (limits("cpu"), limits("cuda")) == ({}, {"limits": {"nvidia.com/gpu": "1"}})


def test_the_pod_runs_our_command_without_privileges():
    container = parts(SIZES)["Job"]["spec"]["template"]["spec"]["containers"][0]

    assert container["command"] == ["isoflop", "measure", "--request", "/isoflop/request.json"]
    assert container["securityContext"]["allowPrivilegeEscalation"] is False


def test_bad_parameters_are_refused_before_anything_is_written():
    with pytest.raises(SpecError):
        parts({"command": "id"})
