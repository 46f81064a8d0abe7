"""Sizes of the planned model, under the flavor that torchtitan.toml names."""

import os

from torchtitan.models.qwen3 import Qwen3ModelArgs, qwen3_args

qwen3_args["isoflop"] = Qwen3ModelArgs(
    dim=1024,
    n_layers=16,
    n_heads=16,
    n_kv_heads=4,
    vocab_size=32000,
    max_seq_len=4096,
    head_dim=64,
    hidden_dim=4096,
    qk_norm=False,
    enable_weight_tying=True,
    rope_theta=float(os.environ["ROTARY_BASE"]),
)
