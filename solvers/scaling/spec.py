"""What a scaling plan is asked: runs that were made, the big run they are to foretell, and what small runs may cost."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from solvers.base import ADVANCED, Part, Positive, Spec, known
from solvers.catalogue import ModelRef
from solvers.catalogue.equal_nodes import Hardware
from solvers.errors import Problem, SpecError
from solvers.laws.kinds import KINDS
from solvers.laws.loss import NAMES, get
from solvers.laws.predict.mixture import BELIEF
from solvers.scaling.checks import problems_of_runs
from solvers.scaling.given import GivenRuns
from solvers.scaling.target import Target
from solvers.scaling.tuning.asked import Asked as Tuned
from solvers.training.spec import WrittenPrecision, missing_precision
from solvers.units import Count, Flops, Fraction

# What runs and target can say; what repeated tokens are worth is part of every law (solvers/laws/predict/repeats.py).
INPUTS = {"params", "tokens", *KINDS}
LAWS = tuple(name for name in NAMES if {one.name for one in get(name).inputs} <= INPUTS)
MOST_RUNGS = 40
MOST_TOKENS_IN_SEQUENCE = 1_048_576


class Budget(Part):
    """What small runs may spend, and when to stop."""

    gpu_hours: Count | None = Field(
        default=None,
        title="GPU-hours",
        description="Of all small runs together, on the hardware.",
        examples=[500],
        json_schema_extra={"x-unit": "GPU-hours"},
    )
    flops: Flops | None = Field(
        default=None,
        title="Compute",
        description="Of all small runs together, where no hardware is given.",
        examples=["1e20 FLOP"],
    )
    goal: Fraction | None = Field(
        default=None,
        gt=0,
        title="Goal",
        description="Half-width of the interval of the loss at which to stop.",
        examples=["1 %"],
    )
    most_runs: Positive = Field(default=12, le=MOST_RUNGS, title="Runs", description="At the most.")

    @model_validator(mode="after")
    def _one_measure(self) -> "Budget":
        if (self.gpu_hours is None) == (self.flops is None):
            hint = "Give `gpu_hours` with hardware, or `flops` without."
            raise SpecError(Problem("contradiction", "A budget is GPU-hours or FLOP: one of them.", "", hint))
        if not (self.gpu_hours or self.flops or 0.0) > 0.0:
            raise SpecError(Problem("out_of_range", "A budget of nothing buys no run.", "", "Leave `budget` out."))
        return self


class Options(Part):
    """How small and big runs are trained, and which laws are asked."""

    laws: Annotated[tuple[str, ...], known("law", LAWS)] = Field(
        default=tuple(BELIEF),
        min_length=1,
        max_length=len(LAWS),
        title="Laws",
        description="Laws of the loss that are weighed against one another.",
        json_schema_extra={"items": {"type": "string", "enum": list(LAWS)}},
    )
    schedule: Literal["wsd", "cosine", "linear"] = Field(
        default="wsd",
        title="Schedule",
        description="Of the learning rate; with wsd, runs of one size share a trunk.",
    )
    sequence_length: Positive = Field(
        default=4096,
        le=MOST_TOKENS_IN_SEQUENCE,
        title="Sequence length",
        description="Tokens of one sequence.",
        json_schema_extra={"x-unit": "tokens"},
    )
    precision: WrittenPrecision = Field(default="bf16", title="Precision", description="Of the matrix products.")

    tuning: Tuned = Field(
        default=Tuned(),
        title="Tuning",
        description="What is given of learning rate and batch.",
        json_schema_extra=ADVANCED,
    )

    @field_validator("laws")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise SpecError(Problem("contradiction", "A law is named twice.", "", "Name each once."))
        return value


class ScalingSpec(Spec):
    """Foretell a big run from small ones, and say which small ones to make next."""

    kind: Literal["scaling"] = Field(default="scaling", title="Kind", description="A scaling plan.")
    runs: GivenRuns | None = Field(
        default=None,
        title="Runs",
        description="Runs that were made; without them a first ladder of runs is planned.",
    )
    target: Target = Field(title="Target", description="The big run.")
    budget: Budget | None = Field(
        default=None, title="Budget of small runs", description="Without it, no small runs are planned."
    )
    hardware: Hardware | None = Field(
        default=None, title="Cluster", description="Equal nodes, joined by their NICs; needed for GPU-hours."
    )
    model: ModelRef | None = Field(
        default=None,
        title="Model",
        description="Whose shape all sizes are scaled from: vocabulary, heads, widths; otherwise a Llama-like one.",
        examples=["llama-3.1-8b"],
        json_schema_extra={"x-catalogue": "models", **ADVANCED},
    )
    options: Options = Field(default=Options(), title="Training", description="How the runs are trained.")

    @model_validator(mode="after")
    def _consistent(self) -> "ScalingSpec":
        problems = [*self._lacking(), *self._precision()] or problems_of_runs(self.runs, self.target, self.options.laws)
        if problems:
            raise SpecError(*problems)
        return self

    def _precision(self) -> list[Problem]:
        if self.hardware is None:
            return []
        return missing_precision(self.options.precision, self.hardware, at="/options/precision")

    def _lacking(self) -> list[Problem]:
        hint = "Give `hardware`, or say it in `flops`."
        found = [
            Problem("missing", "GPU-hours mean nothing without hardware.", at, hint)
            for at, hours in (
                ("/target/gpu_hours", self.target.gpu_hours),
                ("/budget/gpu_hours", self.budget and self.budget.gpu_hours),
            )
            if hours is not None and self.hardware is None
        ]
        if self.target.loss is not None and self.runs is None:
            message = "Which compute reaches a loss cannot be told before there are runs."
            found.append(Problem("missing", message, "/runs", "Give runs, or a target of flops."))
        return found
