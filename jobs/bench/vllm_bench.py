"""vLLM's own `bench latency`, as a process of its own with a fixed list of arguments."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from jobs.bench.timing import Bench
from solvers.documents import Document
from solvers.errors import Problem, SolveError
from solvers.recipes.vllm_bench import VllmBenchParams

LONGEST_S = 3600
DTYPES = {"fp32": "float32", "bf16": "bfloat16"}
SAID = 500


def row(params: VllmBenchParams, key: Document, bench: Bench) -> Document:
    """One batch. SolveError: vLLM is not installed, or what it said when it failed."""
    if find_spec("vllm") is None:
        raise SolveError(Problem("not_installed", "vLLM is not installed on this node.", "", "pip install vllm"))
    with TemporaryDirectory() as folder:
        latencies = _measured(params, key, Path(folder))
    return bench.told(latencies, clock="wall")


def _measured(params: VllmBenchParams, key: Document, folder: Path) -> list[float]:
    (folder / "config.json").write_text(json.dumps(config(params, key)), "utf-8")
    answer = folder / "latency.json"
    command = [sys.executable, "-m", "vllm.entrypoints.cli.main", *arguments(params, key, folder, answer)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST_S)
    except subprocess.TimeoutExpired:
        raise SolveError(Problem("vllm", f"vLLM took more than {LONGEST_S} s.", "")) from None
    if done.returncode or not answer.exists():
        raise SolveError(Problem("vllm", f"vLLM failed: {done.stderr.strip()[-SAID:]}", ""))
    latencies: list[float] = json.loads(answer.read_text("utf-8"))["latencies"]
    return latencies


def arguments(params: VllmBenchParams, key: Document, model: Path, answer: Path) -> list[str]:
    """The benchmark's arguments; nothing in them is text from outside."""
    said = {
        "model": model,
        "load-format": "dummy",
        "dtype": DTYPES[params.precision],
        "tensor-parallel-size": params.tp,
        "max-model-len": key["prompt"] + key["output"],
        "batch-size": key["requests"],
        "input-len": key["prompt"],
        "output-len": key["output"],
        "num-iters-warmup": params.warmup,
        "num-iters": params.repeats,
        "output-json": answer,
    }
    return [
        "bench",
        "latency",
        "--skip-tokenizer-init",
        "--disable-detokenize",
        *(f"--{name}={value}" for name, value in said.items()),
    ]


def config(params: VllmBenchParams, key: Document) -> Document:
    """The model as a Hugging Face configuration of a Llama."""
    model = params.model
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": model.hidden,
        "intermediate_size": model.ffn,
        "num_hidden_layers": model.layers,
        "num_attention_heads": model.heads,
        "num_key_value_heads": model.key_value_heads,
        "head_dim": model.head_width,
        "vocab_size": model.vocabulary,
        "tie_word_embeddings": model.tied_embeddings,
        "max_position_embeddings": key["prompt"] + key["output"],
        "hidden_act": "silu",
        "rms_norm_eps": 1e-5,
        "torch_dtype": DTYPES[params.precision],
    }
