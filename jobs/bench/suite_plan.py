"""What is measured to learn a device: products, attention, memory and launches, then the steps that these explain.

The steps are of an 8B model, of one of eight GPUs' share of a 70B model, and of training a few layers of the 8B one
and a whole one of 1B. Micro-measurements come first: a suite that is cut short has learned the device, and lacks its
examination.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from solvers.documents import Document

# Shapes of Llama 3.1 [dubey2024llama3, table 3]; the share has a whole hidden width and an eighth of the rest.
HEAD = {"head_dim": 128}
LLAMA_8B = {**HEAD, "hidden": 4096, "layers": 32, "heads": 32, "kv_heads": 8, "ffn": 14336, "vocabulary": 128256}
SHARE_70B = {**HEAD, "hidden": 8192, "layers": 80, "heads": 8, "kv_heads": 1, "ffn": 3584, "vocabulary": 16032}

LLAMA_1B = {"hidden": 2048, "layers": 16, "heads": 32, "kv_heads": 8, "ffn": 8192, "vocabulary": 128256}


@dataclass(frozen=True)
class Entry:
    """One measurement of the suite: its name, its recipe's and the parameters' document."""

    name: str
    recipe: str
    params: Document


@dataclass(frozen=True)
class Scale:
    """How large everything is: models, tokens of products, contexts, sequences, tokens cached at once, bytes copied."""

    models: dict[str, Document]
    tokens: tuple[int, ...]
    contexts: tuple[int, ...]
    sequences: tuple[int, ...]
    most_cached: int
    buffers: tuple[float, ...]
    widths: tuple[int, ...]
    trained_whole: Document
    trained_layers: tuple[int, ...]
    trained_tokens: int
    kernels: int
    common: Document


FULL = Scale(
    models={"8b": LLAMA_8B, "70b-share": SHARE_70B},
    tokens=(1, 4, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384),
    contexts=(512, 2048, 8192, 32768),
    sequences=(1, 8, 32, 128),
    most_cached=262_144,
    buffers=(1e6, 16e6, 256e6, 2e9, 8e9),
    widths=(4096, 8192),
    trained_whole={**LLAMA_1B, "tied_embeddings": True},
    trained_layers=(2, 4),
    trained_tokens=4096,
    kernels=1000,
    common={"device": "cuda", "warmup": 3, "repeats": 15},
)
SMALL = {"hidden": 32, "layers": 3, "heads": 4, "kv_heads": 2, "head_dim": 8, "ffn": 64, "vocabulary": 64}
TINY = Scale(
    models={"8b": SMALL, "70b-share": {**SMALL, "heads": 2, "kv_heads": 1, "ffn": 16}},
    tokens=(1, 8),
    contexts=(16,),
    sequences=(1, 2),
    most_cached=64,
    buffers=(1e4,),
    widths=(32,),
    trained_whole={**SMALL, "tied_embeddings": True},
    trained_layers=(1, 2),
    trained_tokens=16,
    kernels=10,
    common={"device": "cpu", "warmup": 0, "repeats": 3, "threads": 1},
)


def entries(scale: Scale, *, device: str) -> tuple[Entry, ...]:
    """The suite on a device, in order."""
    common, cuda = {**scale.common, "device": device}, device == "cuda"
    return tuple(
        Entry(name, recipe, {**common, **params})
        for part in (_machine(scale, cuda=cuda), _operators(scale, cuda=cuda), _steps(scale))
        for name, recipe, params in part
    )


Asked = Iterator[tuple[str, str, Document]]


def _machine(scale: Scale, *, cuda: bool) -> Asked:
    yield "memory", "memory_copy", {"sizes": list(scale.buffers)}
    yield "launch", "launch", {"modes": ["eager", "graph"] if cuda else ["eager"], "kernels": scale.kernels}


def _operators(scale: Scale, *, cuda: bool) -> Asked:
    for name, model in scale.models.items():
        shapes = list(_products(model, scale))
        yield f"products-{name}", "gemm", {"shapes": shapes, "precisions": ["bf16"]}
        if cuda:
            yield f"products-fp8-{name}", "gemm", {"shapes": shapes, "precisions": ["fp8"]}
        yield f"attention-{name}", "attention", {"cases": list(_attention(model, scale)), "precision": "bf16"}
    sizes = [{"rows": rows, "width": width} for rows in scale.tokens for width in scale.widths]
    operations = ["add", "rms_norm", "silu_mul", "gelu", "rotary", "softmax"]
    yield "elementwise", "elementwise", {"operations": operations, "sizes": sizes, "precision": "bf16"}
    updates = [{"rows": scale.tokens[-1], "width": width} for width in scale.widths]
    yield "adam", "elementwise", {"operations": ["adam"], "sizes": updates}


def _steps(scale: Scale) -> Asked:
    for name, model in scale.models.items():
        longest = max(scale.contexts)
        decode = [
            {"sequences": many, "start": start}
            for many in scale.sequences
            for start in scale.contexts
            if many * start <= scale.most_cached
        ]
        prefill = [{"tokens": tokens} for tokens in (*scale.tokens[-6:], longest)]
        chunks = [{"tokens": min(scale.contexts), "start": start} for start in scale.contexts]
        shared = {"model": model, "precision": "bf16"}
        yield f"decode-{name}", "serving_step", {**shared, "steps": decode}
        yield f"prefill-{name}", "serving_step", {**shared, "steps": [*prefill, *chunks]}
    model, tokens = scale.models["8b"], scale.trained_tokens
    counts = {"model": model, "measured_layers": list(scale.trained_layers)}
    for what, said in (("8b-layers", counts), ("1b", {"model": scale.trained_whole})):
        trained = {**said, "sequence_length": tokens, "precision": "bf16", "micro_batches": 2}
        for again in ("none", "selective", "full"):
            yield f"training-{what}-{again}", "training_step", {**trained, "recompute": again}
        short = {"sequence_length": tokens // 4, "micro_batch": 4, "micro_batches": 1}
        yield f"training-{what}-short", "training_step", {**trained, **short}
    yield "layer-memory", "peak_memory", {"model": model, "sequence_length": tokens, "precision": "bf16"}


def _products(model: Document, scale: Scale) -> Iterator[Document]:
    """The matrices of a layer and the head, for each number of tokens; equal shapes once."""
    hidden, width = model["hidden"], model["head_dim"]
    matrices = {
        ((model["heads"] + 2 * model["kv_heads"]) * width, hidden),
        (hidden, model["heads"] * width),
        (model["ffn"], hidden),
        (hidden, model["ffn"]),
        (model["vocabulary"], hidden),
    }
    for n, k in sorted(matrices):
        yield from ({"m": tokens, "n": n, "k": k} for tokens in scale.tokens)


def _attention(model: Document, scale: Scale) -> Iterator[dict[str, Any]]:
    """Prompts, chunks after the longest half, single tokens of many sequences, and a training step's both passes."""
    heads = {name: model[name] for name in ("heads", "kv_heads", "head_dim")}
    for context in scale.contexts:
        yield {**heads, "queries": context, "context": context}
        yield {**heads, "queries": min(scale.contexts), "context": 2 * context}
        yield from ({**heads, "batch": many, "queries": 1, "context": context} for many in scale.sequences)
    yield {**heads, "queries": scale.trained_tokens, "context": scale.trained_tokens, "backward": True}
