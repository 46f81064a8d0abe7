"""Exports read back: scripts are run with a `torchrun` that tells its arguments, modules and documents are parsed."""

import ast
import json
import os
import re
import subprocess
import tomllib
from pathlib import Path

from solvers.training.exports.planned import planned

FILLED = {
    "MEGATRON_DIR": "/megatron", "DATA_PATH": "/data/text", "TOKENIZER": "hub/tokenizer", "CHECKPOINT_DIR": "/out",
    "SAVE_INTERVAL": "500", "LR": "3e-4", "ROTARY_BASE": "500000", "TRAIN_STEPS": "1000", "MASTER_ADDR": "first",
    "NODE_RANK": "0", "HF_ASSETS": "/assets", "DATASET": "c4", "DUMP_DIR": "/out", "TRAIN_SCRIPT": "/run_clm.py",
    "IMAGE": "registry/trainer:1", "DATA_CLAIM": "lake",
}  # fmt: skip
TELL = '#!/usr/bin/env bash\nprintf "%s\\0" "$(basename "$0")" "$@" >> "${TOLD}"\n[ -t 0 ] || cat >> "${TOLD}.input"\n'
SRUN = '#!/usr/bin/env bash\nwhile [ "$1" != bash ]; do shift; done\nSLURM_NODEID=3 exec "$@"\n'
SCONTROL = '#!/usr/bin/env bash\nprintf "node-a\\nnode-b\\n"\n'


def written(files, folder):
    """The files in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def run(script, folder, *, without=(), **more):
    """What the script started: a list of calls, each a list of words; and how it ended."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    for name, text in {"torchrun": TELL, "kubectl": TELL, "srun": SRUN, "scontrol": SCONTROL}.items():
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    told = folder / "told"
    told.unlink(missing_ok=True)
    environment = {"PATH": f"{tools}:{os.environ['PATH']}", "TOLD": str(told), **FILLED, **more}
    for name in without:
        environment.pop(name)
    done = subprocess.run(
        ["bash", str(folder / script)],
        env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    words = told.read_text().split("\0")[:-1] if told.exists() else []
    return done, words


def options(words):
    """`--name value...` as a mapping; names without a value hold nothing."""
    found, name = {}, None
    for word in words:
        if word.startswith("--"):
            name = word
            found[name] = []
        elif name:
            found[name].append(word)
    return found


def megatron(words):
    """What a call of pretrain_gpt.py fixes."""
    given = options(words)

    def number(name, default=1):
        return int(given[name][0]) if name in given else default

    pp, layers = number("--pipeline-model-parallel-size"), number("--num-layers")
    chunk = number("--num-layers-per-virtual-pipeline-stage", layers // pp)
    stages = given.get("--pipeline-model-parallel-layout")
    world = number("--nnodes") * number("--nproc-per-node")
    tp, cp = number("--tensor-model-parallel-size"), number("--context-parallel-size")
    sharding = {"optim_grads": 2, "optim_grads_params": 3}
    zero = int("--use-distributed-optimizer" in given)
    if "--data-parallel-sharding-strategy" in given:
        zero = sharding[given["--data-parallel-sharding-strategy"][0]]
    return {
        "nodes": number("--nnodes"), "gpus": world, "tp": tp, "pp": pp, "cp": cp, "dp": world // (tp * pp * cp),
        "vpp": layers // pp // chunk, "ep": number("--expert-model-parallel-size"),
        "layers_per_stage": tuple(part.count("t") for part in stages[0].split("|")) if stages else (layers // pp,) * pp,
        "micro_batch": number("--micro-batch-size"), "global_batch": number("--global-batch-size"),
        "sequence_length": number("--seq-length"), "steps": number("--train-iters"),
        "sequence_parallel": "--sequence-parallel" in given, "zero": zero,
        "recompute": (given.get("--recompute-granularity") or ["none"])[0],
        "precision": _megatron_precision(given),
    }  # fmt: skip


def _megatron_precision(given):
    for name, precision in (("--fp8-format", "fp8"), ("--fp4-format", "fp4"), ("--fp16", "fp16")):
        if name in given:
            return precision
    return "bf16"


def bridge(text):
    """What a recipe fixes, read from its source."""
    found = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute | ast.Name | ast.Tuple):
            target = node.targets[0]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                names = [element.id for element in target.elts]
                found.update(zip(names, [element.value for element in node.value.elts], strict=True))
            elif isinstance(node.value, ast.Constant | ast.List):
                found[getattr(target, "attr", getattr(target, "id", ""))] = ast.literal_eval(node.value)
        if isinstance(node, ast.keyword) and isinstance(node.value, ast.Constant):
            found.setdefault(node.arg, node.value.value)
    world = found["NODES"] * found["GPUS_PER_NODE"]
    tp, pp, cp = (found[f"{n}_parallel_size"] for n in ("tensor_model", "pipeline_model", "context"))
    stages = found["pipeline_model_parallel_layout"]
    sharding = {"optim_grads": 2, "optim_grads_params": 3}
    mixed = found["mixed_precision"]
    return {
        "nodes": found["NODES"], "gpus": world, "tp": tp, "pp": pp, "cp": cp, "dp": world // (tp * pp * cp),
        "vpp": found["virtual_pipeline_model_parallel_size"] or 1, "ep": found.get("expert_model_parallel_size", 1),
        "layers_per_stage": tuple(part.count("t") for part in stages.split("|")) if stages else None,
        "micro_batch": found["micro_batch_size"], "global_batch": found["global_batch_size"],
        "sequence_length": found["seq_length"], "steps": found.get("STEPS", 1000),
        "sequence_parallel": found["sequence_parallel"],
        "zero": sharding.get(found.get("data_parallel_sharding_strategy"), int(found["use_distributed_optimizer"])),
        "recompute": found["recompute_granularity"] or "none",
        "precision": next((p for p in ("fp8", "fp4") if p in mixed), mixed.removesuffix("_mixed")),
    }  # fmt: skip


def torchtitan(text, words):
    """What a configuration and its launch fix."""
    config, launch = tomllib.loads(text), options(words)
    training, degrees = config["training"], config["parallelism"]
    pp, parts = degrees["pipeline_parallel_degree"], degrees.get("module_fqns_per_model_part")
    layers = [sum(name.startswith("layers.") for name in part) for part in parts or []]
    replicas, shards = degrees["data_parallel_replicate_degree"], degrees["data_parallel_shard_degree"]
    zero = {"always": 3, "never": 2}[degrees["fsdp_reshard_after_forward"]] if shards > 1 else 0
    nodes = int(launch["--nnodes"][0])
    return {
        "nodes": nodes, "gpus": nodes * int(launch["--nproc-per-node"][0]), "tp": degrees["tensor_parallel_degree"],
        "pp": pp, "cp": degrees["context_parallel_degree"], "dp": replicas * shards,
        "vpp": len(parts) // pp if parts else 1, "ep": degrees.get("expert_parallel_degree", 1),
        "layers_per_stage": tuple(sum(layers[stage::pp]) for stage in range(pp)) if parts else None,
        "micro_batch": degrees.get("pipeline_parallel_microbatch_size", training["local_batch_size"]),
        "global_batch": training["global_batch_size"], "sequence_length": training["seq_len"],
        "steps": training["steps"] if "steps" in training else int(launch["--training.steps"][0]),
        "sequence_parallel": degrees["tensor_parallel_degree"] > 1, "zero": zero,
        "recompute": config["activation_checkpoint"]["mode"],
        "precision": "fp8" if "quantize" in config else "bf16",
    }  # fmt: skip


def deepspeed(text, words):
    """What a configuration and its launch fix."""
    config, launch = json.loads(text), options(words)
    nodes = int(launch["--nnodes"][0])
    gpus = nodes * int(launch["--nproc-per-node"][0])
    tp = config.get("tensor_parallel", {}).get("autotp_size", 1)
    return {
        "nodes": nodes, "gpus": gpus, "tp": tp, "pp": 1, "cp": 1, "dp": gpus // tp, "vpp": 1, "ep": 1,
        "layers_per_stage": None, "micro_batch": config["train_micro_batch_size_per_gpu"],
        "global_batch": config["train_batch_size"], "sequence_length": int(launch["--block_size"][0]),
        "steps": int(launch["--max_steps"][0]), "sequence_parallel": False,
        "zero": config["zero_optimization"]["stage"],
        "recompute": "full" if "--gradient_checkpointing" in launch else "none",
        "precision": next(name for name in ("bf16", "fp16") if config[name]["enabled"]),
    }  # fmt: skip


def fixed(result):
    """The same facts, from the result."""
    plan = planned(result)
    names = (
        "nodes", "gpus", "tp", "pp", "cp", "dp", "vpp", "ep", "micro_batch", "global_batch", "sequence_length",
        "sequence_parallel", "zero", "recompute", "precision", "layers_per_stage",
    )  # fmt: skip
    return {**{name: getattr(plan, name) for name in names}, "steps": plan.steps or 1000}


def read_back(name, files, folder):
    """What the files of a format fix, whichever framework they start."""
    where = written(files, Path(folder))
    if name == "bridge":
        return bridge(files["recipe.py"])
    start = next(file for file in ("megatron.sh", "torchtitan.sh", "deepspeed.sh") if file in files)
    script, more = start, {}
    if name == "slurm":
        script, more = "train.sbatch", {"SLURM_SUBMIT_DIR": str(where), "SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "n"}
    counted = "{TRAIN_STEPS:?" not in files[start]
    done, words = run(script, where, without=["TRAIN_STEPS"] if counted else [], **more)
    assert done.returncode == 0, done.stderr
    match start:
        case "megatron.sh":
            return megatron(words)
        case "torchtitan.sh":
            return torchtitan(files["torchtitan.toml"], words)
    return deepspeed(files["deepspeed.json"], words)


def sbatch(text):
    """The options of a batch script."""
    return dict(re.findall(r"^#SBATCH --([a-z-]+)=(\S+)$", text, flags=re.MULTILINE))
