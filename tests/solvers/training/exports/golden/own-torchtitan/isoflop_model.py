"""Sizes of the planned model, under the flavor that torchtitan.toml names."""

import os

from torchtitan.models.llama3 import TransformerModelArgs, llama3_args

llama3_args["isoflop"] = TransformerModelArgs(
    dim=2048,
    n_layers=16,
    n_heads=32,
    n_kv_heads=8,
    vocab_size=32000,
    max_seq_len=2048,
    ffn_dim_multiplier=0.5,
    multiple_of=8192,
    rope_theta=float(os.environ["ROTARY_BASE"]),
)
