"""The decoder that recipes build, with random weights: sizes, parameters, arithmetic."""

from typing import Literal

from pydantic import Field, model_validator

from solvers.base import Part, Positive, Whole
from solvers.catalogue import Model as CatalogueModel
from solvers.catalogue import model as catalogue_model
from solvers.errors import Problem, SpecError

Norm = Literal["rms", "layer"]


class Model(Part):
    """Attention with rotary positions and grouped key-value heads, then a gated or a GELU feed-forward, pre-norm."""

    hidden: Positive = Field(default=64, le=65_536, title="Hidden width")
    layers: Positive = Field(default=2, le=500, title="Layers")
    heads: Positive = Field(default=4, le=1024, title="Attention heads")
    kv_heads: Whole = Field(default=0, ge=0, le=1024, title="Key-value heads", description="0: as many as heads.")
    head_dim: Whole = Field(default=0, ge=0, le=1024, title="Head width", description="0: hidden width over heads.")
    ffn: Positive = Field(default=128, le=262_144, title="Feed-forward width")
    vocabulary: Positive = Field(default=256, le=1_000_000, title="Vocabulary")
    gated: bool = Field(default=True, title="Gated feed-forward", description="SwiGLU; otherwise GELU.")
    norm: Norm = Field(default="rms", title="Norm", description="RMSNorm or LayerNorm.")
    tied_embeddings: bool = Field(default=False, title="Tied embeddings")

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

    @property
    def key_value_heads(self) -> int:
        """Key-value heads, where 0 says as many as heads."""
        return self.kv_heads or self.heads

    @property
    def head_width(self) -> int:
        """Width of a head, where 0 says that heads share the hidden width."""
        return self.head_dim or self.hidden // self.heads

    @property
    def layer_products(self) -> int:
        """Parameters of a layer's matrices."""
        attention = self.hidden * self.head_width * (2 * self.heads + 2 * self.key_value_heads)
        return attention + (3 if self.gated else 2) * self.hidden * self.ffn

    def parameters(self, layers: int) -> int:
        """All parameters of a model of so many layers."""
        norm = self.hidden * (2 if self.norm == "layer" else 1)
        embeddings = self.vocabulary * self.hidden * (1 if self.tied_embeddings else 2)
        return layers * (self.layer_products + 2 * norm) + norm + embeddings

    def forward_flops(self, tokens: float, *, pairs: float, layers: int, heads: float | None = None) -> float:
        """Operations of a forward pass: two for each weight and token, and four for each pair and width of a head.

        `pairs` of a query and a key it sees, summed over sequences; `heads` tokens have their logits made, by default
        all.
        """
        logits = 2.0 * self.hidden * self.vocabulary * (tokens if heads is None else heads)
        scores = 4.0 * pairs * self.heads * self.head_width
        return layers * (2.0 * self.layer_products * tokens + scores) + logits


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
        }
    )
