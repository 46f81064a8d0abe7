"""What a pass through the model's layers takes on one GPU, by what the seconds are spent on.

Tokens [K] of one rank make up a pass; experts that ranks share see those of all ranks together.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from solvers.cost.layouts import Floats
from solvers.cost.serving.attention import lost_s, starts_s
from solvers.cost.serving.coefficients import Coefficients
from solvers.cost.serving.job import WEIGHT_BYTES, ServingJob, has_graphs, has_pieces, pads_experts
from solvers.cost.serving.kernels import Split, expert_seconds, product_seconds
from solvers.cost.serving.links import exchange_seconds, reduce_seconds
from solvers.cost.serving.lookup import Curves, curves_of, tiled
from solvers.cost.serving.work import Work, work_of

EXACT_TOKENS, TO_A_DOUBLING = 64, 16
ELEMENT_BYTES = 2.0
# The largest batch that vLLM and SGLang capture in CUDA graphs by default.
MOST_CAPTURED = 512
# Launches of a layer that runs kernel by kernel (estimate: products, norms, rotation, cache, attention, activation,
# casts, reductions and what frameworks add), and of one whose products stand in graphs and whose attention does not.
WHOLE, PIECES = 20.0, 5.0


@dataclass(frozen=True)
class Terms:
    """Seconds [K] of what grows with tokens, by what they are spent on."""

    weights: Floats
    compute: Floats
    experts: Floats
    collectives: Floats
    exchange: Floats
    elementwise: Floats
    launch: Floats
    attention: Floats

    @property
    def total(self) -> Floats:
        """All of them."""
        own = self.weights + self.compute + self.experts + self.collectives
        return own + self.exchange + self.elementwise + self.launch + self.attention


@dataclass(frozen=True)
class View:
    """A job with what is looked up for it once."""

    job: ServingJob
    coefficients: Coefficients
    work: Work
    curves: Curves

    @property
    def shares_experts(self) -> bool:
        """Whether ranks with attention of their own have experts in common."""
        return self.job.layout.dp > 1 and self.work.experts is not None


def view_of(job: ServingJob, coefficients: Coefficients) -> View:
    work = work_of(job.model, job.layout, job.numerics, job.adapters)
    curves = curves_of(job)
    return View(job, coefficients, work, curves if coefficients.tiles == 1.0 else tiled(curves, coefficients.tiles))


@lru_cache(maxsize=256)
def knots(most: int) -> Floats:
    """Token counts 1 to `most` at which seconds are worked out; read only."""
    exact = np.arange(1.0, min(most, EXACT_TOKENS) + 1.0)
    steps = np.arange(1, int(np.log2(max(most, EXACT_TOKENS) / EXACT_TOKENS) * TO_A_DOUBLING) + 1)
    beyond = np.floor(EXACT_TOKENS * 2.0 ** (steps / TO_A_DOUBLING))
    found: Floats = np.unique(np.concatenate([exact, beyond, [float(most)]]))
    found.flags.writeable = False
    return found


@dataclass(frozen=True)
class Layers:
    """Seconds [K] of a pass's dense products and of the experts that the rank has for itself."""

    products: Split
    experts: Floats


def layers_of(tokens: Floats, view: View, *, chunks: bool) -> Layers:
    """What matrix products of all layers take for `tokens` [K] of one rank."""
    products = product_seconds(
        tokens, view.work.products, numerics=view.job.numerics, gpu=view.job.node.gpu,
        curves=view.curves, coefficients=view.coefficients, chunks=chunks,
    )  # fmt: skip
    return Layers(products, np.zeros_like(tokens) if view.shares_experts else _experts(tokens, view))


def both_terms(tokens: Floats, view: View) -> tuple[Terms, Terms]:
    """Passes without chunks and with them; products that are the same in both are worked out once."""
    plain = layers_of(tokens, view, chunks=False)
    mixed = plain if view.work.products.prefill.all() else layers_of(tokens, view, chunks=True)
    return _terms(tokens, view, plain, chunks=False), _terms(tokens, view, mixed, chunks=True)


def token_terms(tokens: Floats, view: View, *, chunks: bool) -> Terms:
    """What the model's layers take for `tokens` [K] of one rank, in a step with `chunks` of prefill or without."""
    return _terms(tokens, view, layers_of(tokens, view, chunks=chunks), chunks=chunks)


def _terms(tokens: Floats, view: View, layers: Layers, *, chunks: bool) -> Terms:
    job, work, coefficients = view.job, view.work, view.coefficients
    own = layers.products
    graphs = has_graphs(job) and not chunks
    reductions = work.reductions * reduce_seconds(
        tokens * work.hidden * ELEMENT_BYTES,
        ranks=job.layout.tp, node=job.node, curve=view.curves.reduce, coefficients=coefficients, graphs=graphs,
    )  # fmt: skip
    moved = tokens * work.elementwise_bytes * coefficients.elementwise_passes
    lost = lost_s(job, work, view.curves, coefficients) if chunks else 0.0
    gap = np.where(graphs & (tokens <= MOST_CAPTURED), coefficients.graph_gap_s, coefficients.eager_gap_s)
    found = Terms(
        weights=own.memory,
        compute=own.compute,
        experts=layers.experts,
        collectives=reductions,
        exchange=np.zeros_like(tokens),
        elementwise=moved / memory_rate(view) + _adapter_seconds(tokens, view),
        launch=own.launch + work.kernels * gap,
        attention=starts_s(work, view.curves, chunks=chunks) + lost * tokens,
    )
    issued = coefficients.dispatch_s * _issued(tokens, view, chunks=chunks)
    return replace(found, launch=found.launch + np.maximum(issued - found.total, 0.0))


def _issued(tokens: Floats, view: View, *, chunks: bool) -> Floats:
    """Kernels [K] that the host issues: none where a graph holds the step, some where it holds what is between."""
    job, work = view.job, view.work
    if has_graphs(job) and not chunks:
        return np.where(tokens <= MOST_CAPTURED, 0.0, WHOLE * work.layers)
    return np.full_like(tokens, (PIECES if has_graphs(job) and has_pieces(job) else WHOLE) * work.layers)


def shared_terms(tokens: Floats, view: View) -> Terms:
    """What the experts take for `tokens` [K] of all ranks, and the exchange of tokens with them.

    A token goes to every GPU with a part of one of its experts.
    """
    job, experts = view.job, view.work.experts
    zero = np.zeros_like(tokens)
    if experts is None or not view.shares_experts:
        return Terms(*[zero] * 8)
    sent = exchange_seconds(
        tokens, layout=job.layout, width=experts.up_inner, bytes_each=(_sent_bytes(job), ELEMENT_BYTES),
        top_k=experts.top_k * max(job.layout.expert_tp, 1.0), node=job.node, coefficients=view.coefficients,
    )  # fmt: skip
    return Terms(
        weights=zero,
        compute=zero,
        experts=_experts(tokens, view),
        collectives=zero,
        exchange=experts.layers * sent,
        elementwise=zero,
        launch=zero,
        attention=zero,
    )


def _experts(tokens: Floats, view: View) -> Floats:
    if view.work.experts is None:
        return np.zeros_like(tokens)
    return expert_seconds(
        tokens, view.work.experts, numerics=view.job.numerics, gpu=view.job.node.gpu,
        curves=view.curves, coefficients=view.coefficients, padded=pads_experts(view.job),
    ).total  # fmt: skip


def _sent_bytes(job: ServingJob) -> float:
    """Of an element of a token on its way to an expert: FP8 where the experts' weights are as narrow or narrower."""
    return 1.0 if WEIGHT_BYTES[job.numerics.expert_weights] < ELEMENT_BYTES else ELEMENT_BYTES


def memory_rate(view: View) -> float:
    gpu = view.job.node.gpu
    return gpu.memory_bytes_per_s * gpu.achievable_memory


def _adapter_seconds(tokens: Floats, view: View) -> Floats:
    """LoRA: two thin products beside each wide one, bound by memory: inputs read, outputs added to [hu2022lora]."""
    adapters, work = view.job.adapters, view.work
    if adapters is None or not adapters.count:
        return np.zeros_like(tokens)
    wide = float((work.adapter_columns + work.adapter_inner).sum())
    used = np.minimum(tokens, float(adapters.count))
    moved = ELEMENT_BYTES * (used * adapters.rank * wide + 2.0 * tokens * wide)
    return moved / memory_rate(view) + 2.0 * work.adapter_layers * view.coefficients.eager_gap_s
