"""What is to be trained, as a spec says it: a size and length, a compute, GPU-hours, or a loss to reach."""

from typing import Literal

from pydantic import Field, model_validator

from solvers.base import ADVANCED, Part
from solvers.errors import Problem, SpecError
from solvers.units import Count, Flops

Counts = Literal["non-embedding", "with-head", "total", "active"]
# Ways to say a target; the first is two fields.
WAYS = ("params and tokens", "flops", "gpu_hours", "loss")


class Target(Part):
    """The big run: its parameters and tokens, or what decides them."""

    params: Count | None = Field(
        default=None, title="Parameters", description="With `tokens`: a given size.", examples=["7B"]
    )
    tokens: Count | None = Field(
        default=None,
        title="Tokens",
        description="With `params`: a given length.",
        examples=["1.4T"],
        json_schema_extra={"x-unit": "tokens"},
    )
    flops: Flops | None = Field(
        default=None,
        title="Compute",
        description="FLOP of training, and of serving where served tokens are given; the best size is found.",
        examples=["1e22 FLOP"],
    )
    gpu_hours: Count | None = Field(
        default=None,
        title="GPU-hours",
        description="Of training on the hardware; the best size is found.",
        examples=[20000],
        json_schema_extra={"x-unit": "GPU-hours"},
    )
    loss: float | None = Field(
        default=None, gt=0, title="Loss", description="To be reached as cheaply as possible.", examples=[2.1]
    )
    counts: Counts | None = Field(
        default=None,
        title="N counts",
        description="What the target's parameters count; as the runs if left out.",
        json_schema_extra=ADVANCED,
    )
    served_tokens: Count | None = Field(
        default=None,
        title="Tokens to serve",
        description="Over the model's life: they favour a smaller model that is trained for longer.",
        examples=["10T"],
        json_schema_extra={"x-unit": "tokens"},
    )
    unique_tokens: Count | None = Field(
        default=None,
        title="Unique tokens",
        description="How many there are; beyond them tokens repeat and are worth less.",
        examples=["500B"],
        json_schema_extra={"x-unit": "tokens"},
    )
    experts: Count | None = Field(
        default=None,
        ge=1,
        title="Experts",
        description="In each routed layer, or all over active parameters as in runs; as the largest run if left out.",
        examples=[64],
        json_schema_extra=ADVANCED,
    )
    streams: Count | None = Field(
        default=None,
        ge=1,
        title="Parallel streams",
        description="Through one model (ParScale); as the largest run if left out.",
        examples=[8],
        json_schema_extra=ADVANCED,
    )
    replicas: Count | None = Field(
        default=None,
        ge=1,
        title="Replicas",
        description="That talk seldom (DiLoCo); as the largest run if left out.",
        examples=[4],
        json_schema_extra=ADVANCED,
    )

    @property
    def given(self) -> bool:
        """Whether size and length are given."""
        return self.params is not None and self.tokens is not None

    @model_validator(mode="after")
    def _one_way(self) -> "Target":
        said = [name for name in ("flops", "gpu_hours", "loss") if getattr(self, name) is not None]
        sized = [name for name in ("params", "tokens") if getattr(self, name) is not None]
        hint = f"Give one of: {', '.join(WAYS)}."
        if len(said) > 1 or (said and sized):
            message = f"The target is said by {' and '.join([*sized, *said])}; one of them decides the others."
            raise SpecError(Problem("contradiction", message, f"/{[*sized, *said][-1]}", hint))
        if self.gpu_hours is not None and self.served_tokens is not None:
            message = "GPU-hours are of training alone; what serving costs cannot be said in them."
            raise SpecError(Problem("contradiction", message, "/served_tokens", "Give `flops`, of both together."))
        if not said and len(sized) == 1:
            lacking = "tokens" if sized == ["params"] else "params"
            raise SpecError(Problem("missing", f"A target of {sized[0]} needs {lacking} too.", f"/{lacking}", hint))
        if not said and not sized:
            raise SpecError(Problem("missing", "The target says neither a size nor what decides it.", "", hint))
        return self

    @model_validator(mode="after")
    def _sensible(self) -> "Target":
        at_least = {"params": 1e3, "tokens": 1e3, "flops": 1e9, "gpu_hours": 1e-3, "unique_tokens": 1e3}
        problems = [
            Problem(
                "out_of_range",
                f"{getattr(self, name):g} {name.replace('_', ' ')} are too few for a target.",
                f"/{name}",
                f"Give {least:g} or more.",
            )
            for name, least in at_least.items()
            if getattr(self, name) is not None and getattr(self, name) < least
        ]
        if problems:
            raise SpecError(*problems)
        return self
