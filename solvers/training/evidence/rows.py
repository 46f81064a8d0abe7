"""A published measurement, one row of a table, as a job and a layout of the cost kernel.

The columns are those of the measurement files. What a source does not state is taken as its software does it: Megatron
shards the optimizer where it says `dist-optimizer`, stacks of 2021 keep attention scores and dropout masks. What a row
leaves open of recomputation, micro-batch and interleaving is chosen as its authors would have: the fastest that fits.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from solvers import catalogue
from solvers.catalogue import Model, Node
from solvers.cost.architecture import architecture_of
from solvers.cost.block import Job
from solvers.cost.cluster import Hardware, hardware_of, paced
from solvers.cost.coefficients import Coefficients
from solvers.cost.flops import hardware_flops, model_flops
from solvers.cost.layouts import FULL, GPIPE, INTERLEAVED, NONE, ONE_F_ONE_B, SELECTIVE, Ints, Layouts, Shards
from solvers.cost.memory import peak_memory
from solvers.cost.parts import Stack
from solvers.cost.step import step_time
from solvers.errors import IsoflopError
from solvers.optimise.enumerate import divisors, product
from solvers.training.job import tables_of

Row = Mapping[str, str]
OLD_STACKS = ("Megatron-LM", "Megatron-DeepSpeed")
GIB = 2.0**30
TERA = 1e12
GIGABIT_BYTES = 1e9 / 8
# Nodes of the catalogue for the GPUs of the tables, by what the table calls them (case and punctuation ignored).
NODES = {
    "a10080gb": "dgx-a100-80",
    "a10040gb": "dgx-a100-40",
    "h10080gb": "dgx-h100",
    "h100": "dgx-h100",
    "h200141gb": "hgx-h200",
    "h200": "hgx-h200",
    "b200": "dgx-b200",
    "b300": "dgx-b300",
    "gb200": "gb200-nvl72",
    "gb300": "gb300-nvl72",
    "nvidiah100sxm580gb": "dgx-h100",
    "h10096gbhbm2e500w": "h100-96-server",
    "nvidiah200sxm5141gb": "hgx-h200",
    "v10032gbdgx2": "dgx-2",
    "nvidiablackwellgpub200sxm180gb": "dgx-b200",
}


class NotExpressible(Exception):
    """The row says something that the model has no word for; the message says what."""


@dataclass(frozen=True)
class Case:
    """A row as the kernel sees it: one layout, or all that agree with what the row states."""

    job: Job
    hardware: Hardware
    shards: Shards
    layouts: Layouts
    moe: bool
    nodes: int


@dataclass(frozen=True)
class Prediction:
    """What the kernel says of a row."""

    step_time_s: float
    memory_bytes: float
    fits: bool
    terms: dict[str, float]
    recompute: int


def case_of(row: Row, coefficients: Coefficients) -> Case:
    """The row as a case; NotExpressible says what the model has no word for."""
    if row.get("task", "pretrain") not in ("", "pretrain", "sft"):
        raise NotExpressible(f"task {row['task']}")
    if row.get("offload", "none") not in ("", "none"):
        raise NotExpressible("offload")
    stack = _stack(row)
    node = _node(row)
    gpus = _whole(row, "gpus")
    nodes = -(-gpus // node.gpus)
    model = _model(row)
    batch = _batch(row)
    hardware = hardware_of(node, gpus=gpus, precision=_precision(row))
    job = Job(
        architecture=architecture_of(model, stack),
        stack=stack,
        cluster=paced(hardware, coefficients),
        coefficients=coefficients,
        sequence_length=_whole(row, "seq_len"),
        global_batch=batch,
    )
    shards, layouts = _layouts(row, gpus=gpus, batch=batch, layers=model.layers)
    return Case(job=job, hardware=hardware, shards=shards, layouts=layouts, moe=model.moe is not None, nodes=nodes)


def predict(case: Case) -> Prediction:
    """Step time and peak memory of the fastest layout that fits, or of the smallest where none does."""
    tables = tables_of(case.shards, case.job)
    memory = peak_memory(case.layouts, tables.shards, tables.footprint, case.job)
    terms = step_time(case.layouts, tables.shards, tables.block, tables.footprint, case.job)
    fits = memory <= case.job.cluster.memory_bytes
    row = int(np.where(fits, terms.total, np.inf).argmin()) if fits.any() else int(memory.argmin())
    return Prediction(
        step_time_s=float(terms.total[row]),
        memory_bytes=float(memory[row]),
        fits=bool(fits[row]),
        terms=terms.terms(row),
        recompute=int(case.layouts.recompute[row]),
    )


def measured_seconds(row: Row, case: Case) -> float:
    """Seconds of a step: stated, or from tokens/s and GPU, or from TFLOP/s under the source's own count."""
    if seconds := _number(row, "step_time_s"):
        return seconds
    tokens = float(case.job.global_batch * case.job.sequence_length)
    if rate := _number(row, "tok_s_gpu"):
        return tokens / (rate * float(case.job.cluster.gpus))
    if flops := _number(row, "tflops_gpu"):
        return _counted_flops(row, case) / (flops * TERA * float(case.job.cluster.gpus))
    raise NotExpressible("no time")


def measured_memory(row: Row) -> float | None:
    """Bytes of the peak, where the row states it."""
    peak = _number(row, "peak_mem_gib")
    return peak * GIB if peak else None


def from_flops(row: Row) -> bool:
    """Whether the row's time has to be derived from TFLOP/s."""
    return not _number(row, "step_time_s") and not _number(row, "tok_s_gpu")


def _counted_flops(row: Row, case: Case) -> float:
    """FLOPs as Megatron counts them: full attention, and full recomputation where it is on.

    Source: equation 3 [narayanan2021efficient].
    """
    plain = float(model_flops(case.job, causal=False))
    if _recompute(row) == FULL:
        head = float(6.0 * case.job.architecture.hidden * case.job.architecture.vocabulary)
        head *= float(case.job.sequence_length * case.job.global_batch)
        return (plain - head) * 4.0 / 3.0 + head
    return plain


def hardware_share(case: Case, seconds: float, *, recompute: int) -> float:
    """Share of peak that `seconds` mean, with what is computed again."""
    flops = hardware_flops(case.job, recompute=recompute)
    return float(flops / (seconds * case.job.cluster.gpus * case.job.cluster.peak_flops_per_s))


def _stack(row: Row) -> Stack:
    """Megatron before 2023 kept scores and masks and did not overlap; its fp16 gradients had two bytes."""
    if row.get("stack", "") in OLD_STACKS:
        return Stack(attention="unfused", dropout=True, overlap=False, gradient_bytes=2 if _half(row) else 4)
    if "foundry" in row.get("stack", ""):
        return Stack(attention="flash1", gradient_bytes=2 if row.get("precision", "") == "bf16" else 4)
    return Stack()


def _half(row: Row) -> bool:
    return row.get("precision", "").lower() == "fp16"


def _node(row: Row) -> Node:
    plain = "".join(c for c in row["gpu"].lower() if c.isalnum())
    if plain not in NODES:
        raise NotExpressible(f"GPU {row['gpu']}")
    node = catalogue.node(NODES[plain])
    size = int(_number(row, "gpus_per_node") or node.gpus)
    if row.get("inter_gbps_per_gpu") and node.nic:
        nic = node.nic.model_copy(update={"bytes_per_s": _whole(row, "inter_gbps_per_gpu") * GIGABIT_BYTES})
        return node.model_copy(update={"gpus": size, "nic": nic, "nics": size})
    return node.model_copy(update={"gpus": size, "nics": max(node.nics * size // node.gpus, 1)})


def _model(row: Row) -> Model:
    """From the row's own sizes where it has them, else by name."""
    if _number(row, "hidden") and _number(row, "layers") and _number(row, "heads"):
        gated = row.get("arch", "").startswith(("llama", "mistral", "qwen"))
        plain = row.get("arch", "").startswith(("gpt", "mpt"))
        return catalogue.model(
            {
                "layers": _whole(row, "layers"),
                "hidden": _whole(row, "hidden"),
                "heads": _whole(row, "heads"),
                "kv_heads": int(_number(row, "kv_heads") or 0),
                "gated": gated,
                "ffn": int(_number(row, "ffn") or 4 * _whole(row, "hidden")),
                "vocab": _whole(row, "vocab"),
                "norm": "layernorm" if plain else "rmsnorm",
                "tied_embeddings": plain,
                "learned_positions": _whole(row, "seq_len") if row.get("arch", "").startswith("gpt") else 0,
                "source": [{"title": row.get("source", "a measurement") or "a measurement"}],
            }
        )
    name = row["model"].split("(")[0].strip()
    try:
        return catalogue.model(name)
    except IsoflopError:
        raise NotExpressible(f"model {row['model']}") from None


def _batch(row: Row) -> int:
    if _number(row, "gbs"):
        return _whole(row, "gbs")
    if _number(row, "mbs") and _number(row, "dp"):
        return _whole(row, "mbs") * _whole(row, "dp") * int(_number(row, "ga") or 1)
    raise NotExpressible("no batch")


def _precision(row: Row) -> str:
    text = row.get("precision", "").lower()
    if "fp4" in text:
        return "fp4"
    return "fp8" if "fp8" in text or "granularity" in text else "fp16" if "fp16" in text else "bf16"


def _recompute(row: Row) -> int | None:
    text = row.get("recompute", "").lower()
    if text in ("", "not stated"):
        return None
    return FULL if text == "full" else SELECTIVE if text.startswith("selective") else NONE


def _zero(row: Row, copies: int) -> int:
    text = row.get("sharding", "").lower()
    if copies == 1:
        return 0
    if "grad_op" in text:
        return 2
    if text.startswith(("fsdp", "zero-3", "zero3")):
        return 3
    return 0 if text == "none" else 1


def _layouts(row: Row, *, gpus: int, batch: int, layers: int) -> tuple[Shards, Layouts]:
    if not _number(row, "tp"):
        raise NotExpressible("no layout")
    tp, pp, cp, ep = (int(_number(row, name) or 1) for name in ("tp", "pp", "cp", "ep"))
    if gpus % (tp * pp * cp):
        raise NotExpressible("degrees do not divide the GPUs")
    dp = gpus // (tp * pp * cp)
    if batch % dp:
        raise NotExpressible("batch not divisible by data parallelism")
    if (tp * cp * dp) % ep:
        raise NotExpressible("ranks not divisible by expert parallelism")
    stated = _number(row, "mbs")
    if stated and (batch // dp) % int(stated):
        raise NotExpressible("batch not divisible by the micro-batch")
    sizes = np.array([int(stated)]) if stated else divisors(batch // dp)
    level = _recompute(row)
    levels = np.array([NONE, SELECTIVE, FULL] if level is None else [level])
    place, vpp, recompute = product(np.arange(len(sizes)), _chunks(row, pp=pp, layers=layers), levels)
    old = row.get("stack", "") in OLD_STACKS
    sequence_parallel = int(tp > 1 and (not old or "SP" in row.get("recompute", "")))
    one = np.ones_like(sizes)
    shards = Shards(tp * one, cp * one, ep * one, sizes, sequence_parallel * one)
    schedule = GPIPE if row.get("schedule") == "gpipe" else ONE_F_ONE_B
    many = np.ones(len(place))
    return shards, Layouts(
        shard=place,
        dp=dp * many,
        pp=pp * many,
        vpp=vpp.astype(np.float64),
        micro_batches=batch / (dp * sizes[place].astype(np.float64)),
        schedule=np.where(vpp > 1, INTERLEAVED, schedule),
        recompute=recompute,
        zero=np.full(len(place), _zero(row, dp * cp)),
    )


def _chunks(row: Row, *, pp: int, layers: int) -> Ints:
    """Model chunks of a stage: stated, or any where the row says only that it interleaves."""
    stated = _number(row, "vpp")
    if stated:
        return np.array([int(stated)])
    if pp > 1 and layers % pp == 0 and row.get("schedule", "").startswith("interleaved"):
        return divisors(layers // pp)
    return np.array([1])


def _number(row: Row, name: str) -> float | None:
    text = (row.get(name) or "").strip()
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _whole(row: Row, name: str) -> int:
    value = _number(row, name)
    if not value or value < 1:
        raise NotExpressible(f"no {name}")
    return int(value)
