"""The architecture of a language model: all that cost, memory and parameter counts need.

A document has these fields, or the keys of a Hugging Face `config.json`, which are translated first.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from solvers.catalogue import huggingface, parameters
from solvers.catalogue.entry import Entry
from solvers.catalogue.limits import MAX_CONTEXT, MAX_EXPERTS, MAX_HEADS, MAX_LAYERS, MAX_VOCABULARY, MAX_WIDTH
from solvers.errors import Problem, SpecError
from solvers.units import Count


class Part(BaseModel):
    """A group of fields of a model."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _width(title: str, **more: Any) -> Any:
    return Field(ge=1, le=MAX_WIDTH, title=title, **more)


class Mla(Part):
    """Multi-head latent attention: queries and keys/values through low-rank projections."""

    q_rank: int | None = Field(default=None, ge=1, le=MAX_WIDTH, title="Rank of the query projection")
    kv_rank: int = _width("Rank of the key-value projection")
    nope_dim: int = _width("Head width without rotation")
    rope_dim: int = _width("Head width with rotation")
    v_dim: int = _width("Head width of values")
    absorbed: bool = Field(
        default=False, title="Heads read the latent itself", description="No up-projection of keys and values."
    )
    o_rank: int | None = Field(default=None, ge=1, le=MAX_WIDTH, title="Rank of each group of the output projection")
    o_groups: int = Field(default=1, ge=1, le=1024, title="Groups of the output projection")
    index_top_k: int | None = Field(
        default=None,
        ge=1,
        le=MAX_CONTEXT,
        title="Tokens that an index picks",
        description="Sparse attention: each query reads so many. Training counts it as full attention.",
    )
    index_heads: int | None = Field(default=None, ge=1, le=MAX_HEADS, title="Heads of the index")
    index_dim: int | None = Field(default=None, ge=1, le=MAX_WIDTH, title="Width of the index's heads")

    @model_validator(mode="after")
    def _index_is_whole(self) -> "Mla":
        if len({value is None for value in (self.index_top_k, self.index_heads, self.index_dim)}) > 1:
            raise ValueError("`index_top_k`, `index_heads` and `index_dim` go together")
        return self


class Window(Part):
    """Sliding-window attention in some layers."""

    size: int = Field(ge=1, le=MAX_CONTEXT, title="Tokens seen")
    full_every: int = Field(
        default=0, ge=0, le=MAX_LAYERS, title="Each n-th layer sees everything", description="0: no layer does."
    )


class Moe(Part):
    """A mixture of experts in the feed-forward part."""

    experts: int = Field(ge=1, le=MAX_EXPERTS, title="Routed experts")
    top_k: int = Field(ge=1, le=MAX_EXPERTS, title="Experts for a token")
    ffn: int = _width("Width of an expert")
    shared_experts: int = Field(default=0, ge=0, le=64, title="Shared experts")
    shared_ffn: int = Field(default=0, ge=0, le=MAX_WIDTH, title="Width of all shared experts together")
    shared_gate: bool = Field(default=False, title="A gate scales the shared experts")
    first_dense: int = Field(default=0, ge=0, le=MAX_LAYERS, title="Dense layers before the first")
    every: int = Field(default=1, ge=1, le=64, title="Each n-th layer has experts")
    latent: int | None = Field(default=None, ge=1, le=MAX_WIDTH, title="Width the experts work in")
    router_bias: bool = Field(default=False, title="The router has a bias")

    @model_validator(mode="after")
    def _enough_experts(self) -> "Moe":
        if self.top_k > self.experts:
            raise ValueError(f"{self.top_k} experts for a token, of {self.experts}")
        if bool(self.shared_experts) != bool(self.shared_ffn):
            raise ValueError("`shared_experts` and `shared_ffn` go together")
        return self


class Mamba(Part):
    """A Mamba-2 layer."""

    heads: int = Field(ge=1, le=MAX_HEADS, title="Heads")
    head_dim: int = _width("Head width")
    state: int = _width("State size")
    groups: int = Field(default=1, ge=1, le=1024, title="Groups")
    conv: int = Field(default=4, ge=1, le=64, title="Convolution width")


class LinearAttention(Part):
    """Gated delta-rule layers in place of attention, but for each `full_every`-th layer."""

    key_heads: int = Field(ge=1, le=MAX_HEADS, title="Key heads")
    value_heads: int = Field(ge=1, le=MAX_HEADS, title="Value heads")
    key_dim: int = _width("Key head width")
    value_dim: int = _width("Value head width")
    conv: int = Field(default=4, ge=1, le=64, title="Convolution width")
    full_every: int = Field(ge=1, le=MAX_LAYERS, title="Each n-th layer is full attention")


class Layer(NamedTuple):
    """What one layer does: how tokens mix, and what follows."""

    mixer: Literal["attention", "window", "linear", "mamba", "none"]
    feed_forward: Literal["mlp", "moe", "none"]


LETTERS: dict[str, Layer] = {
    "M": Layer("mamba", "none"),
    "*": Layer("attention", "none"),
    "-": Layer("none", "mlp"),
    "E": Layer("none", "moe"),
}


# Properties of a model that are counted once.
COUNTED = ("layer_kinds", "parameters", "active_parameters")


class Model(Entry):
    """One architecture: the sizes of its layers and what they are made of."""

    family: str = Field(default="", max_length=80, title="Family", json_schema_extra={"x-advanced": True})
    layers: int = Field(ge=1, le=MAX_LAYERS, title="Layers", examples=[80])
    hidden: int = _width("Hidden width", examples=[8192])
    ffn: int = Field(
        default=0, ge=0, le=MAX_WIDTH, title="Feed-forward width", description="Of dense layers; 0 if there are none."
    )
    gated: bool = Field(default=True, title="Gated feed-forward", description="SwiGLU, GeGLU: three matrices, not two.")
    heads: int = Field(ge=1, le=MAX_HEADS, title="Attention heads", examples=[64])
    kv_heads: int = Field(default=0, ge=0, le=MAX_HEADS, title="Key-value heads", description="0: as many as heads.")
    head_dim: int = Field(default=0, ge=0, le=MAX_WIDTH, title="Head width", description="0: hidden width over heads.")
    vocab: int = Field(ge=1, le=MAX_VOCABULARY, title="Vocabulary", examples=[128256])
    context: int = Field(default=0, ge=0, le=MAX_CONTEXT, title="Context length")
    tied_embeddings: bool = Field(default=False, title="Tied embeddings")
    learned_positions: int = Field(
        default=0, ge=0, le=MAX_VOCABULARY, title="Learned positions", json_schema_extra={"x-advanced": True}
    )
    embedding_width: int = Field(
        default=0, ge=0, le=MAX_WIDTH, title="Embedding width", description="0: the hidden width."
    )
    norm: Literal["rmsnorm", "layernorm"] = Field(default="rmsnorm", title="Normalisation")
    norm_bias: bool = Field(default=True, title="LayerNorm has a bias", json_schema_extra={"x-advanced": True})
    norms: int = Field(default=2, ge=0, le=8, title="Norms in a layer", json_schema_extra={"x-advanced": True})
    embedding_norm: bool = Field(
        default=False, title="A norm after the embedding", json_schema_extra={"x-advanced": True}
    )
    qkv_bias: bool = Field(default=False, title="Bias in Q, K, V", json_schema_extra={"x-advanced": True})
    output_bias: bool = Field(
        default=False, title="Bias in the attention's output", json_schema_extra={"x-advanced": True}
    )
    mlp_bias: bool = Field(default=False, title="Bias in the feed-forward part", json_schema_extra={"x-advanced": True})
    qk_norm: bool = Field(default=False, title="Norm on queries and keys", json_schema_extra={"x-advanced": True})
    output_gate: bool = Field(
        default=False, title="Gate on the attention's output", json_schema_extra={"x-advanced": True}
    )
    mla: Mla | None = Field(default=None, title="Latent attention", json_schema_extra={"x-advanced": True})
    window: Window | None = Field(default=None, title="Sliding window", json_schema_extra={"x-advanced": True})
    moe: Moe | None = Field(default=None, title="Mixture of experts", json_schema_extra={"x-advanced": True})
    mamba: Mamba | None = Field(default=None, title="Mamba layers", json_schema_extra={"x-advanced": True})
    linear: LinearAttention | None = Field(
        default=None, title="Linear attention", json_schema_extra={"x-advanced": True}
    )
    pattern: str | None = Field(
        default=None,
        pattern=r"^[M*E-]+$",
        max_length=MAX_LAYERS,
        title="Pattern of layers",
        description="One letter a layer: M Mamba, * attention, - feed-forward, E experts.",
        json_schema_extra={"x-advanced": True},
    )
    mtp_layers: int = Field(
        default=0, ge=0, le=16, title="Multi-token prediction layers", json_schema_extra={"x-advanced": True}
    )
    published_parameters: Count | None = Field(
        default=None, title="Published parameters", json_schema_extra={"x-advanced": True}
    )
    published_active: Count | None = Field(
        default=None, title="Published active parameters", json_schema_extra={"x-advanced": True}
    )

    @model_validator(mode="before")
    @classmethod
    def _translated(cls, value: Any) -> Any:
        document = huggingface.translated(value) if isinstance(value, dict) and huggingface.is_config(value) else value
        return _filled(document) if isinstance(document, dict) else document

    @model_validator(mode="after")
    def _whole(self) -> "Model":
        if self.kv_heads > self.heads or self.heads % self.kv_heads:
            message = f"{self.heads} heads cannot share {self.kv_heads} key-value heads evenly."
            raise SpecError(Problem("not_divisible", message, "/kv_heads", "Take a divisor of `heads`."))
        if self.pattern is not None and len(self.pattern) != self.layers:
            message = f"The pattern has {len(self.pattern)} letters for {self.layers} layers."
            raise SpecError(Problem("wrong_length", message, "/pattern", "One letter a layer."))
        for part, field in (("mlp", "ffn"), ("moe", "moe"), ("mamba", "mamba")):
            if not getattr(self, field) and any(part in layer for layer in self.layer_kinds):
                message = f"Some layers need `{field}`, which is not given."
                raise SpecError(Problem("missing", message, f"/{field}", "Give their sizes."))
        return self

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with some fields changed; what was counted of this model is not carried over."""
        copied = super().model_copy(update=update, deep=deep)
        for name in COUNTED:
            copied.__dict__.pop(name, None)
        return copied

    @cached_property
    def layer_kinds(self) -> tuple[Layer, ...]:
        """What each layer does, from the first to the last."""
        if self.pattern is not None:
            return tuple(LETTERS[letter] for letter in self.pattern)
        return tuple(Layer(self._mixer(number), self._feed_forward(number)) for number in range(1, self.layers + 1))

    def _mixer(self, number: int) -> Literal["attention", "window", "linear"]:
        special = self.linear or self.window
        if special is None or (special.full_every and number % special.full_every == 0):
            return "attention"
        return "linear" if self.linear else "window"

    def _feed_forward(self, number: int) -> Literal["mlp", "moe"]:
        sparse = self.moe is not None and number > self.moe.first_dense and number % self.moe.every == 0
        return "moe" if sparse else "mlp"

    def _count(self, kind: str) -> int:
        return sum(kind in layer for layer in self.layer_kinds)

    @property
    def attention_layers(self) -> int:
        """Layers in which every token sees all before it."""
        return self._count("attention")

    @property
    def window_layers(self) -> int:
        return self._count("window")

    @property
    def linear_layers(self) -> int:
        return self._count("linear")

    @property
    def mamba_layers(self) -> int:
        return self._count("mamba")

    @property
    def mlp_layers(self) -> int:
        return self._count("mlp")

    @property
    def moe_layers(self) -> int:
        return self._count("moe")

    @cached_property
    def parameters(self) -> float:
        """All parameters, without those of multi-token prediction."""
        return parameters.total(self)

    @cached_property
    def active_parameters(self) -> float:
        """Parameters that take part for one token."""
        return parameters.active(self)


def _filled(document: dict[str, Any]) -> dict[str, Any]:
    """The document with key-value heads and head width written out where they follow from the rest."""
    heads, hidden, mla = document.get("heads"), document.get("hidden"), document.get("mla")
    filled = dict(document)
    if not isinstance(heads, int) or not isinstance(hidden, int) or min(heads, hidden) < 1:
        return filled
    if not document.get("kv_heads"):
        filled["kv_heads"] = heads
    if not document.get("head_dim") and isinstance(mla, dict):
        filled["head_dim"] = sum(width for name in ("nope_dim", "rope_dim") if isinstance(width := mla.get(name), int))
    elif not document.get("head_dim"):
        if hidden % heads:
            message = f"{heads} heads do not divide the hidden width {hidden}."
            raise SpecError(Problem("not_divisible", message, "/heads", "Give `head_dim`, or mend one of the two."))
        filled["head_dim"] = hidden // heads
    return filled
