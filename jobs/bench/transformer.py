"""A decoder with random weights: the model that steps are measured on.

Every layer is drawn from a seed of its own, so that all processes and all ways of splitting start from the same
weights without sending any; `finish` splits a layer before the next one is made, so that one is whole at a time.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 -- its name everywhere
from torch.nn.attention.bias import causal_lower_right
from torch.utils.checkpoint import CheckpointPolicy, checkpoint, create_selective_checkpoint_contexts

from jobs.bench.experts import FeedForward, Mixture
from solvers.recipes.model import Model

# The base of the rotary angles [su2021roformer], and the spread of initial weights [radford2019gpt2]. An embedding that
# is not the head too is drawn wide, as torch and torchtitan do [liang2024torchtitan]: attention's means of many tokens
# would else outweigh the token itself, and routers would send most tokens to the same experts.
ROTARY_BASE, INITIAL, WIDE = 10_000.0, 0.02, 1.0
KERNELS = ("flash_attention", "efficient_attention", "cudnn_attention", "flash_attention_for_cpu")
ATTENTION = tuple(f"_scaled_dot_product_{name}" for name in KERNELS)
KEPT = {
    torch.ops.aten.mm.default,
    torch.ops.aten.addmm.default,
    torch.ops.aten.bmm.default,
    *(getattr(torch.ops.aten, name).default for name in ("_grouped_mm", *ATTENTION)),
}

Finish = Callable[[nn.Module], nn.Module]


class Cache(NamedTuple):
    """Keys and values of one layer, [sequences, key-value heads, capacity, head width]."""

    keys: Tensor
    values: Tensor


class Attention(nn.Module):
    """Causal attention. Each group's queries, keys and values stand together in `qkv`, so that groups can be split."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.width, self.shared = model.head_width, model.heads // model.key_value_heads
        rows = model.key_value_heads * (self.shared + 2) * self.width
        self.qkv = nn.Linear(model.hidden, rows, bias=False)
        self.out = nn.Linear(model.heads * self.width, model.hidden, bias=False)

    def forward(self, x: Tensor, turns: tuple[Tensor, Tensor], cache: Cache | None, start: int) -> Tensor:
        """Of `x` [sequences, tokens, hidden], whose first token is the `start`-th of its sequence."""
        sequences, tokens, _ = x.shape
        grouped = self.qkv(x).view(sequences, tokens, -1, self.shared + 2, self.width)
        q = grouped[..., : self.shared, :].reshape(sequences, tokens, -1, self.width).transpose(1, 2)
        k, v = (grouped[..., self.shared + part, :].transpose(1, 2) for part in (0, 1))
        q, k = turned(q, turns), turned(k, turns)
        if cache is not None:
            cache.keys[:, :, start : start + tokens] = k
            cache.values[:, :, start : start + tokens] = v
            k, v = cache.keys[:, :, : start + tokens], cache.values[:, :, : start + tokens]
        y = attended(q, k, v)
        return self.out(y.transpose(1, 2).reshape(sequences, tokens, -1))


class Block(nn.Module):
    """One layer, with experts where it is `sparse`.

    `again` is how much of it a backward pass computes again: none, selective or full.
    """

    def __init__(self, model: Model, again: str, *, sparse: bool) -> None:
        super().__init__()
        self.again = again
        self.attention_norm, self.feed_forward_norm = norm_of(model), norm_of(model)
        self.attention = Attention(model)
        self.feed_forward = Mixture(model) if sparse else FeedForward(model, model.ffn)

    def forward(self, x: Tensor, turns: tuple[Tensor, Tensor], cache: Cache | None = None, start: int = 0) -> Tensor:
        if self.again == "none":
            return self._once(x, turns, cache, start)
        contexts = {"context_fn": partial(create_selective_checkpoint_contexts, _kept)}
        more = contexts if self.again == "selective" else {}
        return checkpoint(self._once, x, turns, cache, start, use_reentrant=False, **more)

    def _once(self, x: Tensor, turns: tuple[Tensor, Tensor], cache: Cache | None, start: int) -> Tensor:
        x = x + self.attention(self.attention_norm(x), turns, cache, start)
        return x + self.feed_forward(self.feed_forward_norm(x))


class Decoder(nn.Module):
    """Tokens to logits."""

    def __init__(
        self, model: Model, layers: int, *, device: torch.device, again: str, finish: Finish, shared_by: int
    ) -> None:
        super().__init__()
        self.model, self.shared_by = model, shared_by
        made = partial(_drawn, device=device)
        spread = INITIAL if model.tied_embeddings else WIDE
        self.embedding = made(lambda: nn.Embedding(model.vocabulary, model.hidden), seed=0, spread=spread)
        dense = layers - model.sparse_layers(layers)
        self.blocks = nn.ModuleList(
            finish(made(partial(Block, model, again, sparse=layer >= dense), seed=2 + layer)) for layer in range(layers)
        )
        self.norm = made(lambda: norm_of(model), seed=0)
        self.head = made(lambda: nn.Linear(model.hidden, model.vocabulary, bias=False), seed=1)
        if model.tied_embeddings:
            self.head.weight = self.embedding.weight

    def forward(
        self, tokens: Tensor, caches: list[Cache] | None = None, start: int = 0, *, last: bool = False
    ) -> Tensor:
        """Logits of `tokens` [sequences, tokens]; with `last` of the last token alone, as serving wants them."""
        x = self.embedding(tokens)
        turns = rotation(self.model.head_width, start, tokens.shape[1], like=x)
        for place, block in enumerate(self.blocks):
            x = block(x, turns, caches[place] if caches else None, start)
        x = self.norm(x[:, -1:] if last else x)
        return self.head(x)

    def caches(self, sequences: int, capacity: int, *, like: Tensor) -> list[Cache]:
        """Empty caches of all layers, of this process's heads."""
        shape = (sequences, self.model.key_value_heads // self.shared_by, capacity, self.model.head_width)
        return [Cache(like.new_zeros(shape), like.new_zeros(shape)) for _ in self.blocks]


def decoder(
    model: Model,
    layers: int,
    *,
    device: torch.device,
    again: str = "none",
    finish: Finish = lambda block: block,
    shared_by: int = 1,
) -> Decoder:
    """A decoder of so many layers, in 32 bits but for what `finish` does; `shared_by` processes share its heads."""
    return Decoder(model, layers, device=device, again=again, finish=finish, shared_by=shared_by)


def norm_of(model: Model) -> nn.Module:
    """The model's norm."""
    return nn.RMSNorm(model.hidden, eps=1e-5) if model.norm == "rms" else nn.LayerNorm(model.hidden)


def rotation(width: int, start: int, tokens: int, *, like: Tensor) -> tuple[Tensor, Tensor]:
    """Cosine and sine of every token's angles, [tokens, width], as [su2021roformer] with halves for pairs."""
    powers = torch.arange(0, width, 2, device=like.device, dtype=torch.float32) / width
    places = torch.arange(start, start + tokens, device=like.device, dtype=torch.float32)
    angles = torch.outer(places, ROTARY_BASE**-powers).repeat(1, 2)
    return angles.cos().to(like.dtype), angles.sin().to(like.dtype)


def turned(x: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
    """Queries or keys, turned by their place."""
    cosine, sine = turns
    left, right = x.chunk(2, dim=-1)
    return x * cosine + torch.cat((-right, left), dim=-1) * sine


def attended(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal attention of the last tokens of `k` and `v`; several heads of `q` may share one of theirs."""
    tokens, context = q.shape[2], k.shape[2]
    shared: dict[str, Any] = {"enable_gqa": q.shape[1] != k.shape[1]}
    if tokens == context:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True, **shared)
    mask = None if tokens == 1 else _earlier(tokens, context, q.device)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, **shared)


def _earlier(tokens: int, context: int, device: torch.device) -> Any:
    """What the last tokens see, written out where no kernel takes it as two numbers."""
    if device.type == "cuda":
        return causal_lower_right(tokens, context)
    return torch.ones(tokens, context, dtype=torch.bool, device=device).tril(context - tokens)


def _kept(_: Any, operation: Any, *__: Any, **___: Any) -> CheckpointPolicy:
    """What selective recomputation keeps: results of products and of attention."""
    return CheckpointPolicy.MUST_SAVE if operation in KEPT else CheckpointPolicy.PREFER_RECOMPUTE


def _drawn(make: Callable[[], nn.Module], *, device: torch.device, seed: int, spread: float = INITIAL) -> nn.Module:
    """A module whose matrices are drawn from a seed."""
    generator = torch.Generator(device).manual_seed(seed)
    with device:
        module = make()
    for weight in module.parameters():
        if weight.dim() > 1:
            nn.init.normal_(weight, std=spread, generator=generator)
    return module
