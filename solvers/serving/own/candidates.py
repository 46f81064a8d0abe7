"""What a node could measure of a serving plan: its own prefill and decode steps, and what they are made of.

Steps are those of one tensor-parallel rank's share of the model, in one process: the exchange between ranks is not
measured. Where the node or the budget bears no more, two small counts of layers stand for all, then shorter chunks and
contexts and smaller batches, then a smaller vocabulary. What is cut is said; the cost kernel says what it teaches.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from solvers.calibration.own.offered import (
    LAYERS,
    LENGTH_CUTS,
    REPEATS,
    TOKEN_CUTS,
    VOCABULARY_CUTS,
    Bounds,
    Candidate,
    Wish,
    copies,
    decoder,
    expressible,
    launches,
)
from solvers.catalogue import Model
from solvers.cost.serving.job import ServingJob
from solvers.cost.serving.work import work_of
from solvers.documents import Document
from solvers.serving.own.planned import Planned


@dataclass(frozen=True)
class Asked:
    """A plan's steps, and what bounds an experiment."""

    planned: Planned
    bounds: Bounds


def candidates(asked: Asked) -> list[Candidate]:
    """Everything that could be measured within the budget. Launches of a GPU's host teach nothing of serving."""
    makers: dict[str, Callable[[Asked], Iterator[Candidate]]] = {
        "gemm": _gemm, "memory_copy": lambda one: copies(one.bounds), "attention": _attention, "launch": _launch,
        "serving_step": _serving_steps,
    }  # fmt: skip
    usable = [name for name in makers if asked.bounds.node.measures(name)]
    found = [one for name in usable for one in makers[name](asked)]
    return list({(one.recipe, one.params): one for one in found}.values())


def products(job: ServingJob, tokens: int) -> list[tuple[int, int, int]]:
    """Rows, columns and inner size of a rank's products, the head's last: of `tokens`."""
    work = work_of(job.model, job.layout, job.numerics, None)
    pairs = zip(work.products.columns, work.products.inner, strict=True)
    found = [(tokens, max(round(columns), 1), max(round(inner), 1)) for columns, inner in pairs]
    head = (tokens, max(round(work.head_columns), 1), job.model.hidden)
    return list(dict.fromkeys([*found, head]))


def share(job: ServingJob, vocabulary: int) -> Document:
    """One rank's share of the model as the recipe has it: heads, feed-forward width and vocabulary cut."""
    model, tp = job.model, job.layout.tp
    cut = {"heads": max(model.heads // tp, 1), "kv_heads": _kv_heads(model, tp), "ffn": max(model.ffn // tp, 1)}
    return {**decoder(model, max(vocabulary // tp, 1)), **cut}


def _kv_heads(model: Model, tp: int) -> int:
    return max((model.kv_heads or model.heads) // tp, 1)


def _gemm(asked: Asked) -> Iterator[Candidate]:
    plan = asked.planned

    def wishes() -> Iterator[Wish]:
        for cut in TOKEN_CUTS:
            tokens = max(plan.chunk // cut, min(16, plan.chunk))
            shapes = dict.fromkeys([*products(plan.prefiller, tokens), *products(plan.decoder, plan.batch)])
            made = [{"m": m, "n": n, "k": k} for m, n, k in shapes]
            said = (f"{tokens:,} tokens in place of {plan.chunk:,}",) if cut > 1 else ()
            yield {"shapes": made, "precisions": ["bf16"], **REPEATS}, f"the plan's {len(made)} matrix products", said

    yield from asked.bounds.first("gemm", wishes())


def _attention(asked: Asked) -> Iterator[Candidate]:
    plan = asked.planned

    def wishes() -> Iterator[Wish]:
        for cut in TOKEN_CUTS:
            chunk, before, context = (max(n // cut, low) for n, low in _lengths(plan))
            said = (f"chunks of {chunk:,} tokens, contexts of {context:,}",) if cut > 1 else ()
            cases = [
                {"queries": chunk, "context": before + chunk, **_heads(plan.prefiller)},
                {"queries": 1, "context": context + 1, "batch": plan.batch, **_heads(plan.decoder)},
            ]
            asks = {"cases": cases, "precision": "bf16", **REPEATS}
            yield asks, "the plan's attention, of a prompt and of a decode", said

    yield from asked.bounds.first("attention", wishes())


def _lengths(plan: Planned) -> tuple[tuple[int, int], ...]:
    """Chunk, tokens before it, and context, with the least that each is cut to."""
    return (plan.chunk, min(16, plan.chunk)), (plan.before, 0), (plan.context, min(16, plan.context))


def _heads(job: ServingJob) -> Document:
    model, tp = job.model, job.layout.tp
    return {"heads": max(model.heads // tp, 1), "kv_heads": _kv_heads(model, tp), "head_dim": model.head_dim}


def _launch(asked: Asked) -> Iterator[Candidate]:
    if asked.bounds.node.device == "cpu":
        yield from launches(asked.bounds)


def _serving_steps(asked: Asked) -> Iterator[Candidate]:
    """A prefill and a decode, of as much of the model as fits, and of fewer layers."""
    if not expressible(asked.planned.decoder.model):
        return
    for wishes in (_prefills, _decodes):
        for layers in ((), *LAYERS):
            if max(layers, default=0) <= asked.planned.decoder.model.layers:
                yield from asked.bounds.first("serving_step", wishes(asked.planned, layers))


def _prefills(plan: Planned, layers: tuple[int, ...]) -> Iterator[Wish]:
    for vocabulary in VOCABULARY_CUTS:
        for cut in LENGTH_CUTS:
            chunk, before, _ = (max(n // cut, low) for n, low in _lengths(plan))
            said = f"chunks of {chunk:,} tokens" if cut > 1 else ""
            step = {"tokens": chunk, "start": before}
            yield _wish(plan.prefiller, step, layers, vocabulary, ("a prefill of the plan's chunk", said))


def _decodes(plan: Planned, layers: tuple[int, ...]) -> Iterator[Wish]:
    for vocabulary in VOCABULARY_CUTS:
        for cut in LENGTH_CUTS:
            batch, (_, _, context) = max(plan.batch // cut, 1), (max(n // cut, low) for n, low in _lengths(plan))
            said = f"{batch:,} sequences of {context:,} tokens" if cut > 1 else ""
            step = {"sequences": batch, "start": context}
            yield _wish(plan.decoder, step, layers, vocabulary, ("a decode of the plan's batch", said))


def _wish(job: ServingJob, step: Document, layers: tuple[int, ...], vocabulary: int, words: tuple[str, str]) -> Wish:
    model, tp = job.model, job.layout.tp
    kept = max(model.vocab // vocabulary, 1)
    document: Document = {
        "model": share(job, kept), "precision": "bf16", "steps": [step], "measured_layers": layers, **REPEATS,
    }  # fmt: skip
    cut = (
        f"{' and '.join(map(str, layers))} of {model.layers} layers" if layers else "",
        words[1],
        f"a vocabulary of {kept:,}" if vocabulary > 1 else "",
        f"one of {tp} tensor-parallel shares" if tp > 1 else "",
    )
    return document, words[0], cut
