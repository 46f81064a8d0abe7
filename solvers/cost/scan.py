"""Work of the mixers that carry a state instead of attending: Mamba-2 scans and gated delta rules, done in chunks.

Symbols
    H heads of width P   N state   G groups   Q chunk   d_k, d_v key and value widths
Forward FLOPs of a token
    Mamba-2       2 Q N G  within a chunk, scores    2 Q H P  scores with inputs
                  2 N H P  states of the chunk       2 N H P  outputs from states         [dao2024mamba2, section 6]
    delta rule    2 Q H (2 d_k + d_v)  within a chunk, and the inverse of its triangle with keys and values
                  4 H d_k d_v  states and outputs                                        [yang2024deltanet, section 3.2]
Bytes of a token: a state in fp32 is written and read twice for each chunk (made, passed on, used).
"""

from solvers.catalogue import Model

CHUNK = {"mamba": 128, "linear": 64}
STATE_BYTES = 4.0 * 4.0
# The backward pass makes the states again and has two gradients for each product.
SCAN_BACKWARD = 3.0


def scan_of(model: Model) -> dict[str, float]:
    """FLOPs and bytes of the scans of the average layer, for each token of a forward pass."""
    flops = moved = 0.0
    if (mamba := model.mamba) and model.mamba_layers:
        share, chunk, width = model.mamba_layers / model.layers, CHUNK["mamba"], mamba.heads * mamba.head_dim
        flops += share * 2.0 * (chunk * mamba.state * mamba.groups + (chunk + 2.0 * mamba.state) * width)
        moved += share * STATE_BYTES * mamba.state * width / chunk
    if (linear := model.linear) and model.linear_layers:
        share, chunk = model.linear_layers / model.layers, CHUNK["linear"]
        keys, values = linear.value_heads * linear.key_dim, linear.value_heads * linear.value_dim
        flops += share * (2.0 * chunk * (2.0 * keys + values) + 4.0 * keys * linear.value_dim)
        moved += share * STATE_BYTES * keys * linear.value_dim / chunk
    return {"scan_flops": flops, "scan_bytes": moved}
