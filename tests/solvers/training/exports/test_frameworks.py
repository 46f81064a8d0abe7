"""The files before the parsers of those who read them: where one is not installed, its tests say so.

shellcheck and the schemas of Kubernetes come with the test extra. The others want a line of their own, without their
dependencies on CUDA: `pip install --no-deps torchtitan==0.2.2 deepspeed` with what they then miss, and for Megatron-LM
ISOFLOP_MEGATRON_LM=FOLDER, a checkout such as core_v0.16.1.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from solvers import kinds
from tests.solvers.training.exports import cases, reading

EXPORTS = {export.name: export for export in kinds.get("training").exports}
MEGATRON = os.environ.get("ISOFLOP_MEGATRON_LM", "")
# A recipe of Bridge is Python; every other framework is started by a script.
SCRIPTED = [(case, name) for case, name in cases.GOLDEN if name != "bridge"]
# What a machine without CUDA and Transformer Engine needs; the parser is the same.
WITHOUT_CUDA = [
    "--transformer-impl", "local", "--no-rope-fusion", "--no-persist-layer-norm", "--no-gradient-accumulation-fusion",
]  # fmt: skip
PARSE = """
import json, sys, warnings
warnings.simplefilter("ignore")
import torch
torch.cuda.get_device_capability = lambda *_: (9, 0)
torch.cuda.get_device_properties = lambda *_: type("Hopper", (), {"major": 9, "minor": 0})
import megatron.core.utils
from packaging.version import Version
megatron.core.utils.get_te_version = lambda: Version("2.9")
from megatron.training.arguments import core_transformer_config_from_args, parse_args, validate_args
args = validate_args(parse_args())
core_transformer_config_from_args(args)
names = ("tensor_model_parallel_size", "pipeline_model_parallel_size", "context_parallel_size", "data_parallel_size",
         "expert_model_parallel_size", "micro_batch_size", "global_batch_size", "seq_length", "train_iters",
         "virtual_pipeline_model_parallel_size", "sequence_parallel", "use_distributed_optimizer")
print("READ" + json.dumps({name: getattr(args, name) for name in names}))
"""


def files(case, name):
    return EXPORTS[name].write(cases.result(case))


def of(name):
    return [pytest.param(case, id=case) for case, other in cases.GOLDEN if other == name]


@pytest.mark.parametrize(("case", "name"), [pytest.param(*pair, id="-".join(pair)) for pair in SCRIPTED])
def test_shellcheck_finds_nothing_in_the_scripts(case, name, tmp_path):
    program = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    folder = reading.written(files(case, name), tmp_path)
    scripts = [path for path in sorted(folder.iterdir()) if path.suffix in (".sh", ".sbatch")]

    done = subprocess.run([program, *scripts], capture_output=True, text=True, check=False)

    assert (len(scripts) > 0, done.returncode, done.stdout) == (True, 0, "")


@pytest.mark.parametrize("case", [*of("kubernetes"), "own"])
def test_kubernetes_schemas_accept_the_manifests(case):
    manifests = list(yaml.safe_load_all(files(case, "kubernetes")["job.yaml"]))

    for manifest in manifests:
        kubernetes_validate.validate(manifest, "1.33", strict=True)

    job = manifests[1]["spec"]
    plan = cases.result(case)["plan"]
    container = job["template"]["spec"]["containers"][0]
    gpus = int(container["resources"]["limits"]["nvidia.com/gpu"])
    assert (job["completions"], job["parallelism"], gpus * job["completions"]) == (
        plan["nodes"], plan["nodes"], plan["gpus"],
    )  # fmt: skip


def test_kubernetes_is_applied_with_the_image_and_the_claim(tmp_path):
    folder = reading.written(files("dense", "kubernetes"), tmp_path)

    done, words = reading.run("apply.sh", folder)

    applied = list(yaml.safe_load_all((folder / "told.input").read_text()))
    pod = applied[1]["spec"]["template"]["spec"]
    assert done.returncode == 0, done.stderr
    assert pod["containers"][0]["image"] == reading.FILLED["IMAGE"]
    assert pod["volumes"][1]["persistentVolumeClaim"]["claimName"] == reading.FILLED["DATA_CLAIM"]
    assert f"--from-file={folder}/megatron.sh" in words


@pytest.mark.parametrize("case", of("torchtitan"))
def test_torchtitan_reads_its_configuration(case, tmp_path):
    config = pytest.importorskip("torchtitan.config", reason="torchtitan 0.2 is not installed")
    folder = reading.written(files(case, "torchtitan"), tmp_path)

    read = config.ConfigManager().parse_args(["--job.config_file", str(folder / "torchtitan.toml")])

    expected = reading.fixed(cases.result(case))
    degrees = read.parallelism
    assert (
        degrees.tensor_parallel_degree, degrees.pipeline_parallel_degree, degrees.context_parallel_degree,
        degrees.data_parallel_replicate_degree * degrees.data_parallel_shard_degree, degrees.expert_parallel_degree,
        read.training.seq_len, read.training.global_batch_size, read.activation_checkpoint.mode,
    ) == tuple(
        expected[name] for name in ("tp", "pp", "cp", "dp", "ep", "sequence_length", "global_batch", "recompute")
    )  # fmt: skip


@pytest.mark.parametrize("case", of("deepspeed"))
def test_deepspeed_reads_its_configuration(case):
    config = pytest.importorskip("deepspeed.runtime.config", reason="deepspeed is not installed", exc_type=ImportError)
    expected = reading.fixed(cases.result(case))

    document = json.loads(files(case, "deepspeed")["deepspeed.json"])

    # The parser checks the batch against the processes there are: here one, with one rank's share.
    read = config.DeepSpeedConfig({**document, "train_batch_size": document["train_batch_size"] // expected["dp"]})

    assert (
        read.train_batch_size * expected["dp"], read.train_micro_batch_size_per_gpu, read.zero_config.stage,
    ) == (expected["global_batch"], expected["micro_batch"], expected["zero"])  # fmt: skip


@pytest.mark.skipif(not MEGATRON, reason="ISOFLOP_MEGATRON_LM names no checkout of Megatron-LM")
@pytest.mark.parametrize("case", of("megatron"))
def test_megatron_reads_its_arguments(case, tmp_path):
    result = cases.result(case)
    folder = reading.written(EXPORTS["megatron"].write(result), tmp_path)
    _, words = reading.run("megatron.sh", folder, without=["TRAIN_STEPS"] if "tokens" in cases.SPECS[case] else [])
    given = words[words.index("/megatron/pretrain_gpt.py") + 1 :]
    expected = reading.fixed(result)

    done = subprocess.run(
        [sys.executable, "-c", PARSE, *given, *WITHOUT_CUDA], capture_output=True, text=True, check=False,
        env={
            **os.environ, "PYTHONPATH": f"{MEGATRON}:{os.environ.get('PYTHONPATH', '')}", "RANK": "0",
            "WORLD_SIZE": str(expected["gpus"]),
            "CUDA_DEVICE_MAX_CONNECTIONS": "8" if "--use-megatron-fsdp" in given else "1",
        },
    )  # fmt: skip

    assert done.returncode == 0, done.stderr[-2000:]
    [line] = [line for line in done.stdout.splitlines() if line.startswith("READ")]
    read = json.loads(line.removeprefix("READ"))
    assert read == {
        "tensor_model_parallel_size": expected["tp"], "pipeline_model_parallel_size": expected["pp"],
        "context_parallel_size": expected["cp"], "data_parallel_size": expected["dp"],
        "expert_model_parallel_size": expected["ep"], "micro_batch_size": expected["micro_batch"],
        "global_batch_size": expected["global_batch"], "seq_length": expected["sequence_length"],
        "train_iters": expected["steps"],
        "virtual_pipeline_model_parallel_size": expected["vpp"] if expected["vpp"] > 1 else None,
        "sequence_parallel": expected["sequence_parallel"], "use_distributed_optimizer": expected["zero"] > 0,
    }  # fmt: skip
