"""Experiments that a node could run for a plan: what the node has, checked parameters, what they cost.

What a node does not bear is cut: the asker lists what it would like, largest first, and the first that the recipe, the
node's memory and a share of the budget allow is offered. What is cut is said.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from solvers import recipes
from solvers.catalogue import Model
from solvers.catalogue.attached import is_same
from solvers.catalogue.hardware import Gpu
from solvers.catalogue.hardware import Node as Record
from solvers.documents import Document
from solvers.errors import Problem, SpecError
from solvers.recipes.model import Moe
from solvers.recipes.recipe import Recipe

# Of what takes long.
REPEATS: Document = {"repeats": 7, "warmup": 2}
# Cuts of tokens, sequences, vocabularies and experts, the first that fits is taken; and counts of layers.
TOKEN_CUTS, LENGTH_CUTS, VOCABULARY_CUTS, EXPERT_CUTS = (1, 4, 16, 64, 256), (1, 4, 16), (1, 4, 16), (1, 4, 16)
LAYERS = ((2, 4), (1, 2))
PLAIN = "plain attention, and in every layer after the first few the same dense or routed feed-forward part"
# Of the budget, so that more than one experiment fits.
MOST_SHARE = 0.5
COPIES = (32e6, 256e6)
# On a CPU one thread: it is timed by the time that it had a core, which other programs do not lengthen.
THREADS: dict[str, Document] = {"cpu": {"threads": 1}, "cuda": {}}

# Parameters without device and threads, what they measure in words, and what was cut.
Wish = tuple[Document, str, tuple[str, ...]]


@dataclass(frozen=True)
class Attached:
    """What a node offers to a plan: its device, how many, memory of each, and recipes by version."""

    device: str
    name: str
    count: int
    memory_bytes: float
    recipes: dict[str, int]

    def measures(self, name: str) -> bool:
        """Whether it has the recipe, of the version that is known here."""
        return self.recipes.get(name) == recipes.get(name).version


@dataclass(frozen=True)
class Candidate:
    """An experiment: checked parameters, device-seconds, and in words what it measures and what was cut."""

    recipe: str
    params: Any
    cost_s: float
    what: str
    cut: tuple[str, ...] = ()

    def rows(self) -> list[Document]:
        """What its rows are measurements of."""
        return [dict(key) for key in recipes.get(self.recipe).keys(self.params)]


@dataclass(frozen=True)
class Bounds:
    """A node of the plan's GPU, and what all experiments together may cost."""

    node: Attached
    gpu: Gpu
    budget_s: float

    def first(self, name: str, wishes: Iterator[Wish]) -> Iterator[Candidate]:
        """The first of the wishes that the recipe, the node and half of the budget allow."""
        recipe: Recipe[Any] = recipes.get(name)
        node = self.node
        gpu = self.gpu if node.device == "cuda" else None
        for document, what, cut in wishes:
            try:
                params = recipe.parse({"device": node.device, **THREADS[node.device], **document})
            except SpecError:
                continue
            needs, cost = recipe.needs(params), recipe.device_seconds(params, gpu)
            fits = needs.devices <= node.count and needs.memory_bytes <= node.memory_bytes
            if fits and cost <= MOST_SHARE * self.budget_s:
                yield Candidate(name, params, cost, what, tuple(word for word in cut if word))
                return


def attached(capability: Document) -> Attached:
    """The node by its own account."""
    cpu, gpus, known = capability["cpu"], capability["gpus"], dict(capability["recipes"])
    if gpus:
        alike = [one for one in gpus if one["name"] == gpus[0]["name"]]
        least = min(float(one["memory_bytes"]) for one in alike)
        return Attached("cuda", gpus[0]["name"], len(alike), least, known)
    return Attached("cpu", cpu["model"], 1, float(cpu["memory_bytes"]), known)


def check_same(record: Record | None, node: Attached) -> None:
    """Raise SpecError unless the node has the device of `record`, which is None where a plan has no one node."""
    if record is None:
        said = "A plan over islands of different nodes cannot be tried on one node."
        raise SpecError(Problem("other_device", said, "/hardware", "Plan for equal nodes."))
    if not is_same(record.gpu, node.name):
        said = f"The plan is for {record.gpu.shown}, and the node has {node.name}."
        raise SpecError(Problem("other_device", said, "/hardware", "Attach a node with the plan's device."))


def copies(bounds: Bounds) -> Iterator[Candidate]:
    """Memory bandwidth."""
    yield from bounds.first("memory_copy", iter([({"sizes": COPIES}, "memory bandwidth", ())]))


def launches(bounds: Bounds) -> Iterator[Candidate]:
    """Kernels' starts."""
    yield from bounds.first("launch", iter([({}, "what a kernel's start takes", ())]))


def expressible(model: Model) -> bool:
    """Whether the recipes' decoder can stand for the model: plain attention, and dense layers, experts or both."""
    special = (model.mla, model.mamba, model.linear, model.window, model.pattern)
    routed = model.moe is None or (model.moe.every == 1 and model.moe.latent is None)
    return not any(special) and routed


def no_step(model: Model) -> str:
    """Why none of the offered experiments is a step."""
    if not expressible(model):
        return f"No step is measured: the recipe's decoder has {PLAIN}."
    return "No step is measured: none fits this node and half of the budget, or the node does not offer them."


def counts_of(model: Model) -> list[tuple[int, ...]]:
    """Counts of layers that steps are measured with: all, then few with experts where there are any."""
    dense = model.moe.first_dense if model.moe else 0
    few = (tuple(dense + count for count in counts) for counts in LAYERS)
    return [(), *(counts for counts in few if max(counts) <= model.layers)]


def experts_of(experts: int, top_k: int, *, few_layers: bool) -> list[int]:
    """How many of the experts are measured: all, and of the fewest layers fewer; never fewer than a token goes to."""
    cuts = EXPERT_CUTS if few_layers else EXPERT_CUTS[:1]
    return list(dict.fromkeys(max(experts // cut, top_k) for cut in cuts))


def decoder(model: Model, vocabulary: int) -> Document:
    """The model as the recipes have it, dense or with all of its experts."""
    routed = model.moe.model_dump(include=set(Moe.model_fields)) if model.moe else None
    return {
        "hidden": model.hidden, "layers": model.layers, "heads": model.heads, "kv_heads": model.kv_heads,
        "head_dim": model.head_dim, "ffn": model.ffn, "vocabulary": vocabulary, "gated": model.gated,
        "norm": "layer" if model.norm == "layernorm" else "rms", "tied_embeddings": model.tied_embeddings,
        "moe": routed,
    }  # fmt: skip
