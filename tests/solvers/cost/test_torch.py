"""Parameters, FLOPs and kept activations of a block that PyTorch built, against ours."""

import pytest
import torch
from torch import nn
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.functional import scaled_dot_product_attention, silu
from torch.utils.flop_counter import FlopCounterMode

from solvers.cost.flops import layer_flops
from solvers.cost.layouts import NONE
from solvers.cost.memory import dense_parameters, footprint_of
from solvers.cost.parts import Stack
from tests.solvers.cost.cases import SOURCE, job, one

HIDDEN, FFN, HEADS, KV_HEADS, WIDTH, LENGTH, BATCH = 256, 704, 8, 2, 32, 128, 2
LLAMA = {
    "layers": 2, "hidden": HIDDEN, "ffn": FFN, "heads": HEADS, "kv_heads": KV_HEADS, "vocab": 1000,
    "norm": "layernorm", "norm_bias": False, "source": SOURCE,
}  # fmt: skip


class Block(nn.Module):
    """A Llama layer without rotation, and with norms that PyTorch runs as one kernel on a CPU too."""

    def __init__(self) -> None:
        super().__init__()
        self.before, self.after = nn.LayerNorm(HIDDEN, bias=False), nn.LayerNorm(HIDDEN, bias=False)
        self.qkv = nn.Linear(HIDDEN, (HEADS + 2 * KV_HEADS) * WIDTH, bias=False)
        self.out = nn.Linear(HEADS * WIDTH, HIDDEN, bias=False)
        self.up = nn.Linear(HIDDEN, 2 * FFN, bias=False)
        self.down = nn.Linear(FFN, HIDDEN, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """One layer."""
        q, k, v = self.qkv(self.before(x)).split([HEADS * WIDTH, KV_HEADS * WIDTH, KV_HEADS * WIDTH], dim=-1)
        q, k, v = (part.unflatten(-1, (-1, WIDTH)).transpose(1, 2) for part in (q, k, v))
        mixed = scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        x = x + self.out(mixed.transpose(1, 2).flatten(2))
        gate, value = self.up(self.after(x)).chunk(2, dim=-1)
        return x + self.down(silu(gate) * value)


def test_a_layer_has_as_many_parameters_as_the_block() -> None:
    with torch.device("meta"):
        block = Block()
    case = job(LLAMA, gpus=1, stack=Stack(), sequence_length=LENGTH, precision="bf16")
    shards, _ = one(case)

    ours = dense_parameters(case.architecture, shards.tp)

    assert ours.tolist() == [float(sum(p.numel() for p in block.parameters()))]


def test_a_layer_does_as_many_flops_as_torch_counts() -> None:
    """PyTorch counts the whole square of attention, so the comparison is without the causal half."""
    with torch.device("meta"):
        block, x = Block(), torch.empty(1, LENGTH, HIDDEN)
    case = job(LLAMA, gpus=1, stack=Stack(), sequence_length=LENGTH, precision="bf16")

    with FlopCounterMode(display=False) as counter:
        block(x)

    ours = layer_flops(case.architecture, sequence_length=LENGTH, causal=False)
    assert ours == pytest.approx(counter.get_total_flops(), rel=1e-12)


def test_a_layer_keeps_about_as_many_bytes_as_torch_saves() -> None:
    """Distinct storages that the backward pass needs, weights apart, in 16 bit.

    PyTorch's eager SiLU keeps its result, one tensor of width f, which a fused SwiGLU computes again; what is left is
    within 5 %.
    """
    block = Block().to(torch.bfloat16)
    x = torch.randn(BATCH, LENGTH, HIDDEN, dtype=torch.bfloat16, requires_grad=True)
    weights = {p.untyped_storage().data_ptr() for p in block.parameters()}
    kept: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        result = block(x)
    case = job(LLAMA, gpus=1, stack=Stack(), sequence_length=LENGTH, global_batch=BATCH, precision="bf16")
    shards, _ = one(case, micro_batch=BATCH)

    ours = footprint_of(shards, case).activations[NONE][0]

    assert result.requires_grad
    eager = sum(kept.values()) - 2 * FFN * LENGTH * BATCH
    assert ours == pytest.approx(eager, rel=0.05)
