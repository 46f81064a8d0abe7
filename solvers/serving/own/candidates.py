"""What a node could measure of a serving plan: its own prefill and decode steps, and what they are made of.

Steps are those of one tensor-parallel rank's share of the model, in one process: the exchange between ranks is not
measured. Where the node or the budget bears no more, two small counts of layers stand for all, then shorter chunks and
contexts and smaller batches, then a smaller vocabulary, and last of all fewer experts. What is cut is said: a measured
step is compared with what the cost kernel says of the model that was measured.
    experts of a rank   E / e of them where e ranks share all E; a token of the rank chooses k d / e of them, at least
                        one: as many as fall on the rank of the tokens of its d ranks with attention of their own
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

from solvers.calibration.own.offered import (
    LENGTH_CUTS,
    REPEATS,
    TOKEN_CUTS,
    VOCABULARY_CUTS,
    Bounds,
    Candidate,
    Wish,
    copies,
    counts_of,
    decoder,
    experts_of,
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
    if routed := work.experts:
        rows = max(round(tokens * job.layout.dp * routed.top_k / routed.experts), 1)
        found += [
            (rows, max(round(columns), 1), max(round(inner), 1))
            for columns, inner in ((routed.up_columns, routed.up_inner), (routed.down_columns, routed.down_inner))
        ]
    head = (tokens, max(round(work.head_columns), 1), job.model.hidden)
    return list(dict.fromkeys([*found, head]))


def share(job: ServingJob, vocabulary: int, *, experts: int = 0) -> Document:
    """One rank's share of the model as the recipe has it: heads, widths and vocabulary cut, and so many experts."""
    model, tp = job.model, job.layout.tp
    width = max(model.ffn // tp, min(model.ffn, 1))
    cut: Document = {"heads": max(model.heads // tp, 1), "kv_heads": _kv_heads(model, tp), "ffn": width}
    found = {**decoder(model, max(vocabulary // tp, 1)), **cut}
    if moe := model.moe:
        widths = {"ffn": max(round(moe.ffn / job.layout.expert_tp), 1), "shared_ffn": moe.shared_ffn // tp}
        found["moe"] = {**found["moe"], **widths, "experts": experts, "top_k": _choices(job)}
    return found


def held(job: ServingJob) -> int:
    """Experts of a rank; 0 without any."""
    return max(job.model.moe.experts // job.layout.ep, 1) if job.model.moe else 0


def _choices(job: ServingJob) -> int:
    """Experts of a rank that a token of its own goes to."""
    top_k = job.model.moe.top_k if job.model.moe else 0
    return min(max(round(top_k * job.layout.dp / job.layout.ep), 1), held(job))


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
        for layers in counts_of(asked.planned.decoder.model):
            yield from asked.bounds.first("serving_step", wishes(asked.planned, layers))


def _prefills(plan: Planned, layers: tuple[int, ...]) -> Iterator[Wish]:
    for experts, vocabulary, cut in product(_experts(plan.prefiller, layers), VOCABULARY_CUTS, LENGTH_CUTS):
        chunk, before, _ = (max(n // cut, low) for n, low in _lengths(plan))
        said = f"chunks of {chunk:,} tokens" if cut > 1 else ""
        step = {"tokens": chunk, "start": before}
        yield _wish(plan.prefiller, step, layers, (vocabulary, experts), ("a prefill of the plan's chunk", said))


def _decodes(plan: Planned, layers: tuple[int, ...]) -> Iterator[Wish]:
    for experts, vocabulary, cut in product(_experts(plan.decoder, layers), VOCABULARY_CUTS, LENGTH_CUTS):
        batch, (_, _, context) = max(plan.batch // cut, 1), (max(n // cut, low) for n, low in _lengths(plan))
        said = f"{batch:,} sequences of {context:,} tokens" if cut > 1 else ""
        step = {"sequences": batch, "start": context}
        yield _wish(plan.decoder, step, layers, (vocabulary, experts), ("a decode of the plan's batch", said))


def _experts(job: ServingJob, layers: tuple[int, ...]) -> list[int]:
    few = layers == counts_of(job.model)[-1]
    return experts_of(held(job), _choices(job), few_layers=few) if job.model.moe else [0]


def _wish(
    job: ServingJob, step: Document, layers: tuple[int, ...], cuts: tuple[int, int], words: tuple[str, str]
) -> Wish:
    """`cuts` are by how much the vocabulary is cut, and how many experts are left."""
    model, tp, (vocabulary, experts) = job.model, job.layout.tp, cuts
    kept = max(model.vocab // vocabulary, 1)
    document: Document = {
        "model": share(job, kept, experts=experts), "precision": "bf16", "steps": [step], "measured_layers": layers,
        **REPEATS,
    }  # fmt: skip
    cut = (
        f"{' and '.join(map(str, layers))} of {model.layers} layers" if layers else "",
        words[1],
        f"a vocabulary of {kept:,}" if vocabulary > 1 else "",
        f"one of {tp} tensor-parallel shares" if tp > 1 else "",
        f"{experts} of {model.moe.experts} experts" if model.moe and experts < model.moe.experts else "",
    )
    return document, words[0], cut
