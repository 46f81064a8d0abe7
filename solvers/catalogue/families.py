"""What a family of models does without its config saying so, as its code in the transformers library does it."""

from typing import Any

BIASED = {"norm": "layernorm", "qkv_bias": True, "output_bias": True, "mlp_bias": True}
FAMILIES: dict[str, dict[str, Any]] = {
    "gpt2": {**BIASED, "gated": False, "tied_embeddings": True},
    "opt": {**BIASED, "gated": False, "tied_embeddings": True},
    "bloom": {**BIASED, "gated": False, "tied_embeddings": True, "embedding_norm": True},
    "gpt_neox": {**BIASED, "gated": False},
    "mpt": {"norm": "layernorm", "norm_bias": False, "gated": False, "tied_embeddings": True},
    "falcon": {"norm": "layernorm", "gated": False, "tied_embeddings": True},
    "nemotron": {"norm": "layernorm", "gated": False},
    "nemotron_h": {"gated": False},
    "qwen2": {"qkv_bias": True},
    "qwen2_moe": {"qkv_bias": True},
    "qwen3": {"qk_norm": True},
    "qwen3_moe": {"qk_norm": True},
    "qwen3_5_text": {"qk_norm": True, "output_gate": True},
    "qwen3_5_moe_text": {"qk_norm": True, "output_gate": True},
    "gemma": {"gated": True, "tied_embeddings": True},
    "gemma2": {"gated": True, "tied_embeddings": True, "norms": 4},
    "gemma3_text": {"gated": True, "tied_embeddings": True, "norms": 4, "qk_norm": True},
    "gpt_oss": {"output_bias": True, "qkv_bias": True, "mlp_bias": True},
}
NOT_GATED = ("gelu", "relu", "relu2", "gelu_new", "gelu_fast")
ROUTER_BIAS = (
    "deepseek_v3",
    "deepseek_v4",
    "kimi_k2",
    "glm4_moe",
    "glm_moe_dsa",
    "minimax_m2",
    "gpt_oss",
    "nemotron_h",
)
GPT_LIKE = {"gpt2": 0, "opt": 2}  # models with learned positions, and how many more they hold than the context

# Keys that stand for layers of shapes that the cost model does not know.
NOT_MODELLED = {
    "block_configs": "Layers of different shapes",
    "linear_attn_config": "Linear attention of this kind",
    "global_head_dim": "Attention heads of two widths",
    "attn_layer_period": "A hybrid of this kind",
    "mamba_d_state": "A hybrid of this kind",
    "state_size": "A model without attention",
    "is_encoder_decoder": "A model with an encoder",
}
