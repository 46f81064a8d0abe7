"""Sizes of the planned model, under the flavor that torchtitan.toml names."""

import os

from torchtitan.models.qwen3 import Qwen3ModelArgs, qwen3_args

qwen3_args["isoflop"] = Qwen3ModelArgs(
    dim=4096,
    n_layers=32,
    n_heads=64,
    n_kv_heads=16,
    vocab_size=32000,
    max_seq_len=4096,
    head_dim=64,
    hidden_dim=16384,
    qk_norm=False,
    enable_weight_tying=True,
    rope_theta=float(os.environ["ROTARY_BASE"]),
)
