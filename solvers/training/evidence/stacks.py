"""What the software behind a published measurement does: read from its own sources, never tuned to a row.

Megatron-LM before 2023   scores and dropout masks kept, nothing overlapped, losses op by op in fp32
llm-foundry               PyTorch FSDP over fp32 weights, fused cross entropy (its models' default `loss_fn`)
torchtitan                FSDP2 over fp32 weights; selective recomputation keeps attention and every other product;
                          FlashAttention's second generation, PyTorch's. The loss ran op by op until October 2024, when
                          runs with torch.compile began to compile it; the figures of December 2024 are the paper's,
                          from before [liang2024torchtitan]
Megatron-Core             overlaps tensor-parallel traffic where the source says that it did
NeMo, Megatron-Bridge     fused cross entropy of Transformer Engine, gradients reduced in 16 bit and tokens spread
                          evenly over experts (`moe_router_force_load_balancing`), in their performance recipes
"""

from dataclasses import replace

from solvers.cost.coefficients import Coefficients
from solvers.cost.layouts import Floats
from solvers.cost.parts import LINEAR_INPUT_BYTES, WEIGHT_COPIES, Stack
from solvers.training.evidence.columns import Row, is_core, is_nemo, is_old, number, precision_of
from solvers.training.evidence.recipes import recipe_of

# The benchmarks' own date, year and month, from which a compiled run has a compiled loss.
COMPILED_LOSS = "202501"
# Models whose NeMo recipes keep Adam's moments in 16 bit (`use_precision_aware_optimizer`).
HALF_MOMENTS = ("deepseek", "kimi")
# Models of which some NeMo recipe lets activations of layers wait in the host's memory (`cpu_offloading_num_layers`,
# `fine_grained_activation_offloading`), and the shares of a stage's layers that are tried.
OFFLOADED = ("llama370b", "llama31405b", "gptoss120b", "nemotron3")
OFFLOADED_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


def stack_of(row: Row) -> Stack:
    """The habits of the row's software."""
    name, precision = row.get("stack", ""), row.get("precision", "").lower()
    if is_old(row):
        half = 2 if precision == "fp16" else 4
        return Stack(attention="unfused", dropout=True, overlap=False, loss="eager", gradient_bytes=half)
    if "foundry" in name:
        pure = 2 if precision == "bf16" else 4
        return Stack(attention="flash1", gradient_bytes=pure, weights="cast", loss="fused", compiled=False)
    if "torchtitan" in name:
        compiled = "torch.compile" in row.get("note", "")
        late = row.get("date", "").replace("-", "") >= COMPILED_LOSS
        eager = Stack(
            attention="flash2", weights="cast", selective="operators", compiled=compiled, regathers=False, loss="eager"
        )
        return replace(eager, loss="fused") if compiled and late else eager
    if is_core(row):
        return Stack(overlap_tensor="TP/PP comm overlap" in row.get("note", ""))
    return _nemo(row) if is_nemo(row) else Stack()


def _nemo(row: Row) -> Stack:
    """Low-precision products keep their inputs in it; FP8 weights stand in for the 16-bit ones, NVFP4's lie beside."""
    precision = precision_of(row)
    half = any(name in row.get("model", "").lower() for name in HALF_MOMENTS)
    experts = row.get("arch") == "moe" or (number(row, "ep") or 1.0) > 1.0
    recipe = recipe_of(row) if experts else None
    return Stack(
        gradient_bytes=2,
        loss="fused",
        moment_bytes=2 if half else 4,
        linear_input_bytes=LINEAR_INPUT_BYTES.get(precision, 2.0),
        weight_copies=WEIGHT_COPIES.get(precision, 0.0),
        balanced_experts=True,
        graphs=recipe.graphs if recipe else "all" if "Container" in row.get("stack", "").split() else "none",
        merged_dispatch=recipe is not None and recipe.merged_dispatch,
        fused_experts=recipe is not None and recipe.fused_experts,
        overlap_exchange=recipe is not None and recipe.overlapped_exchange,
        short_last=recipe is not None and recipe.short_last,
        wide_products=recipe.wide_products if recipe else (),
        narrow_layers=recipe.narrow_layers if recipe else 1.0,
    )


def stated_micro_batch(row: Row, *, stages: int, local_batch: int) -> float | None:
    """The micro-batch that the row states; torchtitan states a rank's batch.

    It cuts that into as many micro-batches as there are stages (its `pipeline_parallel_microbatches`).
    """
    stated = number(row, "mbs")
    whole = stages > 1 and stated == local_batch and local_batch % stages == 0
    return local_batch / stages if whole and "torchtitan" in row.get("stack", "") else stated


def zero_stages_of(row: Row, *, copies: int, stages: int) -> tuple[int, ...]:
    """ZeRO stages that the row may mean: one where it says so, else the distributed optimizer's or full sharding.

    torchtitan never gives gathered weights back between the micro-batches of a pipeline, and reduces gradients once:
    what a rank then holds and sends is ZeRO 1 (its `reshard_after_forward` policy) [liang2024torchtitan].
    """
    text = row.get("sharding", "").lower()
    if copies == 1:
        return (0,)
    if "grad_op" in text:
        return (2,)
    if text.startswith(("fsdp", "zero-3", "zero3")):
        return (1,) if stages > 1 and "torchtitan" in row.get("stack", "") else (3,)
    if text == "none":
        return (0,)
    return (1, 3) if "not stated" in text and stages == 1 else (1,)


def offloaded_shares(row: Row) -> tuple[float, ...]:
    """Shares of a stage's layers whose activations may have waited in the host's memory."""
    if row.get("offload", "none") not in ("", "none"):
        return (1.0,)
    name = "".join(c for c in row.get("model", "").lower() if c.isalnum())
    return OFFLOADED_SHARES if is_nemo(row) and name.startswith(OFFLOADED) else (0.0,)


def shown_bytes(device_bytes: Floats, coefficients: Coefficients) -> Floats:
    """What a published peak shows when the device holds `device_bytes`: what PyTorch's allocator reserved.

    Frameworks print that (torchtitan: `max_reserved_gib`), without the CUDA context; nvidia-smi would count it.
    """
    return device_bytes - float(coefficients.context_bytes)
