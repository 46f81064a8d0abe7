"""Which techniques a training plan may use, which degrees are given, and what the framework does."""

from typing import Annotated, Literal, get_args

from pydantic import Field

from solvers.base import ADVANCED, Part, Positive, known
from solvers.cost.parts import LINEAR_INPUT_BYTES, WEIGHT_COPIES, Stack

Technique = Literal[
    "tp",
    "pp",
    "cp",
    "ep",
    "sequence_parallel",
    "gpipe",
    "interleaved",
    "recompute_selective",
    "recompute_full",
    "zero1",
    "zero2",
    "zero3",
    "tp_across_nodes",
    "uneven_stages",
    "zb_h1",
    "cp_all_gather",
    "cp_all_to_all",
    "hsdp",
    "low_bandwidth",
    "zero_secondary",
    "quantized_weights",
    "quantized_gradients",
    "recompute_by_layer",
    "optimizer_offload",
    "activation_offload",
    "overlap_tensor",
    "overlap_gradients",
    "overlap_weights",
    "overlap_expert",
    "expert_pieces",
]
TECHNIQUES: tuple[str, ...] = get_args(Technique)
# What every framework does unless it is told not to: a list of what is allowed need not name it.
USUAL = ("overlap_gradients", "overlap_weights")
# They change the numbers that are trained with, and a model of cost cannot tell what that does: only where fixed.
LOSSY = ("quantized_weights", "quantized_gradients")


Techniques = Annotated[tuple[Technique, ...], known("technique", TECHNIQUES)]


class Fixed(Part):
    """Degrees that are given, not chosen."""

    tp: Positive | None = Field(default=None, title="Tensor parallel", examples=[8])
    pp: Positive | None = Field(default=None, title="Pipeline parallel", examples=[4])
    vpp: Positive | None = Field(default=None, title="Model chunks a stage", examples=[5])
    dp: Positive | None = Field(default=None, title="Data parallel", examples=[16])
    cp: Positive | None = Field(default=None, title="Context parallel", examples=[1])
    ep: Positive | None = Field(default=None, title="Expert parallel", examples=[8])
    micro_batch: Positive | None = Field(default=None, title="Micro-batch", examples=[1])
    sequence_parallel: bool | None = Field(default=None, title="Sequence parallel")
    schedule: Literal["gpipe", "1f1b", "interleaved", "zb-h1"] | None = Field(default=None, title="Schedule")
    recompute: Literal["none", "selective", "full"] | None = Field(default=None, title="Recomputation")
    zero: Literal[0, 1, 2, 3] | None = Field(default=None, title="ZeRO stage", examples=[1])
    cp_mode: Literal["ring", "all_gather", "all_to_all"] | None = Field(
        default=None, title="Exchange of context parallelism", description="Where there is any."
    )
    zero_group: Positive | None = Field(
        default=None,
        title="Ranks that share states",
        description="HSDP: ZeRO within so many ranks, replicas beyond.",
        examples=[8],
    )
    secondary_weights: bool | None = Field(
        default=None, title="Second copy of the weights", description="In each node, for ZeRO-3 (hpZ of ZeRO++)."
    )
    quantized_weights: bool | None = Field(
        default=None, title="Gather weights in int8", description="qwZ of ZeRO++; changes what is computed."
    )
    quantized_gradients: bool | None = Field(
        default=None, title="Reduce gradients in int4", description="qgZ of ZeRO++; changes what is computed."
    )
    optimizer_offload: bool | None = Field(default=None, title="Optimizer on the host")
    expert_pieces: bool | None = Field(
        default=None,
        title="Experts in pieces",
        description="Exchange and products of experts are cut into pieces that work side by side (Tutel, FSMoE); each"
        " layout takes the best numbers of pieces forward and backward.",
    )


class Options(Part):
    """Which techniques a plan may use: all, unless said otherwise."""

    allow: Techniques | None = Field(
        default=None,
        title="Allow only",
        description="Nothing else may be used; data parallelism always may, and the overlap of its traffic.",
    )
    forbid: Techniques = Field(default=(), title="Forbid", description="These may not be used.")
    fix: Fixed = Field(default=Fixed(), title="Fix", description="Degrees that are given.", json_schema_extra=ADVANCED)

    def forbids(self, technique: str) -> bool:
        """Whether a plan may not use it. Experts in pieces leave their exchange no other micro-batch to hide beside."""
        if technique in self.forbid or (technique == "overlap_expert" and self.fix.expert_pieces):
            return True
        return self.allow is not None and technique not in self.allow and technique not in USUAL


class Software(Part):
    """What the training framework does."""

    stack: str = Field(
        default="",
        max_length=120,
        title="Framework and version",
        description="As in published measurements: runs of the same software, or of its family, say how fast it is.",
        examples=["NeMo 26.08 NeMo Container", "llm-foundry/Composer FSDP", "torchtitan", "Megatron-DeepSpeed"],
    )
    attention: Literal["flash", "flash2", "flash1", "unfused"] = Field(
        default="flash",
        title="Attention",
        description="Fused kernels of today, of an earlier generation, or scores kept in memory (GPT stacks of 2021).",
    )
    dropout: bool = Field(default=False, title="Dropout", description="Masks are kept for the backward pass.")
    overlap: bool = Field(default=True, title="Overlap", description="Gradients travel during the backward pass.")
    gradient_bytes: Literal[2, 4] = Field(default=4, title="Bytes of a gradient", description="4: summed in fp32.")
    cuda_graphs: Literal["none", "parts", "all"] = Field(
        default="none",
        title="CUDA graphs",
        description="Kernels replayed rather than issued one by one; parts: all but those of experts.",
        examples=["all"],
    )
    fused_experts: bool = Field(
        default=False,
        title="Fused experts",
        description="Activation, bias and casts happen inside of the experts' grouped products.",
    )
    merged_dispatch: bool = Field(
        default=True,
        title="Merged dispatch",
        description="A token travels once to a rank with some of its experts (DeepEP, HybridEP), not once for each.",
    )
    balanced_experts: bool = Field(
        default=False,
        title="Balanced experts",
        description="The router is made to spread tokens evenly, as benchmarks do.",
    )
    fp8_scaling: Literal["tensor", "row", "block"] = Field(
        default="tensor",
        title="Scale of FP8",
        description="What one scale stands for: a tensor, a row, or a block of it (MXFP8).",
        examples=["block"],
    )
    loss: Literal["fp32", "fused", "eager", "chunked"] = Field(
        default="fp32",
        title="Cross entropy",
        description="Of the logits it holds one fp32 copy (Megatron), only 16 bit (one kernel, compiled), three fp32 "
        "copies (operator by operator), or an eighth at a time.",
    )
    weights: Literal["copied", "cast"] = Field(
        default="copied",
        title="Weights",
        description="copied: in 16 bit beside the optimizer's fp32 (Megatron, DeepSpeed); cast: fp32 shards, cast when "
        "they are gathered (PyTorch FSDP).",
    )
    moment_bytes: Literal[1, 2, 4] = Field(
        default=4, title="Bytes of a moment", description="Of each of the optimizer's two moments."
    )
    selective: Literal["modules", "operators"] = Field(
        default="modules",
        title="Selective recomputation",
        description="modules: norms and activation functions run again (Megatron); operators: all but attention and "
        "every other product (torchtitan).",
    )

    capacity_factor: float | None = Field(
        default=None,
        ge=0.5,
        le=16,
        title="Expert capacity",
        description="Tokens that an expert takes, over the mean; what is more is dropped. Otherwise none is dropped.",
        examples=[1.25],
    )
    expert_imbalance: float | None = Field(
        default=None,
        ge=1,
        le=64,
        title="Expert imbalance",
        description="Tokens of the busiest experts over the mean, where none is dropped.",
        examples=[1.2],
    )

    def habits(self, precision: str, options: Options) -> Stack:
        """As the cost kernel reads it: products in `precision`, without the overlap that the options forbid."""
        quantised = precision if self.weights == "copied" else "bf16"
        return Stack(
            attention=self.attention,
            dropout=self.dropout,
            overlap=self.overlap,
            gradient_bytes=self.gradient_bytes,
            loss=self.loss,
            weights=self.weights,
            moment_bytes=self.moment_bytes,
            selective=self.selective,
            linear_input_bytes=LINEAR_INPUT_BYTES.get(quantised, 2.0),
            weight_copies=WEIGHT_COPIES.get(quantised, 0.0),
            graphs=self.cuda_graphs,
            fused_experts=self.fused_experts,
            merged_dispatch=self.merged_dispatch,
            balanced_experts=self.balanced_experts,
            overlap_gradients=not options.forbids("overlap_gradients"),
            overlap_weights=not options.forbids("overlap_weights"),
            overlap_tensor=self.overlap and not options.forbids("overlap_tensor"),
            expert_load=self.capacity_factor or self.expert_imbalance,
            expert_pieces=bool(options.fix.expert_pieces),
        )
