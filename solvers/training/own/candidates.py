"""What a node could measure of a plan: micro-benchmarks at the plan's own shapes, and steps of its best layouts.

Steps are cut to what the node bears: one process or as many as tensor parallelism takes and the node has, one or two
micro-batches, two small counts of layers where all are too many, then shorter sequences, then smaller vocabularies.
Products are cut to fewer tokens. What is cut is said; the model of the kernel says what it teaches of the plan.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from solvers import recipes
from solvers.catalogue import Model
from solvers.catalogue.hardware import Gpu
from solvers.cost.architecture import architecture_of
from solvers.documents import Document
from solvers.errors import SpecError
from solvers.recipes.recipe import Recipe
from solvers.training.own.steps import STACK
from solvers.training.spec import TrainingSpec

# Layouts of which steps are offered, and repeats of what takes long.
LAYOUTS, REPEATS, WARMUP = 4, 7, 2
# Cuts of tokens, sequences and vocabularies, the first that fits is taken; and counts of layers.
TOKEN_CUTS, LENGTH_CUTS, VOCABULARY_CUTS = (1, 4, 16, 64, 256), (1, 4, 16), (1, 4, 16)
LAYERS = ((2, 4), (1, 2))
# Of the budget, so that more than one experiment fits.
MOST_SHARE = 0.5
COPIES = (32e6, 256e6)
# On a CPU one thread: it is timed by the time that it had a core, which other programs do not lengthen.
THREADS: dict[str, Document] = {"cpu": {"threads": 1}, "cuda": {}}
OPERATIONS = ("add", "rms_norm", "silu_mul", "rotary", "adam")


@dataclass(frozen=True)
class Attached:
    """What a node offers to a plan: its device, how many, memory of each, and recipes by version."""

    device: str
    name: str
    count: int
    memory_bytes: float
    recipes: dict[str, int]


@dataclass(frozen=True)
class Candidate:
    """An experiment: checked parameters, device-seconds, and in words what it measures and what was cut."""

    recipe: str
    params: Any
    cost_s: float
    what: str
    cut: tuple[str, ...] = ()


def attached(capability: Document) -> Attached:
    """The node by its own account."""
    cpu, gpus, known = capability["cpu"], capability["gpus"], dict(capability["recipes"])
    if gpus:
        alike = [one for one in gpus if one["name"] == gpus[0]["name"]]
        least = min(float(one["memory_bytes"]) for one in alike)
        return Attached("cuda", gpus[0]["name"], len(alike), least, known)
    return Attached("cpu", cpu["model"], 1, float(cpu["memory_bytes"]), known)


@dataclass(frozen=True)
class Asked:
    """A plan, its layouts from the best on, a node, and what an experiment may cost."""

    spec: TrainingSpec
    layouts: Sequence[Document]
    node: Attached
    budget_s: float


def candidates(asked: Asked) -> list[Candidate]:
    """Everything that could be measured within the budget."""
    makers = {
        "gemm": _gemm, "memory_copy": _memory_copy, "attention": _attention, "elementwise": _elementwise,
        "launch": _launch, "training_step": _training_steps,
    }  # fmt: skip
    known = {one.name: one.version for one in recipes.KNOWN.values()}
    usable = [name for name in makers if asked.node.recipes.get(name) == known[name]]
    found = [one for name in usable for one in makers[name](asked)]
    return list({(one.recipe, one.params): one for one in found}.values())


def _first(asked: Asked, name: str, tried: Iterator[tuple[Document, str, tuple[str, ...]]]) -> Iterator[Candidate]:
    """The first of what is tried that the recipe, the node and half of the budget allow."""
    recipe: Recipe[Any] = recipes.get(name)
    for document, what, cut in tried:
        try:
            params = recipe.parse({"device": asked.node.device, **THREADS[asked.node.device], **document})
        except SpecError:
            continue
        needs, cost = recipe.needs(params), recipe.device_seconds(params, _gpu(asked))
        fits = needs.devices <= asked.node.count and needs.memory_bytes <= asked.node.memory_bytes
        if fits and cost <= MOST_SHARE * asked.budget_s:
            yield Candidate(name, params, cost, what, cut)
            return


def _gpu(asked: Asked) -> Gpu | None:
    return asked.spec.hardware.node.gpu if asked.node.device == "cuda" else None


def products(model: Model, layout: Document, tokens: int) -> list[tuple[int, int, int]]:
    """Rows, columns and inner size of a rank's products: forward, and the gradients of inputs and of weights."""
    architecture, tp = architecture_of(model, STACK), layout["tp"]
    found = []
    for gemm in architecture.gemms:
        if gemm.split.startswith("expert"):
            continue
        wide = round((float(gemm.columns) + float(gemm.kv_columns)) / (tp if gemm.split == "columns" else 1))
        inner = round(float(gemm.inner) / (tp if gemm.split == "inner" else 1))
        found += [(tokens, wide, inner), (tokens, inner, wide), (wide, inner, tokens)]
    head = max(model.vocab // tp, 1)
    return list(dict.fromkeys([*found, (tokens, head, model.hidden)]))


def _tokens(asked: Asked) -> int:
    layout = asked.layouts[0]
    return int(layout["micro_batch"] * asked.spec.sequence_length // layout["cp"])


def _gemm(asked: Asked) -> Iterator[Candidate]:
    def tried() -> Iterator[tuple[Document, str, tuple[str, ...]]]:
        for cut in TOKEN_CUTS:
            tokens = max(_tokens(asked) // cut, 16)
            shapes = products(asked.spec.model, asked.layouts[0], tokens)
            said = (f"{tokens:,} tokens in place of {_tokens(asked):,}",) if cut > 1 else ()
            made = [{"m": m, "n": n, "k": k} for m, n, k in shapes]
            yield (
                {"shapes": made, "precisions": ["bf16"], **_repeats()},
                f"the plan's {len(made)} matrix products",
                said,
            )

    yield from _first(asked, "gemm", tried())


def _memory_copy(asked: Asked) -> Iterator[Candidate]:
    yield from _first(asked, "memory_copy", iter([({"sizes": COPIES}, "memory bandwidth", ())]))


def _attention(asked: Asked) -> Iterator[Candidate]:
    model, layout = asked.spec.model, asked.layouts[0]
    heads = max(model.heads // layout["tp"], 1)
    kv_heads = max((model.kv_heads or model.heads) // layout["tp"], 1)

    def tried() -> Iterator[tuple[Document, str, tuple[str, ...]]]:
        for cut in TOKEN_CUTS:
            length = max(asked.spec.sequence_length // cut, 16)
            said = (f"sequences of {length:,} tokens",) if cut > 1 else ()
            shape = {"heads": heads, "kv_heads": kv_heads, "head_dim": model.head_dim}
            cases = [
                {"queries": one, "context": one, "backward": backward, **shape}
                for one in dict.fromkeys((length, max(length // 2, 16)))
                for backward in (False, True)
            ]
            yield (
                {"cases": cases, "precision": "bf16", **_repeats()},
                "the plan's attention, forward and backward",
                said,
            )

    yield from _first(asked, "attention", tried())


def _elementwise(asked: Asked) -> Iterator[Candidate]:
    def tried() -> Iterator[tuple[Document, str, tuple[str, ...]]]:
        for cut in TOKEN_CUTS:
            tokens, width = max(_tokens(asked) // cut, 16), asked.spec.model.hidden
            said = (f"{tokens:,} tokens in place of {_tokens(asked):,}",) if cut > 1 else ()
            asks = {"operations": OPERATIONS, "sizes": [{"rows": tokens, "width": width}], "precision": "bf16"}
            yield {**asks, **_repeats()}, "norms, activations, rotations and Adam at the plan's width", said

    yield from _first(asked, "elementwise", tried())


def _launch(asked: Asked) -> Iterator[Candidate]:
    yield from _first(asked, "launch", iter([({}, "what a kernel's start takes", ())]))


def _training_steps(asked: Asked) -> Iterator[Candidate]:
    """Of each layout a step of as much of the model as fits, and one of fewer layers."""
    if not expressible(asked.spec.model):
        return
    for layout in asked.layouts[:LAYOUTS]:
        for layers in ((), *LAYERS):
            yield from _first(asked, "training_step", _steps(asked, layout, layers))


def expressible(model: Model) -> bool:
    """Whether the recipe's decoder can stand for the model: plain attention and dense feed-forward layers alone."""
    special = (model.moe, model.mla, model.mamba, model.linear, model.window, model.pattern)
    return not any(special) and bool(model.ffn)


def _steps(asked: Asked, layout: Document, layers: tuple[int, ...]) -> Iterator[tuple[Document, str, tuple[str, ...]]]:
    model, spec = asked.spec.model, asked.spec
    tp = layout["tp"] if layout["tp"] <= asked.node.count else 1
    if layers and max(layers) > model.layers:
        return
    for vocabulary in VOCABULARY_CUTS:
        for length in LENGTH_CUTS:
            sequence = max(spec.sequence_length // length, 16)
            words = max(model.vocab // vocabulary // tp, 1) * tp
            document: Document = {
                "model": _model(model, words),
                "sequence_length": sequence,
                "micro_batch": layout["micro_batch"],
                "micro_batches": min(layout["micro_batches"], 2),
                "precision": "bf16",
                "recompute": layout["recompute"],
                "parallel": {"tp": tp},
                "measured_layers": layers,
                **_repeats(),
            }
            cut = (
                f"{' and '.join(map(str, layers))} of {model.layers} layers" if layers else "",
                f"sequences of {sequence:,} tokens" if length > 1 else "",
                f"a vocabulary of {words:,}" if vocabulary > 1 else "",
                f"tensor parallel {tp} in place of {layout['tp']}" if tp != layout["tp"] else "",
            )
            said = f"a step with micro-batches of {layout['micro_batch']}, recomputing {layout['recompute']}"
            yield document, said, tuple(word for word in cut if word)


def _model(model: Model, vocabulary: int) -> Document:
    return {
        "hidden": model.hidden, "layers": model.layers, "heads": model.heads, "kv_heads": model.kv_heads,
        "head_dim": model.head_dim, "ffn": model.ffn, "vocabulary": vocabulary, "gated": model.gated,
        "norm": "layer" if model.norm == "layernorm" else "rms", "tied_embeddings": model.tied_embeddings,
    }  # fmt: skip


def _repeats() -> Document:
    return {"repeats": REPEATS, "warmup": WARMUP}


def keys_of(candidate: Candidate) -> list[Document]:
    """What its rows are measurements of."""
    return [dict(key) for key in recipes.get(candidate.recipe).keys(candidate.params)]
