"""Every replica that the question allows: layouts x numbers x engine settings, without those that cannot be.

Degrees are powers of two: tp divides the heads and stays in a node, pp the layers; data-parallel attention and expert
parallelism are for mixtures of experts. What memory or a latency at no load rules out is counted, by reason.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

from solvers.cost.serving.job import Layout, Numerics
from solvers.serving.engine import numerics_of
from solvers.serving.setup import MOST_SEQS, Setup, Shop
from solvers.serving.spec import ServingSpec

TOKENS = (512, 1024, 2048, 4096, 8192, 16_384)
SEQS = (64, 128, 256, MOST_SEQS)
# Tokens of a step without chunks, where no prompt is longer.
WHOLE = 2048
MEMORY = "need too much memory: weights leave no room for one request"


@dataclass
class Space:
    """The setups of one role, and how many were ruled out for which reason."""

    setups: list[Setup] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)


def powers(most: int) -> list[int]:
    """1, 2, 4, ... up to `most`."""
    return [1 << bit for bit in range(most.bit_length()) if 1 << bit <= most]


def layouts(spec: ServingSpec, *, tp: int | None, pp: int | None) -> Iterator[Layout]:
    """Layouts of one replica; `tp` and `pp` are given where the spec fixes them."""
    fix, options, model = spec.options.fix, spec.options, spec.model
    wide = min(spec.gpus, spec.hardware.node.gpus)
    tps = [tp] if tp else [n for n in powers(wide) if model.heads % n == 0 and (n == 1 or not options.forbids("tp"))]
    pps = [pp] if pp else [n for n in powers(min(8, model.layers)) if n == 1 or not options.forbids("pp")]
    for one in tps:
        for stages in pps:
            for dp, ep in _spread(spec, one):
                layout = Layout(tp=one, pp=stages, dp=dp, ep=ep)
                if layout.gpus <= spec.gpus and (fix.ep in (None, ep)) and (fix.dp in (None, dp)):
                    yield layout


def _spread(spec: ServingSpec, tp: int) -> list[tuple[int, int]]:
    """Ranks of attention and groups of experts that go with `tp`."""
    moe, options = spec.model.moe, spec.options
    if moe is None:
        return [(1, 1)]
    found = [(1, 1)]
    if tp > 1 and moe.experts % tp == 0 and not options.forbids("ep"):
        found.append((1, tp))
    if not options.forbids("dp_attention") and not options.forbids("ep"):
        found += [(dp, tp * dp) for dp in powers(spec.gpus // tp)[1:] if moe.experts % (tp * dp) == 0]
    return found


def numerics(spec: ServingSpec) -> list[Numerics]:
    """How weights and cache may be stored."""
    gpu, asked, options = spec.hardware.node.gpu, spec.precision, spec.options
    weights = [asked.weights] if asked.weights != "auto" else ["bf16"]
    if asked.weights == "auto" and gpu.has("fp8") and not options.forbids("low_precision_weights"):
        weights.append("fp8")
    caches = [asked.kv] if asked.kv != "auto" else ["fp16"]
    if asked.kv == "auto" and gpu.has("fp8") and not options.forbids("fp8_kv"):
        caches.append("fp8")
    return [numerics_of(spec.model, one, kv) for one in weights for kv in caches]


def token_limits(spec: ServingSpec, *, longest: int) -> list[tuple[int, bool]]:
    """Most tokens of a step, at least one for each sequence, and whether prompts are cut to them.

    None where a step's tokens are given and whole prompts do not fit in them.
    """
    fix, options = spec.options.fix, spec.options
    given, least = fix.max_num_batched_tokens, fix.max_num_seqs or 1
    if fix.chunked_prefill is False or options.forbids("chunked_prefill"):
        return [(given or max(longest, WHOLE, least), False)] if (given or longest) >= longest else []
    if given:
        return [(given, True)]
    return [(tokens, True) for tokens in TOKENS if tokens >= least] or [(least, True)]


def sequence_limits(spec: ServingSpec, *, tokens: int) -> list[int]:
    """Most sequences of a step of so many tokens."""
    given = spec.options.fix.max_num_seqs
    return [given] if given else [most for most in SEQS if most <= tokens] or [tokens]


def replicas(spec: ServingSpec, shop: Shop, *, tp: int | None, pp: int | None, longest: int) -> Space:
    """Every setup of one role that fits in memory with the longest request."""
    space = Space()
    fix, options = spec.options.fix, spec.options
    caching = fix.prefix_caching is not False and not options.forbids("prefix_caching")
    drafts = [False] if spec.speculation is None or options.forbids("speculative") else [False, True]
    every = product(layouts(spec, tp=tp, pp=pp), numerics(spec), token_limits(spec, longest=longest))
    for layout, numbers, (tokens, chunked) in every:
        for most, draft in product(sequence_limits(spec, tokens=tokens), drafts):
            setup = Setup(layout, numbers, most, tokens, chunked, caching, draft)
            _sort(space, setup, shop, longest=longest)
    return space


def _sort(space: Space, setup: Setup, shop: Shop, *, longest: int) -> None:
    """A setup joins where its cache holds the longest request (one of the blocks is the engine's own)."""
    if (shop.blocks(setup) - 1) * 16 < longest + 16:
        space.rejected[MEMORY] += 1
    else:
        space.setups.append(setup)
