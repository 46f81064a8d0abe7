"""A published measurement, one row of a table, as a job and a layout of the cost kernel.

The columns are those of the measurement files. What a source does not state is taken as its software does it: Megatron
shards the optimizer where it says `dist-optimizer`, stacks of 2021 keep attention scores and dropout masks. What a row
leaves open of recomputation, micro-batch and interleaving is chosen as its authors would have: the fastest that fits.
"""

from dataclasses import dataclass

from solvers import catalogue
from solvers.catalogue import Model, Node
from solvers.cost.adapters import TARGETS
from solvers.cost.architecture import architecture_of
from solvers.cost.block import Job
from solvers.cost.cluster import Hardware, hardware_of, paced
from solvers.cost.coefficients import Coefficients
from solvers.cost.flops import model_flops
from solvers.cost.layouts import FULL, Layouts, Shards
from solvers.cost.parts import Adapters
from solvers.errors import IsoflopError
from solvers.training.evidence.columns import NotExpressible, Row, number, precision_of, scaling_of, whole
from solvers.training.evidence.degrees import batch_of, gpus_of, layouts_of, recompute_of
from solvers.training.evidence.stacks import stack_of

GIB = 2.0**30
TERA = 1e12
GIGABIT_BYTES = 1e9 / 8
# Nodes of the catalogue for the GPUs of the tables, by what the table calls them (case and punctuation ignored). Primus
# calls its GPUs MI3xx: by the titles of its sections the dense models ran on the MI325X, the mixture on the MI355X.
NODES = {
    "a10080gb": "dgx-a100-80",
    "a10040gb": "dgx-a100-40",
    "h10080gb": "dgx-h100",
    "h100": "dgx-h100",
    "h200141gb": "hgx-h200",
    "h200": "hgx-h200",
    "h80080gb": "hgx-h800",
    "b200": "dgx-b200",
    "b300": "dgx-b300",
    "gb200": "gb200-nvl72",
    "gb300": "gb300-nvl72",
    "nvidiah100sxm580gb": "dgx-h100",
    "h10096gbhbm2e500w": "h100-96-server",
    "nvidiah200sxm5141gb": "hgx-h200",
    "v10032gbdgx2": "dgx-2",
    "nvidiablackwellgpub200sxm180gb": "dgx-b200",
    "mi300x": "mi300x-server",
    "mi325x": "mi325x-server",
    "mi355x": "mi355x-server",
}


@dataclass(frozen=True)
class Case:
    """A row as the kernel sees it: one layout, or all that agree with what the row states."""

    job: Job
    hardware: Hardware
    shards: Shards
    layouts: Layouts
    moe: bool
    nodes: int


def case_of(row: Row, coefficients: Coefficients) -> Case:
    """The row as a case; NotExpressible says what the model has no word for."""
    if row.get("task", "pretrain") not in ("", "pretrain", "sft", "lora"):
        raise NotExpressible(f"task {row['task']}")
    stack = stack_of(row)
    node = _node(row)
    gpus = gpus_of(row)
    nodes = -(-gpus // node.gpus)
    model = _model(row)
    batch = batch_of(row)
    hardware = hardware_of(node, gpus=gpus, precision=precision_of(row), scaling=scaling_of(row))
    job = Job(
        architecture=architecture_of(model, stack),
        stack=stack,
        cluster=paced(hardware, coefficients),
        coefficients=coefficients,
        sequence_length=whole(row, "seq_len"),
        global_batch=batch,
        adapters=_adapters(row),
    )
    shards, layouts = layouts_of(row, gpus=gpus, batch=batch, model=model)
    return Case(job=job, hardware=hardware, shards=shards, layouts=layouts, moe=model.moe is not None, nodes=nodes)


def measured_seconds(row: Row, case: Case) -> float | None:
    """Seconds of a step: stated, or from tokens/s and GPU, or from TFLOP/s under the source's own count; or None."""
    if seconds := number(row, "step_time_s"):
        return seconds
    tokens = float(case.job.global_batch * case.job.sequence_length)
    if rate := number(row, "tok_s_gpu"):
        return tokens / (rate * float(case.job.cluster.gpus))
    if flops := number(row, "tflops_gpu"):
        return _counted_flops(row, case) / (flops * TERA * float(case.job.cluster.gpus))
    return None


def measured_memory(row: Row) -> float | None:
    """Bytes of the peak, where the row states it."""
    peak = number(row, "peak_mem_gib")
    return peak * GIB if peak else None


def from_flops(row: Row) -> bool:
    """Whether the row's time has to be derived from TFLOP/s."""
    return not number(row, "step_time_s") and not number(row, "tok_s_gpu") and bool(number(row, "tflops_gpu"))


def _counted_flops(row: Row, case: Case) -> float:
    """FLOPs as Megatron counts them: full attention, and full recomputation where it is on.

    Source: equation 3 [narayanan2021efficient].
    """
    plain = float(model_flops(case.job, causal=False))
    if recompute_of(row) == FULL:
        head = float(6.0 * case.job.architecture.hidden * case.job.architecture.vocabulary)
        head *= float(case.job.sequence_length * case.job.global_batch)
        return (plain - head) * 4.0 / 3.0 + head
    return plain


def _adapters(row: Row) -> Adapters | None:
    """NVIDIA's recipes: rank 32 beside queries, keys and values; MLPerf's rules: rank 16 beside all of attention.

    Sources: Megatron-Bridge, scripts/performance/configs/llama/llama3_llm_finetune.py @ v0.4.0; the LoRA benchmark of
    MLPerf Training v4.1, whose submissions keep frozen weights in FP8.
    """
    if row.get("task") != "lora":
        return None
    if row.get("source", "").startswith("MLPerf"):
        return Adapters(rank=16.0, targets=TARGETS["attention"], frozen_bytes=1.0)
    return Adapters(rank=32.0, targets=TARGETS["qkv"])


def _node(row: Row) -> Node:
    plain = "".join(c for c in row["gpu"].lower() if c.isalnum())
    if plain == "mi3xx":
        plain = "mi355x" if row.get("arch") == "moe" else "mi325x"
    if plain not in NODES:
        raise NotExpressible(f"GPU {row['gpu']}")
    node = catalogue.node(NODES[plain])
    size = int(number(row, "gpus_per_node") or node.gpus)
    if row.get("inter_gbps_per_gpu") and node.nic:
        nic = node.nic.model_copy(update={"bytes_per_s": whole(row, "inter_gbps_per_gpu") * GIGABIT_BYTES})
        return node.model_copy(update={"gpus": size, "nic": nic, "nics": size})
    return node.model_copy(update={"gpus": size, "nics": max(node.nics * size // node.gpus, 1)})


def _model(row: Row) -> Model:
    """From the row's own sizes where it has them, else by name."""
    if number(row, "hidden") and number(row, "layers") and number(row, "heads"):
        gated = row.get("arch", "").startswith(("llama", "mistral", "qwen"))
        plain = row.get("arch", "").startswith(("gpt", "mpt"))
        return catalogue.model(
            {
                "layers": whole(row, "layers"),
                "hidden": whole(row, "hidden"),
                "heads": whole(row, "heads"),
                "kv_heads": int(number(row, "kv_heads") or 0),
                "gated": gated,
                "ffn": int(number(row, "ffn") or 4 * whole(row, "hidden")),
                "vocab": whole(row, "vocab"),
                "norm": "layernorm" if plain else "rmsnorm",
                "tied_embeddings": plain,
                "learned_positions": whole(row, "seq_len") if row.get("arch", "").startswith("gpt") else 0,
                "source": [{"title": row.get("source", "a measurement") or "a measurement"}],
            }
        )
    name, _, variant = row["model"].partition("(")
    try:
        found = catalogue.model(name.strip())
        return found.model_copy(update={"mtp_layers": 0}) if variant.startswith("w/o MTP") else found
    except IsoflopError:
        raise NotExpressible(f"model {row['model']}") from None
