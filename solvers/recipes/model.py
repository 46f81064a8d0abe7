"""The decoder that recipes build, with random weights: sizes, parameters, arithmetic."""

from typing import Literal

from pydantic import Field, model_validator

from solvers.base import Part, Positive, Whole
from solvers.catalogue import Model as CatalogueModel
from solvers.catalogue import model as catalogue_model
from solvers.documents import Document
from solvers.errors import Problem, SpecError

Norm = Literal["rms", "layer"]
# Grouped products take rows of whole 16 bytes: so many numbers of 16 bits.
GROUPED = 8


class Moe(Part):
    """Routed experts: softmax over all of them, the likeliest `top_k` of each token, their weights scaled to 1.

    Nothing balances them; random weights route about evenly.
    """

    experts: Positive = Field(default=4, le=1024, title="Routed experts")
    top_k: Positive = Field(default=2, le=1024, title="Experts for a token")
    ffn: Positive = Field(default=64, le=65_536, title="Width of an expert")
    shared_ffn: Whole = Field(default=0, ge=0, le=262_144, title="Width of all shared experts together")
    first_dense: Whole = Field(default=0, ge=0, le=500, title="Dense layers before the first")

    @model_validator(mode="after")
    def _possible(self) -> "Moe":
        if self.top_k > self.experts:
            said = f"A token cannot go to {self.top_k} of {self.experts} experts."
            raise SpecError(Problem("experts", said, "/top_k"))
        if self.ffn % GROUPED:
            said = f"Products are grouped by expert where {GROUPED} divides the widths; {self.ffn} it does not."
            raise SpecError(Problem("experts", said, "/ffn"))
        return self

    def touched(self, tokens: float) -> float:
        """Experts that some of the tokens go to, where all are as likely: the mean."""
        left: float = (1.0 - self.top_k / self.experts) ** tokens
        return self.experts * (1.0 - left)


class Model(Part):
    """Attention with rotary positions and grouped key-value heads, then a gated or a GELU feed-forward, pre-norm."""

    hidden: Positive = Field(default=64, le=65_536, title="Hidden width")
    layers: Positive = Field(default=2, le=500, title="Layers")
    heads: Positive = Field(default=4, le=1024, title="Attention heads")
    kv_heads: Whole = Field(default=0, ge=0, le=1024, title="Key-value heads", description="0: as many as heads.")
    head_dim: Whole = Field(default=0, ge=0, le=1024, title="Head width", description="0: hidden width over heads.")
    ffn: Whole = Field(
        default=128, ge=0, le=262_144, title="Feed-forward width", description="Of dense layers; 0 if there are none."
    )
    vocabulary: Positive = Field(default=256, le=1_000_000, title="Vocabulary")
    gated: bool = Field(default=True, title="Gated feed-forward", description="SwiGLU; otherwise GELU.")
    norm: Norm = Field(default="rms", title="Norm", description="RMSNorm or LayerNorm.")
    tied_embeddings: bool = Field(default=False, title="Tied embeddings")
    moe: Moe | None = Field(default=None, title="Mixture of experts")

    @model_validator(mode="after")
    def _divides(self) -> "Model":
        if self.heads % self.key_value_heads:
            said = f"{self.key_value_heads} key-value heads do not divide {self.heads} heads."
            raise SpecError(Problem("heads", said, "/kv_heads"))
        if not self.head_dim and self.hidden % self.heads:
            said = f"A hidden width of {self.hidden} does not divide into {self.heads} heads."
            raise SpecError(Problem("heads", said, "/heads", "Give `head_dim`."))
        if self.head_width % 2:
            said = f"Rotary positions turn pairs; a head width of {self.head_width} is odd."
            raise SpecError(Problem("heads", said, "/head_dim"))
        return self

    @model_validator(mode="after")
    def _feeds_forward(self) -> "Model":
        if not self.ffn and not (self.moe and not self.moe.first_dense):
            raise SpecError(Problem("missing", "Dense layers need a feed-forward width.", "/ffn"))
        if self.moe and self.hidden % GROUPED:
            said = f"Products are grouped by expert where {GROUPED} divides the widths; {self.hidden} it does not."
            raise SpecError(Problem("experts", said, "/hidden"))
        return self

    @property
    def key_value_heads(self) -> int:
        """Key-value heads, where 0 says as many as heads."""
        return self.kv_heads or self.heads

    @property
    def head_width(self) -> int:
        """Width of a head, where 0 says that heads share the hidden width."""
        return self.head_dim or self.hidden // self.heads

    def sparse_layers(self, layers: int) -> int:
        """How many of so many layers have experts."""
        return max(layers - self.moe.first_dense, 0) if self.moe else 0

    def products(self, layers: int, *, experts: float) -> float:
        """Parameters of the matrices of so many layers, with so many routed experts in each layer that has any."""
        attention = self.hidden * self.head_width * (2 * self.heads + 2 * self.key_value_heads)
        sparse = self.sparse_layers(layers)
        return layers * attention + (layers - sparse) * self._feed_forward(self.ffn) + sparse * self._mixture(experts)

    def parameters(self, layers: int) -> int:
        """All parameters of a model of so many layers."""
        norm = self.hidden * (2 if self.norm == "layer" else 1)
        embeddings = self.vocabulary * self.hidden * (1 if self.tied_embeddings else 2)
        matrices = self.products(layers, experts=self.moe.experts if self.moe else 0)
        return int(matrices) + layers * 2 * norm + norm + embeddings

    def forward_flops(self, tokens: float, *, pairs: float, layers: int, heads: float | None = None) -> float:
        """Operations of a forward pass: two for each weight and token, and four for each pair and width of a head.

        A token's weights are those of its own experts. `pairs` of a query and a key it sees, summed over sequences;
        `heads` tokens have their logits made, by default all.
        """
        logits = 2.0 * self.hidden * self.vocabulary * (tokens if heads is None else heads)
        scores = 4.0 * pairs * self.heads * self.head_width
        active = self.products(layers, experts=self.moe.top_k if self.moe else 0)
        return 2.0 * active * tokens + layers * scores + logits

    def inner_widths(self, layers: int) -> float:
        """Numbers that a token has inside of the feed-forward parts of so many layers.

        A token stands before and after its experts once for each.
        """
        sparse = self.sparse_layers(layers)
        return 3.0 * self.ffn * (layers - sparse) + sparse * self._inside_experts()

    def widest(self) -> float:
        """Numbers that a token has inside of the widest feed-forward part."""
        dense = 0.0 if self.moe and not self.moe.first_dense else 3.0 * self.ffn
        return max(dense, self._inside_experts())

    def expert_launches(self, layers: int) -> float:
        """Products of a forward pass of so many layers where experts follow one another."""
        return 2.0 * self.sparse_layers(layers) * (self.moe.experts if self.moe else 0)

    def one_layer(self) -> "Model":
        """A model of a single layer, of the kind that comes last."""
        moe = self.moe.model_copy(update={"first_dense": 0}) if self.moe else None
        return self.model_copy(update={"layers": 1, "moe": moe})

    def _feed_forward(self, width: int) -> int:
        return (3 if self.gated else 2) * self.hidden * width

    def _mixture(self, experts: float) -> float:
        """Parameters of a layer's router, shared experts and so many routed ones."""
        if self.moe is None:
            return 0.0
        router = self.hidden * self.moe.experts
        return router + self._feed_forward(self.moe.shared_ffn) + experts * self._feed_forward(self.moe.ffn)

    def _inside_experts(self) -> float:
        if self.moe is None:
            return 0.0
        return self.moe.top_k * (2.0 * self.hidden + 3.0 * self.moe.ffn) + 3.0 * self.moe.shared_ffn


def causal_pairs(queries: int, start: int = 0) -> float:
    """Pairs of one sequence whose `queries` follow `start` tokens: each sees those before it and itself."""
    return queries * start + queries * (queries + 1) / 2


def in_catalogue(measured: Model, layers: int) -> CatalogueModel:
    """The recipe's model with so many layers, as the catalogue has models."""
    return catalogue_model(
        {
            "layers": layers,
            "hidden": measured.hidden,
            "heads": measured.heads,
            "kv_heads": measured.key_value_heads,
            "head_dim": measured.head_width,
            "gated": measured.gated,
            "ffn": measured.ffn,
            "vocab": measured.vocabulary,
            "norm": "layernorm" if measured.norm == "layer" else "rmsnorm",
            "tied_embeddings": measured.tied_embeddings,
            "source": [{"title": "a measured step"}],
            **({"moe": _moe_in_catalogue(measured.moe)} if measured.moe else {}),
        }
    )


def _moe_in_catalogue(moe: Moe) -> Document:
    return {
        "experts": moe.experts,
        "top_k": moe.top_k,
        "ffn": moe.ffn,
        "shared_experts": 1 if moe.shared_ffn else 0,
        "shared_ffn": moe.shared_ffn,
        "first_dense": moe.first_dense,
    }
