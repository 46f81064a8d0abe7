"""Reading the cells of a closed-loop measurement: numbers, names, kinds of numbers."""

import re
from collections.abc import Mapping

from solvers import catalogue
from solvers.catalogue import Model, Node
from solvers.cost.serving.job import EngineName, Kv, Numerics, Weights
from solvers.errors import IsoflopError

Row = Mapping[str, str]

# Nodes of the catalogue for what the tables call a system (case and punctuation ignored).
NODES = {
    "h100sxm": "dgx-h100",
    "h200sxm": "hgx-h200",
    "b200sxm": "dgx-b200",
    "b300sxm": "dgx-b300",
    "gb200": "gb200-nvl72",
    "gb200sxm": "gb200-nvl72",
    "gb300": "gb300-nvl72",
    "gb300sxm": "gb300-nvl72",
    "a100sxm": "dgx-a100-80",
    "a100pcie": "a100-pcie-server",
    "h100pcie": "h100-pcie-server",
    "h20sxm": "hgx-h20",
    "l40s": "l40s-server",
    "l4": "l4-server",
    "rtxpro6000server": "rtx-pro-6000-server",
    "rtxpro6000": "rtx-pro-6000-server",
    "rtx4090": "rtx-4090-box",
}
ENGINES: dict[str, EngineName] = {
    "vllm": "vllm",
    "sglang": "sglang",
    "trtllm": "trtllm",
    "trt": "trtllm",
    "tensorrtllm": "trtllm",
    "tensorrt-llm": "trtllm",
}
STORED: dict[str, Weights] = {
    "": "bf16",
    "bf16": "bf16",
    "bfloat16": "bf16",
    "fp16": "fp16",
    "float16": "fp16",
    "fp8": "fp8",
    "fp8_static": "fp8",
    "fp8_block": "fp8_block",
    "fp4": "nvfp4",
    "nvfp4": "nvfp4",
    "mxfp4": "nvfp4",
    "int4": "w4a16",
    "int4_wo": "w4a16",
    "w4a16": "w4a16",
    "w4a16_mxfp4": "w4a16",
    "int8": "w8a8",
    "int8_wo": "w8a8",
    "w8a8": "w8a8",
}
# What checkpoints add to the name of their architecture: a number format, its version, a date, an instruction-tuned
# or reasoning variant of the same shape.
VARIANT = re.compile(
    r"[-_](?:nv|mx)?(?:fp8|fp4|fp16|bf16|int4|int8|awq|gptq|w4a16|w8a8|dynamic|block|v2|instruct|thinking|chat|base"
    r"|\d{4}|\d{6})$",
    re.IGNORECASE,
)


class NotExpressible(Exception):
    """What a row says that the model has no word for."""


def number(row: Row, name: str) -> float:
    """The number in a cell; 0 where it is empty or no number."""
    try:
        value = float((row.get(name) or "").strip() or 0.0)
    except ValueError:
        return 0.0
    return value if value == value and abs(value) != float("inf") else 0.0  # noqa: PLR0124 -- NaN differs from itself


def whole(row: Row, name: str) -> int:
    """The whole number in a cell; 0 where it is empty."""
    return int(number(row, name))


def plain(text: str) -> str:
    """A name without case and punctuation."""
    return "".join(c for c in text.lower() if c.isalnum())


def model_of(row: Row) -> Model:
    """The architecture; suffixes that say how a checkpoint stores it are taken off one by one."""
    name = (row.get("model_path") or "").strip()
    while name:
        for known in (name, name.rpartition("/")[2]):
            try:
                return catalogue.model(known)
            except IsoflopError:
                continue
        shorter = VARIANT.sub("", name)
        if shorter == name:
            break
        name = shorter
    raise NotExpressible(f"model {row.get('model_path') or '(none)'}")


def node_of(row: Row) -> Node:
    """The node."""
    name = plain(row.get("system") or "")
    if name in NODES:
        return catalogue.node(NODES[name])
    raise NotExpressible(f"system {row.get('system') or '(none)'}")


def engine_of(row: Row) -> EngineName:
    """The engine."""
    name = (row.get("backend") or "").strip().lower()
    if name not in ENGINES:
        raise NotExpressible(f"engine {name or '(none)'}")
    return ENGINES[name]


def numerics_of(row: Row, model: Model, node: Node) -> Numerics:
    """How weights and KV cache are stored.

    Published 4-bit checkpoints of mixtures quantise their experts and keep the rest in 16 bit (the model cards of
    nvidia/DeepSeek-R1-FP4 and moonshotai/Kimi-K2.5); gpt-oss is released with 4-bit experts whatever the row calls it,
    and GPUs without 4-bit matrix units multiply them in 16 bit. Engines keep an 8-bit cache for 8- and 4-bit weights
    (the recipes' own settings), but for gpt-oss and 4-bit integers.
    """
    products = _stored(row.get("gemm_quant_mode") or row.get("precision") or "")
    experts = _stored(row.get("moe_quant_mode") or row.get("gemm_quant_mode") or row.get("precision") or "")
    four_bit_units = node.gpu.has("fp4")
    if model.family == "gpt-oss":
        return Numerics(weights="bf16", kv="fp16", experts="nvfp4" if four_bit_units else "w4a16")
    kv: Kv = "fp8" if products in ("fp8", "fp8_block", "nvfp4", "w8a8") else "fp16"
    if model.moe is None:
        return Numerics(weights=products, kv=kv)
    if "fp8_block" in (products, experts) or _in_blocks(row, model):
        products, experts = ("fp8_block" if one == "fp8" else one for one in (products, experts))
    if experts in ("nvfp4", "w4a16"):
        if experts == "nvfp4" and not four_bit_units:
            experts = "w4a16"
        return Numerics(weights="bf16", kv=kv, experts=experts)
    return Numerics(weights=products, kv=kv, experts=experts)


def _in_blocks(row: Row, model: Model) -> bool:
    """Whether the released FP8 checkpoint scales blocks of 128 x 128, whatever the row calls it.

    DeepSeek-V3's architecture was trained so [deepseek2024v3, section 3.3.2], and Qwen releases its own -FP8 so (model
    cards).
    """
    name = (row.get("model_path") or "").strip().lower()
    return model.family == "deepseek" or (model.family == "qwen" and name.startswith("qwen/") and "fp8" in name)


def gpu_and_precision(row: Row) -> tuple[str, str]:
    """The row's GPU and numbers as the tables of recipes write them."""
    return plain(row.get("system") or "").removesuffix("sxm"), (row.get("precision") or "").strip().lower()


def _stored(name: str) -> Weights:
    known = STORED.get(name.strip().lower())
    if known is None:
        raise NotExpressible(f"precision {name}")
    return known
