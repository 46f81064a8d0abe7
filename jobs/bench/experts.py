"""A mixture of experts: a router, tokens sorted by expert, grouped products, results added where the tokens stand.

`grouped_mm` is one kernel on a GPU in 16 bits; elsewhere torch does one expert's product after the other.
"""

from collections.abc import Iterable
from statistics import fmean

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 -- its name everywhere

from solvers.documents import Document
from solvers.recipes.model import Model


class FeedForward(nn.Module):
    """SwiGLU, or GELU where it is not gated."""

    def __init__(self, model: Model, width: int) -> None:
        super().__init__()
        self.up = nn.Linear(model.hidden, width, bias=False)
        self.gate = nn.Linear(model.hidden, width, bias=False) if model.gated else None
        self.down = nn.Linear(width, model.hidden, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        if self.gate is None:
            return self.down(F.gelu(self.up(x), approximate="tanh"))
        return self.down(F.silu(self.gate(x)) * self.up(x))


class Mixture(nn.Module):
    """Routed experts beside shared ones. An expert's gate stands above its other columns in `up`.

    `counts` are the tokens that each expert saw last.
    """

    def __init__(self, model: Model) -> None:
        super().__init__()
        moe = model.moe
        if moe is None:
            raise ValueError("a mixture takes a model that has experts")
        self.top_k, self.gated = moe.top_k, model.gated
        self.router = nn.Linear(model.hidden, moe.experts, bias=False)
        self.up = nn.Parameter(torch.empty(moe.experts, (2 if model.gated else 1) * moe.ffn, model.hidden))
        self.down = nn.Parameter(torch.empty(moe.experts, model.hidden, moe.ffn))
        self.shared = FeedForward(model, moe.shared_ffn) if moe.shared_ffn else None
        self.counts = torch.zeros(moe.experts, dtype=torch.int64)

    def forward(self, x: Tensor) -> Tensor:
        tokens = x.flatten(0, -2)
        shares, chosen = self.router(tokens).float().softmax(-1).topk(self.top_k)
        shares = (shares / shares.sum(-1, keepdim=True)).to(tokens.dtype)
        order = chosen.flatten().argsort()
        counts = chosen.new_zeros(len(self.up)).scatter_add_(0, chosen.flatten(), torch.ones_like(order))
        self.counts = counts.detach()
        ends = counts.cumsum(0).to(torch.int32)
        place = order // self.top_k
        inner = self._activated(grouped(tokens.index_select(0, place), self.up, ends))
        routed = grouped(inner, self.down, ends) * shares.flatten().index_select(0, order)[:, None]
        y = torch.zeros_like(tokens).index_add(0, place, routed.to(tokens.dtype))
        return (y if self.shared is None else y + self.shared(tokens)).view_as(x)

    def _activated(self, inner: Tensor) -> Tensor:
        if not self.gated:
            return F.gelu(inner, approximate="tanh")
        gate, up = inner.chunk(2, dim=-1)
        return F.silu(gate) * up


def grouped(rows: Tensor, weights: Tensor, ends: Tensor) -> Tensor:
    """Rows [n, inner] by the weights [experts, columns, inner] of their group, which ends before `ends` [experts]."""
    if torch.is_autocast_enabled(rows.device.type):
        half = torch.get_autocast_dtype(rows.device.type)
        rows, weights = rows.to(half), weights.to(half)
    return F.grouped_mm(rows, weights.transpose(-2, -1), offs=ends)


def told(modules: Iterable[nn.Module], *, device: torch.device, half: bool) -> Document:
    """What a row says of the mixtures among `modules` and their last pass; nothing where there are none."""
    mixtures = [one for one in modules if isinstance(one, Mixture)]
    if not mixtures:
        return {}
    loads = [float(one.counts.max() / one.counts.float().mean()) for one in mixtures]
    how = "grouped" if device.type == "cuda" and half else "one by one"
    return {"expert_load": fmean(loads), "expert_products": how}
