"""What `python -m jobs.bench.own --kind serving` measures, and the table that it prints."""

from collections.abc import Sequence
from typing import Any

from solvers.documents import Document
from solvers.serving.own.document import ServingOwn
from solvers.serving.own.learn import learn
from solvers.serving.own.scores import score
from solvers.serving.spec import ServingSpec

Request = tuple[str, Document]

PRODUCTS = (
    (1, 2048, 1024), (4, 2048, 1024), (16, 2048, 1024), (64, 1024, 1024), (256, 1024, 1024), (512, 2048, 1024),
    (1, 4096, 2048), (8, 4096, 2048), (128, 512, 2048), (512, 512, 512),
)  # fmt: skip
# Sequences, queries, context, heads, heads of keys and values.
ATTENTION = ((1, 256, 256, 8, 8), (1, 512, 512, 12, 4), (4, 1, 512, 8, 8), (8, 1, 256, 12, 3), (2, 1, 1024, 16, 4),
             (1, 128, 512, 8, 8))  # fmt: skip
MICRO: tuple[Request, ...] = (
    ("gemm", {"precisions": ["bf16"], "shapes": [{"m": m, "n": n, "k": k} for m, n, k in PRODUCTS]}),
    ("memory_copy", {"sizes": [32e6, 128e6]}),
    ("attention", {
        "precision": "bf16", "repeats": 7,
        "cases": [
            {"batch": b, "queries": q, "context": c, "heads": h, "kv_heads": g, "head_dim": 64}
            for b, q, c, h, g in ATTENTION
        ],
    }),
    ("launch", {}),
)  # fmt: skip


def steps(hidden: int, layers: int, kv_heads: int, ffn: int, vocabulary: int, *shapes: tuple[int, int, int]) -> Request:
    """Steps of a model with heads of 64: sequences, new tokens of each, tokens before them."""
    model = {
        "hidden": hidden, "layers": layers, "heads": hidden // 64, "kv_heads": kv_heads, "ffn": ffn,
        "vocabulary": vocabulary,
    }  # fmt: skip
    asked = [{"sequences": s, "tokens": t, "start": b} for s, t, b in shapes]
    return "serving_step", {"model": model, "precision": "bf16", "repeats": 7, "steps": asked}


LEARNED = (
    steps(512, 4, 4, 1408, 4096, (1, 128, 0), (1, 512, 0), (4, 1, 256), (16, 1, 512)),
    steps(1024, 3, 8, 2816, 4096, (1, 256, 0), (1, 1, 512), (8, 1, 256), (32, 1, 128)),
    steps(768, 4, 4, 2048, 8192, (1, 64, 512), (2, 256, 0), (4, 1, 1024)),
)
FORETOLD = (
    steps(640, 5, 5, 1728, 4096, (1, 256, 0), (1, 128, 512), (8, 1, 512), (2, 1, 128)),
    steps(1280, 3, 4, 3456, 4096, (1, 128, 0), (1, 512, 0), (1, 1, 256), (16, 1, 256)),
    steps(512, 8, 8, 1536, 2048, (1, 384, 0), (4, 1, 768), (24, 1, 256)),
    steps(896, 4, 7, 2432, 8192, (1, 192, 192), (6, 1, 384), (12, 1, 96)),
)


def told(node: Document, found: Document) -> str:
    """Errors of steps not learned from: after micro-benchmarks alone, and after steps too."""
    micro = [one for one in found["learned"] if one["recipe"] != "serving_step"]
    parts = []
    for title, some in (("micro-benchmarks alone", micro), ("micro-benchmarks and steps", found["learned"])):
        own = learned(node, some)
        parts.append(f"{title}\n{table(own, score(own, found['foretold']))}")
    return "\n".join(parts)


def learned(node: Document, documents: Sequence[Document]) -> ServingOwn:
    """What the measurements teach."""
    return ServingOwn.model_validate(learn(spec_for(node), documents))


def spec_for(node: Document) -> ServingSpec:
    """A plan for the machine: what is learned from is the same whatever it serves."""
    return ServingSpec.model_validate(
        {
            "kind": "serving",
            "model": "llama-3.2-1b",
            "hardware": {"node": node, "nodes": 1},
            "traffic": {"rate": 0.01, "input": 128, "output": 16},
            "slo": {"ttft": "60 s", "tpot": "5 s"},
        }
    )


def table(own: ServingOwn, scored: Document) -> str:
    """The coefficients, what was set aside, and the errors."""
    names = list(scored["steps"][0]["foretold"])
    lines = [f"{own.device}, {own.stack}: {own.title}"]
    lines += [
        f"{one.name:24}{one.before:12.4g} -> {one.value:10.4g}  spread {one.spread:.2f}  {one.recipe}"
        for one in own.coefficients
    ]
    lines += [f"set aside: {left.recipe}, row {left.row}: {left.reason}" for left in own.aside]
    head = f"{'layers hidden sequences tokens start':38}{'measured':>10}"
    lines.append(head + "".join(f"{name:>12}" for name in names))
    lines += [_line(one, names) for one in scored["steps"]]
    for kind, errors in scored["errors"].items():
        for which in ("mean", "worst"):
            cells = "".join(f"{errors[name][which]:12.1%}" for name in names)
            lines.append(f"{f'{kind}, {which} error':48}" + cells)
    return "\n".join([*lines, f"80 % interval covers {100 * scored['covered']:.0f} %\n"])


def _line(one: dict[str, Any], names: list[str]) -> str:
    shape = f"{one['layers']:6} {one['hidden']:6} {one['sequences']:9} {one['tokens']:6} {one['start']:5}"
    errors = "".join(f"{one['foretold'][name] / one['seconds'] - 1.0:+12.1%}" for name in names)
    return f"{shape:38}{one['seconds']:10.4f}{errors}"
