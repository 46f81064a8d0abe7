"""What the machine of the tests is asked to measure."""

from typing import Any

from solvers.documents import Document
from tests.solvers.training.own.machine import sent

SHAPES = [(512, 256, 256), (256, 768, 256), (512, 512, 512), (512, 1536, 512), (1024, 1024, 1024), (256, 4096, 768)]
CASES = [(2, 256, False), (2, 256, True), (1, 1024, False), (1, 1024, True)]
MICRO: tuple[tuple[str, Document], ...] = (
    ("gemm", {"precisions": ["bf16"], "shapes": [{"m": m, "n": n, "k": k} for m, n, k in SHAPES]}),
    ("memory_copy", {"sizes": [32e6, 128e6]}),
    ("elementwise", {"precision": "bf16", "operations": ["add", "rms_norm", "silu_mul", "rotary", "adam"]}),
    ("attention", {
        "precision": "bf16",
        "cases": [
            {"batch": b, "queries": s, "context": s, "heads": 8, "kv_heads": 8, "head_dim": 64, "backward": w}
            for b, s, w in CASES
        ],
    }),
    ("launch", {}),
)  # fmt: skip


def step(hidden: int, layers: int, vocabulary: int, length: int, **more: Any) -> Document:
    """Parameters of a training step."""
    model = {"hidden": hidden, "layers": layers, "heads": hidden // 64, "ffn": 3 * hidden, "vocabulary": vocabulary}
    return {"model": model, "sequence_length": length, "precision": "bf16", **more}


LEARNED = (
    step(256, 4, 2048, 256), step(512, 4, 4096, 256, micro_batch=2), step(512, 8, 2048, 512),
    step(384, 6, 8192, 128, micro_batch=4), step(768, 3, 2048, 256, micro_batches=2),
)  # fmt: skip
FORETOLD = (
    step(512, 6, 4096, 256, micro_batches=2), step(640, 4, 4096, 256), step(256, 6, 8192, 256, micro_batch=4),
    step(1024, 2, 4096, 256), step(512, 2, 2048, 1024),
)  # fmt: skip


def _mixture(hidden: int, layers: int, length: int, experts: int, top_k: int, ffn: int, **more: Any) -> Document:
    asked = step(hidden, layers, 2048, length, **more)
    moe = {"experts": experts, "top_k": top_k, "ffn": ffn}
    return {**asked, "model": {**asked["model"], "ffn": 0, "moe": moe}}


MIXTURES = (
    _mixture(256, 4, 512, 8, 2, 256), _mixture(512, 2, 256, 16, 4, 128, micro_batch=2),
    _mixture(384, 3, 512, 4, 1, 512), _mixture(512, 4, 512, 8, 2, 704, micro_batches=2),
)  # fmt: skip
UNSEEN = (_mixture(640, 3, 512, 8, 2, 512), _mixture(256, 6, 1024, 32, 4, 128))


def micro() -> list[Document]:
    """All micro-benchmarks."""
    return [sent(name, params) for name, params in MICRO]


def steps(asked: tuple[Document, ...] = LEARNED, *, seed: int = 1) -> list[Document]:
    """Training steps."""
    return [sent("training_step", params, seed=seed + place) for place, params in enumerate(asked)]
