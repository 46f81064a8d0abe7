"""Shapes of published Hugging Face configs, by the catalogue's name: the keys that matter and some that do not."""

from typing import Any

COMMON = {"torch_dtype": "bfloat16", "rope_theta": 500000.0, "bos_token_id": 1, "use_cache": True, "rms_norm_eps": 1e-5}
KINDS = {"M": "mamba", "*": "attention", "E": "moe"}
ULTRA = "MEMEMEM*EMEMEM*EMEMEMEM*EMEMEMEM*EMEMEM*EMEMEMEM*EMEMEMEM*EMEMEM*EMEMEMEM*EMEMEMEM*EMEMEM*EMEMEMEM*EMEMEMEME"

CONFIGS: dict[str, dict[str, Any]] = {
    "llama-3.1-70b": {
        **COMMON, "model_type": "llama", "architectures": ["LlamaForCausalLM"], "attention_bias": False,
        "hidden_act": "silu", "hidden_size": 8192, "intermediate_size": 28672, "max_position_embeddings": 131072,
        "mlp_bias": False, "num_attention_heads": 64, "num_hidden_layers": 80, "num_key_value_heads": 8,
        "rope_scaling": {"factor": 8.0, "rope_type": "llama3"}, "tie_word_embeddings": False, "vocab_size": 128256,
    },
    "qwen2.5-7b": {
        **COMMON, "model_type": "qwen2", "hidden_act": "silu", "hidden_size": 3584, "intermediate_size": 18944,
        "max_position_embeddings": 131072, "max_window_layers": 28, "num_attention_heads": 28, "num_hidden_layers": 28,
        "num_key_value_heads": 4, "sliding_window": 131072, "use_sliding_window": False, "tie_word_embeddings": False,
        "vocab_size": 152064,
    },
    "qwen3-30b-a3b": {
        **COMMON, "model_type": "qwen3_moe", "decoder_sparse_step": 1, "head_dim": 128, "hidden_act": "silu",
        "hidden_size": 2048, "intermediate_size": 6144, "max_position_embeddings": 40960, "mlp_only_layers": [],
        "moe_intermediate_size": 768, "num_attention_heads": 32, "num_experts": 128, "num_experts_per_tok": 8,
        "num_hidden_layers": 48, "num_key_value_heads": 4, "sliding_window": None, "tie_word_embeddings": False,
        "vocab_size": 151936,
    },
    "mixtral-8x7b": {
        **COMMON, "model_type": "mixtral", "hidden_act": "silu", "hidden_size": 4096, "intermediate_size": 14336,
        "max_position_embeddings": 32768, "num_attention_heads": 32, "num_experts_per_tok": 2, "num_hidden_layers": 32,
        "num_key_value_heads": 8, "num_local_experts": 8, "sliding_window": None, "tie_word_embeddings": False,
        "vocab_size": 32000,
    },
    "mistral-7b-v0.1": {
        **COMMON, "model_type": "mistral", "hidden_act": "silu", "hidden_size": 4096, "intermediate_size": 14336,
        "max_position_embeddings": 32768, "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8,
        "sliding_window": 4096, "tie_word_embeddings": False, "vocab_size": 32000,
    },
    "deepseek-v3": {
        **COMMON, "model_type": "deepseek_v3", "attention_bias": False, "first_k_dense_replace": 3,
        "hidden_act": "silu", "hidden_size": 7168, "intermediate_size": 18432, "kv_lora_rank": 512,
        "max_position_embeddings": 163840,
        "moe_intermediate_size": 2048, "moe_layer_freq": 1, "n_routed_experts": 256, "n_shared_experts": 1,
        "num_attention_heads": 128, "num_experts_per_tok": 8, "num_hidden_layers": 61, "num_key_value_heads": 128,
        "num_nextn_predict_layers": 1, "q_lora_rank": 1536, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
        "tie_word_embeddings": False, "v_head_dim": 128, "vocab_size": 129280,
        "quantization_config": {"quant_method": "fp8"},
    },
    "kimi-k2": {
        **COMMON, "model_type": "kimi_k2", "first_k_dense_replace": 1, "hidden_act": "silu", "hidden_size": 7168,
        "intermediate_size": 18432, "kv_lora_rank": 512, "max_position_embeddings": 131072,
        "moe_intermediate_size": 2048, "moe_layer_freq": 1, "n_routed_experts": 384, "n_shared_experts": 1,
        "num_attention_heads": 64, "num_experts_per_tok": 8, "num_hidden_layers": 61, "num_key_value_heads": 64,
        "num_nextn_predict_layers": 0, "q_lora_rank": 1536, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
        "tie_word_embeddings": False, "v_head_dim": 128, "vocab_size": 163840,
    },
    "glm-4.5-air": {
        **COMMON, "model_type": "glm4_moe", "attention_bias": True, "first_k_dense_replace": 1, "head_dim": 128,
        "hidden_act": "silu", "hidden_size": 4096, "intermediate_size": 10944, "max_position_embeddings": 131072,
        "moe_intermediate_size": 1408, "n_routed_experts": 128, "n_shared_experts": 1, "num_attention_heads": 96,
        "num_experts_per_tok": 8, "num_hidden_layers": 46, "num_key_value_heads": 8, "num_nextn_predict_layers": 1,
        "tie_word_embeddings": False, "use_qk_norm": False, "vocab_size": 151552,
    },
    "minimax-m2": {
        **COMMON, "model_type": "minimax_m2", "head_dim": 128, "hidden_act": "silu", "hidden_size": 3072,
        "intermediate_size": 1536, "max_position_embeddings": 196608, "num_attention_heads": 48,
        "num_experts_per_tok": 8, "num_hidden_layers": 62, "num_key_value_heads": 8, "num_local_experts": 256,
        "shared_intermediate_size": 0, "tie_word_embeddings": False, "use_qk_norm": True, "vocab_size": 200064,
    },
    "gpt-oss-20b": {
        **COMMON, "model_type": "gpt_oss", "attention_bias": True, "head_dim": 64, "hidden_act": "silu",
        "hidden_size": 2880, "intermediate_size": 2880, "layer_types": ["sliding_attention", "full_attention"] * 12,
        "max_position_embeddings": 131072, "num_attention_heads": 64, "num_experts_per_tok": 4, "num_hidden_layers": 24,
        "num_key_value_heads": 8, "num_local_experts": 32, "sliding_window": 128, "tie_word_embeddings": False,
        "vocab_size": 201088,
    },
    "gemma-2-9b": {
        **COMMON, "model_type": "gemma2", "head_dim": 256, "hidden_activation": "gelu_pytorch_tanh",
        "hidden_size": 3584, "intermediate_size": 14336, "max_position_embeddings": 8192, "num_attention_heads": 16,
        "num_hidden_layers": 42, "num_key_value_heads": 8, "sliding_window": 4096, "vocab_size": 256000,
    },
    "qwen3.5-35b-a3b": {
        "model_type": "qwen3_5_moe", "image_token_id": 248056, "tie_word_embeddings": False,
        "vision_config": {"hidden_size": 1152, "depth": 27},
        "text_config": {
            **COMMON, "model_type": "qwen3_5_moe_text", "attn_output_gate": True, "full_attention_interval": 4,
            "head_dim": 256, "hidden_act": "silu", "hidden_size": 2048, "linear_conv_kernel_dim": 4,
            "linear_key_head_dim": 128, "linear_num_key_heads": 16, "linear_num_value_heads": 32,
            "linear_value_head_dim": 128, "max_position_embeddings": 262144, "moe_intermediate_size": 512,
            "mtp_num_hidden_layers": 1, "num_attention_heads": 16, "num_experts": 256, "num_experts_per_tok": 8,
            "num_hidden_layers": 40, "num_key_value_heads": 2, "shared_expert_intermediate_size": 512,
            "vocab_size": 248320,
        },
    },
    "nemotron-3-nano-30b-a3b": {
        **COMMON, "model_type": "nemotron_h", "attention_bias": False, "conv_kernel": 4, "head_dim": 128,
        "hidden_size": 2688, "hybrid_override_pattern": "MEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEMEM*EMEMEMEME",
        "intermediate_size": 1856, "mamba_head_dim": 64, "mamba_num_heads": 64, "max_position_embeddings": 262144,
        "mlp_hidden_act": "relu2", "moe_intermediate_size": 1856, "moe_shared_expert_intermediate_size": 3712,
        "n_groups": 8, "n_routed_experts": 128, "n_shared_experts": 1, "num_attention_heads": 32,
        "num_experts_per_tok": 6, "num_hidden_layers": 52, "num_key_value_heads": 2, "sliding_window": None,
        "ssm_state_size": 128, "tie_word_embeddings": False, "vocab_size": 131072,
    },
    "nemotron-3-ultra-550b-a55b": {
        **COMMON, "model_type": "nemotron_h", "conv_kernel": 4, "head_dim": 128, "hidden_size": 8192,
        "intermediate_size": 5120, "layers_block_type": [KINDS[letter] for letter in ULTRA], "mamba_head_dim": 64,
        "mamba_num_heads": 256, "max_position_embeddings": 262144, "mlp_hidden_act": "relu2",
        "moe_intermediate_size": 5120, "moe_latent_size": 2048, "moe_shared_expert_intermediate_size": 10240,
        "mtp_layers_block_type": ["attention", "moe"], "n_groups": 8, "n_routed_experts": 512, "n_shared_experts": 1,
        "num_attention_heads": 64, "num_experts_per_tok": 22, "num_key_value_heads": 2, "num_nextn_predict_layers": 1,
        "ssm_state_size": 128, "tie_word_embeddings": False, "vocab_size": 131072,
    },
    "deepseek-v4-flash": {
        **COMMON, "model_type": "deepseek_v4", "head_dim": 512, "hidden_act": "silu", "hidden_size": 4096,
        "max_position_embeddings": 1048576, "moe_intermediate_size": 2048, "n_routed_experts": 256,
        "n_shared_experts": 1, "num_attention_heads": 64, "num_experts_per_tok": 6, "num_hidden_layers": 43,
        "num_key_value_heads": 1, "num_nextn_predict_layers": 1, "o_groups": 8, "o_lora_rank": 1024,
        "q_lora_rank": 1024, "qk_rope_head_dim": 64, "sliding_window": 128, "tie_word_embeddings": False,
        "vocab_size": 129280,
    },
    "llama-4-maverick": {
        "architectures": ["Llama4ForConditionalGeneration"], "tie_word_embeddings": False,
        "text_config": {
            **COMMON, "model_type": "llama4_text", "attention_bias": False, "head_dim": 128, "hidden_act": "silu",
            "hidden_size": 5120, "interleave_moe_layer_step": 2, "intermediate_size": 8192,
            "intermediate_size_mlp": 16384, "max_position_embeddings": 1048576, "num_attention_heads": 40,
            "num_experts_per_tok": 1, "num_hidden_layers": 48, "num_key_value_heads": 8, "num_local_experts": 128,
            "vocab_size": 202048,
        },
    },
    "opt-66b": {
        "model_type": "opt", "activation_function": "relu", "do_layer_norm_before": True, "ffn_dim": 36864,
        "hidden_size": 9216, "max_position_embeddings": 2048, "num_attention_heads": 72, "num_hidden_layers": 64,
        "vocab_size": 50272, "word_embed_proj_dim": 9216,
    },
    "opt-350m": {
        "model_type": "opt", "activation_function": "relu", "do_layer_norm_before": False, "ffn_dim": 4096,
        "hidden_size": 1024, "max_position_embeddings": 2048, "num_attention_heads": 16, "num_hidden_layers": 24,
        "vocab_size": 50272, "word_embed_proj_dim": 512,
    },
    "bloom-7b1": {
        "model_type": "bloom", "hidden_size": 4096, "n_head": 32, "n_inner": None, "n_layer": 30, "seq_length": 2048,
        "vocab_size": 250880,
    },
    "mpt-7b": {
        "model_type": "mpt", "d_model": 4096, "expansion_ratio": 4, "max_seq_len": 2048, "n_heads": 32, "n_layers": 32,
        "no_bias": False, "vocab_size": 50368, "attn_config": {"alibi": False, "attn_impl": "flash"},
    },
}  # fmt: skip
