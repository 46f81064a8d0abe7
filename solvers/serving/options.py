"""Which techniques a serving plan may use, and which settings are given."""

from typing import Annotated, Literal, get_args

from pydantic import Field

from solvers.base import ADVANCED, Part, Positive, known

Technique = Literal[
    "tp",
    "pp",
    "ep",
    "dp_attention",
    "disaggregated",
    "chunked_prefill",
    "prefix_caching",
    "low_precision_weights",
    "fp8_kv",
    "speculative",
    "least_work_routing",
    "prefix_aware_routing",
]
TECHNIQUES: tuple[str, ...] = get_args(Technique)


Techniques = Annotated[tuple[Technique, ...], known("technique", TECHNIQUES)]


class Fixed(Part):
    """Settings that are given, not chosen. Those of prefill and decode apply to disaggregated plans only."""

    mode: Literal["colocated", "disaggregated"] | None = Field(default=None, title="Prefill and decode")
    replicas: Positive | None = Field(default=None, title="Replicas", description="Of a colocated plan.")
    tp: Positive | None = Field(default=None, title="Tensor parallel", examples=[4])
    pp: Positive | None = Field(default=None, title="Pipeline parallel", examples=[1])
    ep: Positive | None = Field(default=None, title="Expert parallel", examples=[8])
    dp: Positive | None = Field(default=None, title="Data-parallel attention", description="Ranks of one replica.")
    prefill_replicas: Positive | None = Field(default=None, title="Prefill replicas")
    decode_replicas: Positive | None = Field(default=None, title="Decode replicas")
    prefill_tp: Positive | None = Field(default=None, title="Tensor parallel of prefill", examples=[2])
    decode_tp: Positive | None = Field(default=None, title="Tensor parallel of decode", examples=[4])
    prefill_pp: Positive | None = Field(default=None, title="Pipeline parallel of prefill")
    decode_pp: Positive | None = Field(default=None, title="Pipeline parallel of decode")
    chunked_prefill: bool | None = Field(default=None, title="Chunked prefill")
    prefix_caching: bool | None = Field(default=None, title="Prefix caching")
    max_num_batched_tokens: Positive | None = Field(
        default=None, title="Tokens of a step", description="The most that one step runs.", examples=[8192]
    )
    max_num_seqs: Positive | None = Field(
        default=None, title="Sequences of a step", description="The most that run at once.", examples=[256]
    )
    routing: Literal["round_robin", "least_work", "prefix_aware"] | None = Field(default=None, title="Routing")


class Options(Part):
    """Which techniques a plan may use: all, unless said otherwise."""

    allow: Techniques | None = Field(default=None, title="Allow only", description="Nothing else may be used.")
    forbid: Techniques = Field(default=(), title="Forbid", description="These may not be used.")
    fix: Fixed = Field(default=Fixed(), title="Fix", description="Settings that are given.", json_schema_extra=ADVANCED)

    def forbids(self, technique: str) -> bool:
        """Whether a plan may not use it."""
        return technique in self.forbid or (self.allow is not None and technique not in self.allow)
