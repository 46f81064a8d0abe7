"""Step cost and kernels against what others measured or predicted: `python -m solvers.cost.serving.references FOLDER`.

FOLDER holds the files; one that is absent is not compared. Nothing here was fitted to them. Each comparison is
predicted over reference, [n]: static steps of aiconfigurator 0.12.0 (of the operators that our curves were fitted to),
prompt and token times of Llama-2-70B by Splitwise, operators and all-reduces by Vidur, profiles of LLMServingSim.
"""

import csv
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np

from solvers.catalogue import model, node
from solvers.cost.layouts import Floats
from solvers.cost.serving.coefficients import DEFAULT
from solvers.cost.serving.job import EngineName, Layout, Limits, Numerics, ServingJob, Software, Weights
from solvers.cost.serving.kernels import one_product
from solvers.cost.serving.links import reduce_seconds
from solvers.cost.serving.lookup import curves_of
from solvers.cost.serving.steps import Compositions, decode_steps, mixed_steps, step_seconds, terms

NODES = {
    "a100_sxm": "dgx-a100-80", "h100_sxm": "dgx-h100", "h200_sxm": "hgx-h200", "b200_sxm": "dgx-b200",
    "l40s": "l40s-server", "a100-80gb": "dgx-a100-80", "h100-80gb": "dgx-h100", "a100": "dgx-a100-80",
    "h100": "dgx-h100", "a100_dgx": "dgx-a100-80", "h100_dgx": "dgx-h100", "RTX4090": "rtx-4090-box",
    "RTXPRO6000": "rtx-pro-6000-server",
}  # fmt: skip
WEIGHTS: dict[str, Weights] = {"bfloat16": "bf16", "fp8": "fp8", "fp8_block": "fp8_block", "nvfp4": "nvfp4", "": "bf16"}
Row = dict[str, str]


class Comparison(NamedTuple):
    """What was compared, and predicted over reference [n]."""

    name: str
    ratios: Floats

    @property
    def bias(self) -> float:
        """Median of the ratio less 1."""
        return float(np.median(self.ratios) - 1.0)

    @property
    def mape(self) -> float:
        """Mean absolute relative error."""
        return float(np.mean(np.abs(self.ratios - 1.0)))


def comparisons(folder: Path) -> Iterator[Comparison]:
    """All that the folder has files for."""
    for name, compare in SOURCES.items():
        if (folder / name).exists():
            yield from compare(_rows(folder / name), name)


def _rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def static_steps(rows: list[Row], _name: str) -> Iterator[Comparison]:
    """Steps without the host, whose time that source does not count."""
    decode, prefill = [], []
    for row in rows:
        if not row["caveat"]:
            batch, length = float(row["batch_size"]), float(row["isl"])
            job = _static_job(row, tokens=batch * length)
            steps = _prompt_and_token(job, batch=batch, length=length, context=length + 1.0)
            found = terms(steps, job)
            seconds = np.sum([values for name, values in found.items() if name != "host"], axis=0)
            prefill.append(float(seconds[0]) * 1e3 / float(row["prefill_ms"]))
            decode.append(float(seconds[1]) * 1e3 / float(row["decode_step_ms"]))
    yield Comparison("aiconfigurator 0.12.0, one prefill", np.array(prefill))
    yield Comparison("aiconfigurator 0.12.0, one decode step", np.array(decode))


def _static_job(row: Row, *, tokens: float) -> ServingJob:
    size = {name: int(float(row[name] or 1)) for name in ("tp", "pp", "attn_dp", "moe_ep", "batch_size")}
    experts = WEIGHTS[row["moe_quant"]] if row["moe_quant"] else None
    return ServingJob(
        model(row["model"]),
        node(NODES[row["system"]]),
        layout=Layout(tp=size["tp"], pp=size["pp"], dp=size["attn_dp"], ep=size["moe_ep"]),
        numerics=Numerics(WEIGHTS[row["gemm_quant"]], "fp8" if row["kvcache_quant"] == "fp8" else "fp16", experts),
        software=Software(cast("EngineName", row["backend"]), row["backend_db_version"]),
        limits=Limits(max(int(tokens), 512), max(size["batch_size"], 8), 131_072),
    )


def _prompt_and_token(job: ServingJob, *, batch: float, length: float, context: float) -> Compositions:
    """Two steps: `batch` prompts of `length`, and as many decodes of `context`."""
    decodes, chunks = np.array([0.0, batch]), np.array([batch, 0.0])
    return mixed_steps(decodes, np.array([0.0, context]), chunks=chunks, new=length, before=0.0, job=job)


def splitwise(rows: list[Row], _name: str) -> Iterator[Comparison]:
    """Llama-2-70B in 16 bit on vLLM of 2023, whose host did not work beside the device."""
    for hardware in ("a100-80gb", "h100-80gb"):
        prompt, token = [], []
        for row in (row for row in rows if row["hardware"] == hardware):
            batch, length, out = (float(row[name]) for name in ("batch_size", "prompt_size", "token_size"))
            job = ServingJob(
                model("llama-2-70b"),
                node(NODES[hardware]),
                layout=Layout(tp=int(row["tensor_parallel"])),
                software=Software("vllm", "0.2.0"),
                limits=Limits(max(int(batch * length), 512), max(int(batch), 8), 131_072),
            )
            seconds = step_seconds(_prompt_and_token(job, batch=batch, length=length, context=length + out / 2.0), job)
            prompt.append(float(seconds[0]) * 1e3 / float(row["prompt_time"]))
            token.append(float(seconds[1]) * 1e3 / float(row["token_time"]))
        yield Comparison(f"Splitwise {hardware}, prompt", np.array(prompt))
        yield Comparison(f"Splitwise {hardware}, token", np.array(token))


OPERATORS = {"attn_pre_proj_ms": "qkv", "attn_post_proj_ms": "out", "mlp_up_proj_ms": "up", "mlp_down_proj_ms": "down"}
VIDUR = {"Llama-2-70b-hf": "llama-2-70b", "Llama-2-7b-hf": "llama-2-7b", "Meta-Llama-3-8B": "llama-3-8b",
         "Meta-Llama-3-70B": "llama-3-70b"}  # fmt: skip


def linear_operators(rows: list[Row], _name: str) -> Iterator[Comparison]:
    """Products of a layer by tokens and ranks."""
    for device in ("a100", "h100"):
        found: list[float] = []
        for row in (row for row in rows if row["device"] == device and row["model"] in VIDUR):
            tp, tokens = int(row["num_tensor_parallel_workers"]), float(row["num_tokens"])
            shapes = _shapes(VIDUR[row["model"]], tp)
            job = _one(device)
            for column, name in OPERATORS.items():
                if row[column] and float(row[column]) > 0.0:
                    found.append(one_product(tokens, *shapes[name], job=job) * 1e3 / float(row[column]))
        yield Comparison(f"Vidur {device}, products", np.array(found))


def _shapes(name: str, tp: int) -> dict[str, tuple[float, float]]:
    """Columns and inner dimension of a layer's four products on one rank."""
    one = model(name)
    width, kv = one.heads * one.head_dim, one.kv_heads * one.head_dim
    return {
        "qkv": (width / tp + 2.0 * kv / min(tp, one.kv_heads), one.hidden),
        "out": (one.hidden, width / tp),
        "up": (2.0 * one.ffn / tp, one.hidden),
        "down": (one.hidden, one.ffn / tp),
    }


def _one(device: str, *, version: str = "") -> ServingJob:
    """A job that names a GPU and an engine; its model does not matter."""
    return ServingJob(model("llama-3.1-8b"), node(NODES[device]), software=Software("vllm", version))


def all_reduces(rows: list[Row], _name: str) -> Iterator[Comparison]:
    """NCCL's, launched by the host, in one node."""
    for fabric in ("a100_dgx", "h100_dgx"):
        job, found = _one(fabric), []
        for row in rows:
            ranks = int(row["num_workers"])
            if row["fabric"] == fabric and row["collective"] == "all_reduce" and ranks == int(row["devices_per_node"]):
                seconds = reduce_seconds(
                    np.array([float(row["size_bytes"])]), ranks=ranks, node=job.node, curve=curves_of(job).reduce,
                    coefficients=DEFAULT, graphs=False,
                )  # fmt: skip
                found.append(float(seconds[0]) * 1e3 / float(row["median_ms"]))
        if found:
            yield Comparison(f"Vidur {fabric}, all-reduces", np.array(found))


DENSE = {"qkv_proj": "qkv", "o_proj": "out", "gate_up_proj": "up", "down_proj": "down"}


def profile(rows: list[Row], name: str) -> Iterator[Comparison]:
    """Products of Llama-3.1-8B in vLLM 0.19."""
    device = name.split("_")[2]
    shapes, job = _shapes("llama-3.1-8b", 1), _one(device, version="0.19.0")
    found = [
        one_product(float(row["tokens"]), *shapes[DENSE[row["layer"]]], job=job) * 1e6 / float(row["time_us"])
        for row in rows
        if row["layer"] in DENSE
    ]
    yield Comparison(f"LLMServingSim {device}, products", np.array(found))


def attention_profile(rows: list[Row], name: str) -> Iterator[Comparison]:
    """Attention of one layer of Llama-3.1-8B in vLLM 0.19: decodes alone, and one chunk alone."""
    device = name.split("_")[2]
    job = _one(device, version="0.19.0")
    layers = float(job.model.layers)
    decodes: list[float] = []
    chunks: list[float] = []
    for row in rows:
        new, before, count, context = (
            float(row[key]) for key in ("prefill_chunk", "kv_prefill", "n_decode", "kv_decode")
        )
        if new and count:
            continue
        steps = decode_steps(np.array([count]), np.array([context]), job=job)
        if new:
            zero = np.zeros(1)
            steps = mixed_steps(zero, zero, chunks=np.ones(1), new=new, before=before, job=job)
        ratio = float(terms(steps, job)["attention"][0]) / layers * 1e6 / float(row["time_us"])
        (chunks if new else decodes).append(ratio)
    yield Comparison(f"LLMServingSim {device}, attention of decodes", np.array(decodes))
    yield Comparison(f"LLMServingSim {device}, attention of a chunk", np.array(chunks))


SOURCES: dict[str, Callable[[list[Row], str], Iterator[Comparison]]] = {
    "aiconfigurator_0.12.0_static_steps.csv": static_steps,
    "splitwise_a100_h100.csv": splitwise,
    "vidur_linear_ops_median_ms.csv": linear_operators,
    "vidur_network_median_ms.csv": all_reduces,
    "lss_profile_RTX4090_Llama-3.1-8B_tp1_dense.csv": profile,
    "lss_profile_RTXPRO6000_Llama-3.1-8B_tp1_dense.csv": profile,
    "lss_profile_RTX4090_Llama-3.1-8B_tp1_attention.csv": attention_profile,
    "lss_profile_RTXPRO6000_Llama-3.1-8B_tp1_attention.csv": attention_profile,
}


def main(folder: Path) -> None:
    """One line for each comparison."""
    sys.stdout.write(f"{'reference':<52}{'rows':>7}{'median':>9}{'MAPE':>8}{'p90':>8}\n")
    for found in comparisons(folder):
        p90 = float(np.quantile(np.abs(found.ratios - 1.0), 0.9))
        sys.stdout.write(f"{found.name:<52}{len(found.ratios):>7}{found.bias:>+9.1%}{found.mape:>8.1%}{p90:>8.1%}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
