"""Steps of mixtures of experts, which `python -m jobs.bench.own --mixtures` foretells.

Each model is foretold without its own measurement: as published; at the constant rate that other steps reach in the
middle (operations, of decodes bytes); after micro-benchmarks; after dense steps too; after the other mixtures too.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

from solvers.documents import Document

Request = tuple[str, Document]
Learn = Callable[[Sequence[Document]], Any]
Score = Callable[[Any, Sequence[Document]], Document]

STEPS = ("training_step", "serving_step")


@dataclass(frozen=True)
class Step:
    """What was measured, its seconds, and the relative error of each forecast of them."""

    what: str
    seconds: float
    errors: dict[str, float]


def _model(hidden: int, layers: int, kv_heads: int, vocabulary: int, moe: Document) -> Document:
    """A model with heads of 64, whose dense layers are as wide as what a token meets of its experts."""
    return {
        "hidden": hidden, "layers": layers, "heads": hidden // 64, "kv_heads": kv_heads, "vocabulary": vocabulary,
        "ffn": moe["top_k"] * moe["ffn"], "moe": moe,
    }  # fmt: skip


def _moe(experts: int, top_k: int, ffn: int, *, shared_ffn: int = 0, first_dense: int = 0) -> Document:
    return {"experts": experts, "top_k": top_k, "ffn": ffn, "shared_ffn": shared_ffn, "first_dense": first_dense}


def _trained(model: Document, length: int, batch: int, times: int) -> Request:
    asked = {"model": model, "sequence_length": length, "micro_batch": batch, "micro_batches": times}
    return "training_step", {**asked, "precision": "bf16"}


def _served(model: Document, *shapes: tuple[int, int, int]) -> Request:
    """Sequences, new tokens of each, tokens before them."""
    asked = [{"sequences": s, "tokens": t, "start": b} for s, t, b in shapes]
    return "serving_step", {"model": model, "precision": "bf16", "repeats": 7, "steps": asked}


TRAINED = (
    _trained(_model(256, 4, 4, 2048, _moe(8, 2, 256)), 256, 2, 1),
    _trained(_model(512, 4, 4, 4096, _moe(8, 2, 704)), 256, 2, 1),
    _trained(_model(512, 3, 8, 2048, _moe(16, 4, 256)), 512, 1, 1),
    _trained(_model(384, 4, 3, 4096, _moe(4, 1, 1024)), 128, 4, 1),
    _trained(_model(256, 6, 2, 2048, _moe(32, 4, 128)), 256, 4, 1),
    _trained(_model(768, 2, 4, 2048, _moe(8, 2, 1024)), 256, 1, 2),
    _trained(_model(512, 4, 4, 4096, _moe(8, 2, 512, shared_ffn=512, first_dense=1)), 256, 2, 1),
    _trained(_model(320, 4, 5, 2048, _moe(64, 8, 64)), 512, 2, 1),
)
SERVED = (
    _served(_model(512, 4, 4, 4096, _moe(8, 2, 704)), (1, 256, 0), (1, 1, 256), (8, 1, 256)),
    _served(_model(512, 4, 8, 4096, _moe(16, 4, 256)), (1, 512, 0), (4, 1, 512)),
    _served(_model(1024, 2, 8, 4096, _moe(8, 2, 1408)), (1, 128, 0), (16, 1, 128)),
    _served(_model(768, 3, 4, 4096, _moe(32, 4, 256, shared_ffn=512)), (1, 256, 256), (2, 1, 256)),
)


def foretold(found: Document, *, learn: Learn, score: Score) -> list[Step]:
    """Each step of a mixture, and how far it is from what foretold it."""
    dense, mixtures = found["learned"], found["mixtures"]
    micro = learn([one for one in dense if one["recipe"] not in STEPS])
    both = learn(dense)
    steps = []
    for document in mixtures:
        others = [*dense, *(one for one in mixtures if one is not document)]
        owns = {"micro": micro, "dense": both, "all others": learn(others)}
        steps += _steps(document, others, {name: score(own, [document])["steps"] for name, own in owns.items()})
    return steps


def means(steps: Sequence[Step]) -> dict[str, float]:
    """The mean of relative errors by what foretold."""
    return {name: fmean(abs(one.errors[name]) for one in steps) for name in steps[0].errors}


def table(steps: Sequence[Step]) -> str:
    """Seconds of each step, and relative errors."""
    mean = means(steps)
    lines = [f"{'layers hidden experts  of   ffn  tokens':44}{'measured':>10}" + "".join(f"{n:>12}" for n in mean)]
    lines += [f"{one.what:44}{one.seconds:10.4f}" + _shares(one.errors.values()) for one in steps]
    lines.append(f"{'mean error':54}" + "".join(f"{error:12.1%}" for error in mean.values()))
    return "\n".join(lines) + "\n"


def _shares(errors: Iterable[float]) -> str:
    return "".join(f"{error:+12.1%}" for error in errors)


def _steps(document: Document, others: Sequence[Document], scored: dict[str, list[Document]]) -> list[Step]:
    found = []
    for place, row in enumerate(document["rows"]):
        seconds = row["seconds"]["median"]
        said = {
            "published": next(iter(scored.values()))[place]["foretold"]["published"],
            "constant": _at_constant_rate(row, others),
            **{name: steps[place]["foretold"]["own"] for name, steps in scored.items()},
        }
        errors = {name: value / seconds - 1.0 for name, value in said.items()}
        found.append(Step(_words(document["params"], row), seconds, errors))
    return found


def _at_constant_rate(row: Document, others: Sequence[Document]) -> float:
    """Seconds at the median of the rates that steps of other models reach."""
    steps = [one for document in others if document["recipe"] in STEPS for one in document["rows"]]
    of = "bytes_per_s" if row.get("tokens") == 1 else "flops_per_s"
    alike = [one["rates"][of] for one in steps if (one.get("tokens") == 1) == (row.get("tokens") == 1)]
    amount = row["rates"][of] * row["seconds"]["median"]
    return float(amount / median(alike))


def _words(params: Document, row: Document) -> str:
    model, moe = params["model"], params["model"]["moe"]
    step = f"{row['sequences']} x {row['tokens']} + {row['start']}" if "tokens" in row else str(_tokens(params))
    experts = f"{moe['experts']:7} {moe['top_k']:3} {moe['ffn']:5}"
    return f"{row['layers']:6} {model['hidden']:6} {experts}  {step}"


def _tokens(params: Document) -> int:
    return int(params["sequence_length"] * params["micro_batch"] * params["micro_batches"])
