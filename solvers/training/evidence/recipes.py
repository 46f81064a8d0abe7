"""What Megatron-Bridge's recipes switch on for a mixture of experts, by model, GPU, precision and container.

Sources: Megatron-Bridge, scripts/performance/configs @ v0.4.0 for containers before June 2026, and
src/megatron/bridge/perf_recipes @ 067f987d for those since (`cuda_graph_impl`, `cuda_graph_scope`,
`moe_flex_dispatcher_backend`, `overlap_moe_expert_parallel_comm`, `use_transformer_engine_op_fuser`). A recipe that is
in neither is taken like the others of its family.
"""

from dataclasses import dataclass
from typing import Literal

from solvers.training.evidence.columns import Row, precision_of, scaling_of

Graphs = Literal["none", "parts", "all"]

# The first container whose recipes capture whole iterations of mixtures.
WHOLE_SINCE = "26.06"
HYBRID = ("nemotron3",)
# Models whose recipes exchange tokens with HybridEP or DeepEP on every GPU.
MERGED = ("deepseek", "kimi", *HYBRID)
# Nemotron 3 Super in NVFP4 keeps attention and latents in 16 bit, the state-space output in FP8, and of its 88 layers
# the first and the last 14 in 16 bit (perf_recipes/nemotronh/te_quant.cfg; training/mixed_precision.py).
WIDE = (("qkv", 1.0), ("attention_out", 1.0), ("latent", 1.0), ("mamba_out", 2.0))
NARROW = 73.0 / 88.0
# GPUs whose recipes capture no whole iterations, by the start of the model's name.
BARE = {"deepse": ("B200",), "gptoss": ("B200", "B300")}
# Models whose recipes give `pipeline_model_parallel_layout`, in which the last chunk holds what the others leave.
SHORT_LAST = ("deepseek", "kimi")
# Global batch of GPT-OSS's second set of recipes: HybridEP on GB200, and on B200 and B300 within a node.
SECOND_BATCH = "1280"


@dataclass(frozen=True)
class Recipe:
    """What a mixture's recipe captures in CUDA graphs, how tokens travel, and whether experts are one fused kernel."""

    graphs: Graphs
    merged_dispatch: bool
    overlapped_exchange: bool
    fused_experts: bool
    short_last: bool
    wide_products: tuple[tuple[str, float], ...]
    narrow_layers: float


def recipe_of(row: Row) -> Recipe:
    """The recipe of a row with experts."""
    name, gpu = _plain(row.get("model", "")), row.get("gpu", "")
    graphs = _graphs(row, name, gpu)
    whole = graphs == "all"
    mixed = name.startswith("nemotron3super") and precision_of(row) == "fp4"
    return Recipe(
        graphs=graphs,
        merged_dispatch=whole or _merged(row, name, gpu),
        overlapped_exchange=whole or _overlapped(row, name, gpu),
        fused_experts=whole or (name.startswith(HYBRID) and _mx(row) and _late(row) and gpu.startswith("GB")),
        short_last=name.startswith(SHORT_LAST),
        wide_products=WIDE if mixed else (),
        narrow_layers=NARROW if mixed else 1.0,
    )


def _graphs(row: Row, name: str, gpu: str) -> Graphs:
    if not _container(row) or gpu.startswith("H"):
        return "none"
    if name.startswith(HYBRID):
        bare = "ultra" in name or (gpu == "B200" and precision_of(row) == "fp8")
        return "none" if bare else "parts"
    if _late(row) and _mx(row) and not name.startswith("kimi") and gpu not in BARE.get(name[:6], ()):
        return "all"
    if name.startswith("gptoss"):
        return "parts" if gpu in ("GB300", "B300") else "none"
    if name.startswith(("deepseek", "kimi")) and gpu == "GB300" and precision_of(row) != "bf16":
        return "none"
    return "parts" if gpu.startswith("GB") else "none"


def _merged(row: Row, name: str, gpu: str) -> bool:
    if name.startswith("gptoss"):
        second = row.get("gbs") == SECOND_BATCH
        return second and (gpu == "GB200" or (gpu in ("B200", "B300") and row.get("ep") == "8"))
    return name.startswith(MERGED) or gpu.startswith("GB")


def _overlapped(row: Row, name: str, gpu: str) -> bool:
    """Recipes that compute on one micro-batch while another's tokens travel, whole iterations apart."""
    if name.startswith("qwen3"):
        return gpu == "H100"
    if name.startswith("gptoss"):
        return gpu == "GB200" and row.get("gbs") == SECOND_BATCH
    return name.startswith("deepseek") and gpu == "B200" and row.get("ep") == "32"


def _container(row: Row) -> str:
    """The container's number; nothing for stacks without one."""
    words = row.get("stack", "").split()
    return words[1] if "Container" in words else ""


def _late(row: Row) -> bool:
    return _container(row) >= WHOLE_SINCE


def _mx(row: Row) -> bool:
    return precision_of(row) == "fp8" and scaling_of(row) == "block"


def _plain(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())
