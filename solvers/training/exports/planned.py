"""What a result fixes, as the export formats read it: the model, the cluster, the batch and the layout."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from solvers.catalogue import Model
from solvers.catalogue.hardware import Gpu
from solvers.documents import Document
from solvers.errors import CannotExpress, Problem
from solvers.exports.naming import called, published_as
from solvers.training.exports.tuned import Tuned
from solvers.training.islands.kernel import uniform
from solvers.training.islands.spec import IslandsSpec
from solvers.training.spec import TrainingSpec

# What a field of a layout holds where it changes nothing.
NEUTRAL: tuple[Any, ...] = (None, False, 0, 1, "none", "", [], {})


@dataclass(frozen=True)
class Planned:
    """One plan and what it is a plan for. `steps` is None where the spec does not count tokens.

    `rare` holds the techniques that few layouts use, by their key in the layout.
    `save_every` is the planned number of steps between checkpoints; None in results that do not say.
    `tuned` is how the run learns, where the plan says that too.
    """

    label: str
    model: Model
    gpu: Gpu
    gpus_per_node: int
    nodes: int
    gpus: int
    sequence_length: int
    global_batch: int
    steps: int | None
    save_every: int | None
    precision: str
    attention: str
    dropout: bool
    overlap: bool
    gradient_bytes: int
    layers_per_stage: tuple[int, ...]
    layers_per_chunk: tuple[int, ...]
    tp: int
    pp: int
    vpp: int
    dp: int
    cp: int
    ep: int
    micro_batch: int
    micro_batches: int
    sequence_parallel: bool
    schedule: str
    recompute: str
    zero: int
    rare: Mapping[str, Any]
    tuned: Tuned | None = None

    @property
    def hybrid_group(self) -> int | None:
        """Ranks that hold one whole sharded copy where ZeRO-3 stays within groups (HSDP)."""
        groups = {self.rare.get(name) for name in ZERO_GROUPS}
        return groups.pop() if self.zero == 3 and len(groups) == 1 else None

    @property
    def title(self) -> str:
        """The model as people call it."""
        return called(self.model)

    @property
    def published_as(self) -> str:
        """The model's name on the Hugging Face hub; empty where the catalogue knows none."""
        return published_as(self.model)

    @property
    def layers_evenly(self) -> bool:
        """Whether every stage, and every chunk of it, has as many layers."""
        return len(set(self.layers_per_chunk)) == 1

    @property
    def experts(self) -> int:
        """Routed experts; 0 in a dense model."""
        return self.model.moe.experts if self.model.moe else 0

    @property
    def blackwell(self) -> bool:
        """Whether the GPU computes in four bits, as NVIDIA's do since Blackwell; those use block-scaled formats."""
        return self.gpu.has("fp4")


KNOWN = (
    "tp",
    "pp",
    "vpp",
    "dp",
    "cp",
    "ep",
    "micro_batch",
    "micro_batches",
    "sequence_parallel",
    "schedule",
    "recompute",
    "zero",
)

ZERO_GROUPS = ("zero_weight_group", "zero_gradient_group", "zero_optimizer_group")
# Techniques that few layouts use; a layout without one lacks its key.
RARE = (
    *ZERO_GROUPS,
    "cp_mode",
    "recompute_layers",
    "offloaded_layers",
    "optimizer_offload",
    "secondary_weights",
    "quantized_weights",
    "quantized_gradients",
    "expert_overlap",
    "tensor_overlap",
)


def planned(result: Document) -> Planned:
    """The plan of a result. CannotExpress where there is none, or where it holds what no format here knows."""
    if result["status"] != "solved":
        raise CannotExpress(
            Problem("no_plan", "The result holds no plan to export.", "/status", "json, yaml, md and csv say why.")
        )
    if "spec" not in result:
        hint = "Solve the spec again: results of this version hold their question."
        raise CannotExpress(Problem("no_spec", "The result does not hold the spec it answers.", "/spec", hint))
    plan = result["plan"]
    spec = _on_equal_nodes(result)
    _pretraining(spec)
    layout = plan["layout"]
    nothing_else(layout)
    return Planned(
        label=plan["label"],
        model=spec.model,
        gpu=spec.hardware.node.gpu,
        gpus_per_node=spec.hardware.node.gpus,
        nodes=plan["nodes"],
        gpus=plan["gpus"],
        sequence_length=spec.sequence_length,
        global_batch=spec.global_batch,
        steps=math.ceil(spec.tokens / (spec.global_batch * spec.sequence_length)) if spec.tokens else None,
        save_every=plan.get("run", {}).get("interval_steps"),
        precision=spec.precision,
        attention=spec.software.attention,
        dropout=spec.software.dropout,
        overlap=spec.software.overlap,
        gradient_bytes=spec.software.gradient_bytes,
        layers_per_stage=tuple(plan["layers_per_stage"]),
        layers_per_chunk=tuple(plan["layers_per_chunk"]),
        **{name: layout[name] for name in KNOWN},
        rare=rare_of(layout),
    )


def rare_of(layout: Mapping[str, Any]) -> dict[str, Any]:
    """The techniques of a layout that few layouts use."""
    return {name: layout[name] for name in RARE if layout.get(name)}


def nothing_else(layout: Mapping[str, Any]) -> None:
    """A file that leaves out part of a layout would be another plan."""
    for name, value in layout.items():
        neutral = value in NEUTRAL and value is not True  # True equals 1
        if name not in (*KNOWN, *RARE) and not neutral:
            message = f"No training format here can say `{name}: {value}`."
            hint = "json and yaml hold the whole plan; or plan again without it."
            raise CannotExpress(Problem("cannot_express", message, f"/plan/layout/{name}", hint))


def _on_equal_nodes(result: Document) -> TrainingSpec:
    """The question on the nodes that the plan uses, where those are equal."""
    used = [island["name"] for island in result["plan"].get("islands", ()) if island["gpus_used"]]
    if not used:
        return TrainingSpec.model_validate(result["spec"])
    if len(used) > 1:
        raise CannotExpress(
            Problem("cannot_express", "A plan over several islands is no single launch.", "/plan/islands")
        )
    spec = IslandsSpec.model_validate(result["spec"])
    return uniform(spec, next(island for island in spec.hardware.islands if island.name == used[0]))


def _pretraining(spec: TrainingSpec) -> None:
    if spec.task != "pretrain":
        message = f"The training formats start pre-training, no {spec.task}."
        raise CannotExpress(Problem("cannot_express", message, "/spec/task", "json and yaml hold the whole plan."))
