"""What a node could measure of a plan: micro-benchmarks at the plan's own shapes, and steps of its best layouts.

Steps are cut to what the node bears: one process or as many as tensor parallelism takes and the node has, one or two
micro-batches, two small counts of layers where all are too many, then shorter sequences, then smaller vocabularies.
Products are cut to fewer tokens. What is cut is said; the model of the kernel says what it teaches of the plan.
"""

from collections.abc import Callable, Iterator, Sequence
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
from solvers.cost.architecture import architecture_of
from solvers.documents import Document
from solvers.training.own.steps import STACK
from solvers.training.spec import TrainingSpec

# Layouts of which steps are offered.
LAYOUTS = 4
OPERATIONS = ("add", "rms_norm", "silu_mul", "rotary", "adam")


@dataclass(frozen=True)
class Asked:
    """A plan, its layouts from the best on, and what bounds an experiment."""

    spec: TrainingSpec
    layouts: Sequence[Document]
    bounds: Bounds


def candidates(asked: Asked) -> list[Candidate]:
    """Everything that could be measured within the budget."""
    makers: dict[str, Callable[[Asked], Iterator[Candidate]]] = {
        "gemm": _gemm, "memory_copy": lambda one: copies(one.bounds), "attention": _attention,
        "elementwise": _elementwise, "launch": lambda one: launches(one.bounds), "training_step": _training_steps,
    }  # fmt: skip
    usable = [name for name in makers if asked.bounds.node.measures(name)]
    found = [one for name in usable for one in makers[name](asked)]
    return list({(one.recipe, one.params): one for one in found}.values())


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
    def tried() -> Iterator[Wish]:
        for cut in TOKEN_CUTS:
            tokens = max(_tokens(asked) // cut, 16)
            shapes = products(asked.spec.model, asked.layouts[0], tokens)
            said = (f"{tokens:,} tokens in place of {_tokens(asked):,}",) if cut > 1 else ()
            made = [{"m": m, "n": n, "k": k} for m, n, k in shapes]
            yield (
                {"shapes": made, "precisions": ["bf16"], **REPEATS},
                f"the plan's {len(made)} matrix products",
                said,
            )

    yield from asked.bounds.first("gemm", tried())


def _attention(asked: Asked) -> Iterator[Candidate]:
    model, layout = asked.spec.model, asked.layouts[0]
    heads = max(model.heads // layout["tp"], 1)
    kv_heads = max((model.kv_heads or model.heads) // layout["tp"], 1)

    def tried() -> Iterator[Wish]:
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
                {"cases": cases, "precision": "bf16", **REPEATS},
                "the plan's attention, forward and backward",
                said,
            )

    yield from asked.bounds.first("attention", tried())


def _elementwise(asked: Asked) -> Iterator[Candidate]:
    def tried() -> Iterator[Wish]:
        for cut in TOKEN_CUTS:
            tokens, width = max(_tokens(asked) // cut, 16), asked.spec.model.hidden
            said = (f"{tokens:,} tokens in place of {_tokens(asked):,}",) if cut > 1 else ()
            asks = {"operations": OPERATIONS, "sizes": [{"rows": tokens, "width": width}], "precision": "bf16"}
            yield {**asks, **REPEATS}, "norms, activations, rotations and Adam at the plan's width", said

    yield from asked.bounds.first("elementwise", tried())


def _training_steps(asked: Asked) -> Iterator[Candidate]:
    """Of each layout a step of as much of the model as fits, and one of fewer layers."""
    if not expressible(asked.spec.model):
        return
    for layout in asked.layouts[:LAYOUTS]:
        for layers in ((), *LAYERS):
            yield from asked.bounds.first("training_step", _steps(asked, layout, layers))


def _steps(asked: Asked, layout: Document, layers: tuple[int, ...]) -> Iterator[Wish]:
    model, spec = asked.spec.model, asked.spec
    tp = layout["tp"] if layout["tp"] <= asked.bounds.node.count else 1
    if layers and max(layers) > model.layers:
        return
    for vocabulary in VOCABULARY_CUTS:
        for length in LENGTH_CUTS:
            sequence = max(spec.sequence_length // length, 16)
            words = max(model.vocab // vocabulary // tp, 1) * tp
            document: Document = {
                "model": decoder(model, words),
                "sequence_length": sequence,
                "micro_batch": layout["micro_batch"],
                "micro_batches": min(layout["micro_batches"], 2),
                "precision": "bf16",
                "recompute": layout["recompute"],
                "parallel": {"tp": tp},
                "measured_layers": layers,
                **REPEATS,
            }
            cut = (
                f"{' and '.join(map(str, layers))} of {model.layers} layers" if layers else "",
                f"sequences of {sequence:,} tokens" if length > 1 else "",
                f"a vocabulary of {words:,}" if vocabulary > 1 else "",
                f"tensor parallel {tp} in place of {layout['tp']}" if tp != layout["tp"] else "",
            )
            said = f"a step with micro-batches of {layout['micro_batch']}, recomputing {layout['recompute']}"
            yield document, said, cut
