"""A model as torchtitan names it, or as a module that teaches torchtitan its sizes."""

from solvers import catalogue
from solvers.catalogue import Model
from solvers.exports.refuse import Rule
from solvers.training.exports.planned import Planned

MODULE = "isoflop_model"
FLAVOR = "isoflop"
# Model and flavor as torchtitan 0.2 lists them in torchtitan/models/*/__init__.py.
FLAVORS = {
    "llama-3-8b": ("llama3", "8B"),
    "llama-3.1-8b": ("llama3", "8B"),
    "llama-3-70b": ("llama3", "70B"),
    "llama-3.1-70b": ("llama3", "70B"),
    "llama-3.3-70b": ("llama3", "70B"),
    "llama-3.1-405b": ("llama3", "405B"),
    "qwen3-0.6b": ("qwen3", "0.6B"),
    "qwen3-1.7b": ("qwen3", "1.7B"),
    "qwen3-4b": ("qwen3", "4B"),
    "qwen3-8b": ("qwen3", "8B"),
    "qwen3-14b": ("qwen3", "14B"),
    "qwen3-32b": ("qwen3", "32B"),
    "qwen3-30b-a3b": ("qwen3", "30B-A3B"),
    "qwen3-235b-a22b": ("qwen3", "235B-A22B"),
    "gpt-oss-20b": ("gpt_oss", "20b"),
    "gpt-oss-120b": ("gpt_oss", "120b"),
    "deepseek-v3": ("deepseek_v3", "671B"),
    "deepseek-r1": ("deepseek_v3", "671B"),
    "llama-4-scout": ("llama4", "17bx16e"),
    "llama-4-maverick": ("llama4", "17bx128e"),
}
NAMES = {"name", "title", "aliases", "source", "trust", "family", "context"}


def flavor(model: Model) -> tuple[str, str]:
    """The model's name and flavor; one of ours where torchtitan ships none of these sizes."""
    plain = _plain_heads(model) and not model.qk_norm and not model.tied_embeddings
    return _shipped(model) or ("llama3" if plain else "qwen3", FLAVOR)


def _shipped(model: Model) -> tuple[str, str] | None:
    """The flavor of a catalogued model whose sizes nobody changed."""
    if model.name not in FLAVORS:
        return None
    known = catalogue.get("models", model.name)
    same = known.model_dump(exclude=NAMES) == model.model_dump(exclude=NAMES)
    return FLAVORS[model.name] if same else None


def _plain_heads(model: Model) -> bool:
    return model.head_dim * model.heads == model.hidden


def rules(plan: Planned) -> list[Rule]:
    """Models that torchtitan has no class for."""
    model = plan.model
    found = [
        Rule(model.mtp_layers > 0, "/spec/model/mtp_layers", "torchtitan 0.2 trains no multi-token prediction."),
        Rule(
            model.tied_embeddings and plan.pp > 1,
            "/spec/model/tied_embeddings",
            "torchtitan ties embeddings only where one stage of a pipeline holds both.",
            "Plan again with `options: {fix: {pp: 1}}`.",
        ),
    ]
    if _shipped(model):
        return found
    told = (
        (model.moe, "moe", "torchtitan ships no mixture of experts of these sizes"),
        (model.mla, "mla", "torchtitan ships no latent attention of these sizes"),
        (model.mamba or model.pattern or model.linear, "mamba", "torchtitan has no hybrid layers"),
        (model.window, "window", "torchtitan ships no sliding window of these sizes"),
        (model.norm != "rmsnorm" or model.norms != 2, "norm", "torchtitan's dense models have two RMS norms a layer"),
        (not model.gated, "gated", "torchtitan's dense models have gated feed-forward layers"),
        (
            model.qkv_bias or model.output_bias or model.mlp_bias or model.output_gate,
            "qkv_bias",
            "torchtitan's dense models have no biases or gates in attention",
        ),
        (model.learned_positions, "learned_positions", "torchtitan's dense models rotate, they learn no positions"),
    )
    return [*found, *(Rule(bool(broken), f"/spec/model/{field}", f"{message}.") for broken, field, message in told)]


def module(plan: Planned) -> str:
    """A module that adds the sizes under our flavor; empty where torchtitan ships them."""
    model = plan.model
    name, chosen = flavor(model)
    if chosen != FLAVOR:
        return ""
    sizes: dict[str, float] = {
        "dim": model.hidden,
        "n_layers": model.layers,
        "n_heads": model.heads,
        "n_kv_heads": model.kv_heads,
        "vocab_size": model.vocab,
        "max_seq_len": max(model.context, plan.sequence_length),
    }
    if name == "qwen3":
        kind, table = "Qwen3ModelArgs", "qwen3_args"
        sizes |= {
            "head_dim": model.head_dim,
            "hidden_dim": model.ffn,
            "qk_norm": model.qk_norm,
            "enable_weight_tying": model.tied_embeddings,
        }
        where = "torchtitan.models.qwen3"
    else:
        kind, table, where = "TransformerModelArgs", "llama3_args", "torchtitan.models.llama3"
        # Llama's width is 8/3 of the hidden one, scaled and then rounded up to a multiple: of the width wanted.
        sizes |= {"ffn_dim_multiplier": model.ffn / (8 * model.hidden), "multiple_of": model.ffn}
    lines = "".join(f"    {key}={value!r},\n" for key, value in sizes.items())
    return (
        '"""Sizes of the planned model, under the flavor that torchtitan.toml names."""\n\n'
        "import os\n\n"
        f"from {where} import {kind}, {table}\n\n"
        f'{table}["{FLAVOR}"] = {kind}(\n{lines}'
        '    rope_theta=float(os.environ["ROTARY_BASE"]),\n)\n'
    )
