"""Bytes that PyTorch itself keeps, in layers that it built and losses that it ran, against our formulas.

Everything runs on a CPU in 16 bit: what autograd saves, and when it lets go, does not depend on the device.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from weakref import finalize

import pytest
import torch
from torch import nn
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.functional import cross_entropy, scaled_dot_product_attention, silu
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.checkpoint import (
    CheckpointPolicy,
    checkpoint,
    create_selective_checkpoint_contexts,
)

from solvers.cost.layouts import FULL, NONE, SELECTIVE
from solvers.cost.memory import footprint_of
from solvers.cost.parts import Stack
from solvers.cost.stored import LOSS_BYTES, LOSS_KEPT
from tests.solvers.cost.cases import SOURCE, job, one

HIDDEN, FFN, HEADS, WIDTH, LENGTH, BATCH = 256, 704, 8, 32, 128, 2
TOKENS = LENGTH * BATCH
BASE = {"layers": 2, "hidden": HIDDEN, "ffn": FFN, "heads": HEADS, "vocab": 1000, "norm": "layernorm", "source": SOURCE}
SDPA = (
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu.default,
    torch.ops.aten._scaled_dot_product_efficient_attention.default,
)


class Attention(nn.Module):
    """Grouped-query attention with separate projections."""

    def __init__(self, kv_heads: int) -> None:
        super().__init__()
        self.kv_heads = kv_heads
        self.wq = nn.Linear(HIDDEN, HEADS * WIDTH, bias=False)
        self.wk = nn.Linear(HIDDEN, kv_heads * WIDTH, bias=False)
        self.wv = nn.Linear(HIDDEN, kv_heads * WIDTH, bias=False)
        self.wo = nn.Linear(HEADS * WIDTH, HIDDEN, bias=False)

    def forward(self, x: Any) -> Any:
        q, k, v = (w(x).unflatten(-1, (-1, WIDTH)).transpose(1, 2) for w in (self.wq, self.wk, self.wv))
        mixed = scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        return self.wo(mixed.transpose(1, 2).flatten(2))


class Latent(nn.Module):
    """Multi-head latent attention, both sides through a latent; no rotation."""

    def __init__(self, q_rank: int, kv_rank: int, nope: int, value: int) -> None:
        super().__init__()
        self.nope, self.value = nope, value
        self.q_down, self.kv_down = nn.Linear(HIDDEN, q_rank, bias=False), nn.Linear(HIDDEN, kv_rank, bias=False)
        self.q_up = nn.Linear(q_rank, HEADS * nope, bias=False)
        self.kv_up = nn.Linear(kv_rank, HEADS * (nope + value), bias=False)
        self.wo = nn.Linear(HEADS * value, HIDDEN, bias=False)

    def forward(self, x: Any) -> Any:
        q = self.q_up(self.q_down(x)).unflatten(-1, (HEADS, -1)).transpose(1, 2)
        k, v = self.kv_up(self.kv_down(x)).unflatten(-1, (HEADS, -1)).transpose(1, 2).split([self.nope, self.value], -1)
        mixed = scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.wo(mixed.transpose(1, 2).flatten(2))


class SwiGlu(torch.autograd.Function):
    """A fused SwiGLU: keeps its gates, computes the product again in its backward pass."""

    @staticmethod
    def forward(ctx: Any, gate: Any, value: Any) -> Any:
        ctx.save_for_backward(gate, value)
        return silu(gate) * value

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        gate, value = ctx.saved_tensors
        with torch.enable_grad():
            inputs = [t.detach().requires_grad_() for t in (gate, value)]
            return torch.autograd.grad(silu(inputs[0]) * inputs[1], inputs, gradient)


class Mlp(nn.Module):
    """A gated MLP."""

    def __init__(self, ffn: int = FFN) -> None:
        super().__init__()
        self.w1, self.w3 = nn.Linear(HIDDEN, ffn, bias=False), nn.Linear(HIDDEN, ffn, bias=False)
        self.w2 = nn.Linear(ffn, HIDDEN, bias=False)

    def forward(self, x: Any) -> Any:
        return self.w2(SwiGlu.apply(self.w1(x), self.w3(x)))


class Mixture(nn.Module):
    """Experts of one grouped product each, tokens gathered expert by expert, every expert with as many."""

    def __init__(self, experts: int, top_k: int, ffn: int) -> None:
        super().__init__()
        self.experts, self.top_k = experts, top_k
        self.router = nn.Linear(HIDDEN, experts, bias=False)
        self.up = nn.Parameter(torch.randn(experts, HIDDEN, 2 * ffn) / 16)
        self.down = nn.Parameter(torch.randn(experts, ffn, HIDDEN) / 16)

    def forward(self, x: Any) -> Any:
        flat = x.flatten(0, 1)
        weights = torch.softmax(self.router(flat).float(), -1)
        place = torch.arange(len(flat) * self.top_k) % len(flat)
        routed = flat[place].unflatten(0, (self.experts, -1))
        gate, value = (routed @ self.up).chunk(2, -1)
        out = (SwiGlu.apply(gate, value) @ self.down).flatten(0, 1)
        share = weights.topk(self.top_k, -1).values.t().flatten().to(x.dtype)
        return (out * share[:, None]).unflatten(0, (self.top_k, -1)).sum(0).unflatten(0, x.shape[:2])


class Layer(nn.Module):
    """Norm, mixer, norm, block, each with its residual sum."""

    def __init__(self, mixer: nn.Module, block: nn.Module) -> None:
        super().__init__()
        self.before, self.after = nn.LayerNorm(HIDDEN, bias=False), nn.LayerNorm(HIDDEN, bias=False)
        self.mixer, self.block = mixer, block

    def forward(self, x: Any) -> Any:
        x = x + self.mixer(self.before(x))
        return x + self.block(self.after(x))


class Alive(TorchDispatchMode):
    """Counts the bytes of storages that operators make, until they are gone; what was there before is not counted."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0
        self.known: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        for given in args:
            if isinstance(given, torch.Tensor):
                self.known.add(given.untyped_storage()._cdata)
        result = func(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, tuple | list) else (result,):
            if isinstance(tensor, torch.Tensor):
                self._seen(tensor.untyped_storage())
        return result

    def _seen(self, storage: Any) -> None:
        key = storage._cdata
        if key in self.known:
            return
        self.known.add(key)
        self.now += storage.nbytes()
        self.most = max(self.most, self.now)
        finalize(storage, partial(self._gone, key, storage.nbytes()))

    def _gone(self, key: int, size: int) -> None:
        self.known.discard(key)
        self.now -= size


@contextmanager
def saving(module: nn.Module) -> Iterator[dict[int, int]]:
    """Distinct storages that autograd saves, with their bytes; weights apart."""
    weights = {p.untyped_storage().data_ptr() for p in module.parameters()}
    kept: dict[int, int] = {}
    held: list[Any] = []

    def pack(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
            held.append(tensor)
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        yield kept


def kept_by(layer: nn.Module) -> int:
    """Bytes that a layer keeps of one micro-batch."""
    layer = layer.to(torch.bfloat16)
    x = torch.randn(BATCH, LENGTH, HIDDEN, dtype=torch.bfloat16, requires_grad=True)
    with saving(layer) as kept:
        result = layer(x)
    assert result.requires_grad
    return sum(kept.values())


def ours(changes: dict[str, Any], stack: Stack, *, recompute: int) -> float:
    """Bytes by our formulas."""
    case = job({**BASE, **changes}, gpus=1, stack=stack, sequence_length=LENGTH, global_batch=BATCH, precision="bf16")
    shards, _ = one(case, micro_batch=BATCH)
    return float(footprint_of(shards, case).activations[recompute][0])


@pytest.mark.parametrize("kv_heads", [8, 2])
def test_a_dense_layer_keeps_what_torch_saves(kv_heads: int) -> None:
    torch_keeps = kept_by(Layer(Attention(kv_heads), Mlp()))

    found = ours({"kv_heads": kv_heads}, Stack(), recompute=NONE)

    assert found == pytest.approx(torch_keeps, rel=0.02)


def test_a_layer_of_latent_attention_keeps_what_torch_saves() -> None:
    """Heads of 32, latents of 96 and 64; one of a head's elements stands for the part that would be rotated."""
    torch_keeps = kept_by(Layer(Latent(96, 64, 32, 32), Mlp()))

    mla = {"q_rank": 96, "kv_rank": 64, "nope_dim": 31, "rope_dim": 1, "v_dim": 32}
    found = ours({"mla": mla}, Stack(), recompute=NONE)

    assert found == pytest.approx(torch_keeps, rel=0.02)


def test_a_mixture_keeps_what_torch_saves() -> None:
    """8 experts of 128, two for each token; what experts give back waits for the router's gradient."""
    torch_keeps = kept_by(Layer(Attention(8), Mixture(8, 2, 128)))

    found = ours({"kv_heads": 8, "moe": {"experts": 8, "top_k": 2, "ffn": 128}}, Stack(), recompute=NONE)

    assert found == pytest.approx(torch_keeps, rel=0.05)


def test_full_recomputation_keeps_the_input_of_a_layer() -> None:
    layer = Layer(Attention(2), Mlp())

    class Again(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = layer

        def forward(self, x: Any) -> Any:
            return checkpoint(self.layer, x, use_reentrant=False)

    assert ours({"kv_heads": 2}, Stack(), recompute=FULL) == kept_by(Again())


def _every_second_product() -> Callable[[], Any]:
    """torchtitan's rule: attention and every second product are kept, counted from the first."""
    count: dict[str, int] = defaultdict(int)

    def policy(ctx: Any, func: Any, *_: Any, **__: Any) -> CheckpointPolicy:
        mode = "again" if ctx.is_recompute else "forward"
        if func is torch.ops.aten.mm.default:
            count[mode] += 1
            keep = count[mode] % 2 == 1
        else:
            keep = func in SDPA
        return CheckpointPolicy.MUST_SAVE if keep else CheckpointPolicy.PREFER_RECOMPUTE

    return partial(create_selective_checkpoint_contexts, policy)


def test_recomputation_by_operators_keeps_what_torch_caches() -> None:
    """Alive after the forward pass: the input, attention's results, and products 1, 3, 5, 7 (q, v, w1, w2)."""
    layer = Layer(Attention(2), Mlp()).to(torch.bfloat16)
    x = torch.randn(BATCH, LENGTH, HIDDEN, dtype=torch.bfloat16, requires_grad=True)

    with Alive() as alive:
        result = checkpoint(layer, x, use_reentrant=False, context_fn=_every_second_product())
        after = alive.now

    output = result.untyped_storage().nbytes()
    stack = Stack(selective="operators", compiled=False)
    found = ours({"kv_heads": 2}, stack, recompute=SELECTIVE)
    assert found == pytest.approx(after - output + x.untyped_storage().nbytes(), rel=0.02)


def test_a_loss_run_operator_by_operator_peaks_at_twelve_bytes_a_logit() -> None:
    """16-bit logits that the loss casts and the caller lets go; targets and sums are small beside 8,000 classes."""
    classes, tokens = 8000, 64
    logits = torch.randn(tokens, classes, dtype=torch.bfloat16)
    source = logits.clone().requires_grad_()
    targets = torch.randint(classes, (tokens,))

    with Alive() as alive:
        loss = cross_entropy(source.float(), targets)
        kept = alive.now
        loss.backward()

    elements = tokens * classes
    assert [alive.most / elements, kept / elements] == pytest.approx(
        [LOSS_BYTES["eager"], LOSS_KEPT["eager"]], rel=0.02
    )
