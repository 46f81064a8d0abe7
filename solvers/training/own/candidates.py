"""What a node could measure of a plan: micro-benchmarks at the plan's own shapes, and steps of its best layouts.

Steps are cut to what the node bears: one process or as many as tensor parallelism takes and the node has, one or two
micro-batches, two small counts of layers where all are too many, then shorter sequences, then smaller vocabularies.
A mixture is measured in one process, with all of its experts; where all else does not help, with fewer, each of which
then has more rows. Products are cut to fewer tokens. What is cut is said: a measured step is compared with what the
kernel says of the model that was measured, and its covariance with the plan says what that teaches.
"""

from collections.abc import Callable, Iterator, Sequence
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
    """Rows, columns and inner size of a rank's products: forward, and the gradients of inputs and of weights.

    An expert's are of its tokens on average, and cut where experts are not spread over ranks.
    """
    architecture, tp, ep = architecture_of(model, STACK), layout["tp"], layout["ep"]
    found = []
    for gemm in architecture.gemms:
        routed = gemm.split.startswith("expert")
        cut = 1 if routed and ep > 1 else tp
        wide = round((float(gemm.columns) + float(gemm.kv_columns)) / (cut if gemm.split.endswith("columns") else 1))
        inner = round(float(gemm.inner) / (cut if gemm.split.endswith("inner") else 1))
        share = float(gemm.rows) * ep / float(architecture.experts) / (tp if ep > 1 else 1) if routed else 1.0
        rows = max(round(tokens * share), 1)
        found += [(rows, wide, inner), (rows, inner, wide), (wide, inner, rows)]
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
        for layers in counts_of(asked.spec.model):
            yield from asked.bounds.first("training_step", _steps(asked, layout, layers))


def _steps(asked: Asked, layout: Document, layers: tuple[int, ...]) -> Iterator[Wish]:
    model, spec = asked.spec.model, asked.spec
    tp = layout["tp"] if layout["tp"] <= asked.bounds.node.count and not model.moe else 1
    for experts, vocabulary, length in product(_experts(model, layers), VOCABULARY_CUTS, LENGTH_CUTS):
        sequence = max(spec.sequence_length // length, 16)
        words = max(model.vocab // vocabulary // tp, 1) * tp
        document: Document = {
            "model": decoder(_with_experts(model, experts), words),
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
            f"{experts} of {model.moe.experts} experts" if model.moe and experts < model.moe.experts else "",
            f"one process in place of {layout['ep']} that share experts" if layout["ep"] > 1 else "",
        )
        said = f"a step with micro-batches of {layout['micro_batch']}, recomputing {layout['recompute']}"
        yield document, said, cut


def _experts(model: Model, layers: tuple[int, ...]) -> list[int]:
    few = layers == counts_of(model)[-1]
    return experts_of(model.moe.experts, model.moe.top_k, few_layers=few) if model.moe else [0]


def _with_experts(model: Model, experts: int) -> Model:
    if model.moe is None:
        return model
    return model.model_copy(update={"moe": model.moe.model_copy(update={"experts": experts})})
