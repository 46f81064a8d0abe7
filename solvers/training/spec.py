"""What a training plan is asked: model, cluster, batch, what counts and what is allowed."""

import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator, model_validator

from solvers.base import ADVANCED, Part, Spec, Whole
from solvers.calibration.own.chosen import WRITTEN, another_device, reads
from solvers.calibration.own.document import Own
from solvers.catalogue import ModelRef
from solvers.catalogue.equal_nodes import Hardware
from solvers.cost.parts import Adapters
from solvers.cost.power import rated_w
from solvers.errors import Problem, SpecError, TooLarge
from solvers.training.adaptation import LowRank, Task, adapters_of, problems_of
from solvers.training.conditions import Conditions
from solvers.training.constraints import Constraints
from solvers.training.options import TECHNIQUES, Options, Software
from solvers.units import Count

MOST_TOKENS_IN_SEQUENCE = 16_777_216
MOST_SEQUENCES = 1_048_576

Precision = Literal["bf16", "fp16", "fp8", "fp4"]
Calibration = Literal["published", "prior"] | Own
Objective = Literal["step_time", "tokens_per_s", "cost", "energy", "fewest_gpus"]


def _precision(value: Any) -> Any:
    """The name as the catalogue writes it: NVFP4 is the fp4 of its GPUs."""
    if isinstance(value, str):
        plain = value.strip().lower().replace("-", "").replace("_", "")
        return {"bfloat16": "bf16", "float16": "fp16", "half": "fp16", "nvfp4": "fp4", "mxfp8": "fp8"}.get(plain, plain)
    return value


WrittenPrecision = Annotated[Precision, BeforeValidator(_precision)]


WrittenCalibration = Annotated[Calibration, reads(Own), WithJsonSchema(WRITTEN)]


class Question(Spec):
    """What is asked on whatever hardware; TrainingSpec and IslandsSpec say what that is."""

    kind: Literal["training"] = Field(default="training", title="Kind", description="A training plan.")
    model: ModelRef = Field(
        title="Model",
        description="A model of the catalogue, or the keys of a Hugging Face config.json.",
        examples=["llama-3.1-70b"],
        json_schema_extra={"x-catalogue": "models"},
    )
    hardware: Part
    sequence_length: Whole = Field(
        ge=1,
        title="Sequence length",
        description="Tokens of one sequence.",
        examples=[8192],
        json_schema_extra={"x-unit": "tokens"},
    )
    global_batch: Whole = Field(
        ge=1,
        title="Global batch",
        description="Sequences of one optimizer step.",
        examples=[1024],
        json_schema_extra={"x-unit": "sequences"},
    )
    tokens: Count | None = Field(
        default=None,
        title="Tokens",
        description="Tokens to train on; without them no run time and no total cost.",
        examples=["1.4T"],
        json_schema_extra={"x-unit": "tokens"},
    )
    precision: WrittenPrecision = Field(
        default="bf16",
        title="Precision",
        description="Of the matrix products; attention stays in 16 bit.",
        examples=["bf16"],
    )
    task: Task = Field(
        default="pretrain",
        title="Task",
        description="Pre-training and supervised fine-tuning (sft) train all weights and cost the same;"
        " lora trains adapters beside frozen weights.",
        examples=["lora"],
    )
    adapters: LowRank | None = Field(
        default=None,
        title="Adapters",
        description="Their rank and place, for `task: lora`; otherwise rank 16 beside all products.",
        examples=[{"rank": 16, "targets": "all"}],
        json_schema_extra=ADVANCED,
    )
    objective: Objective = Field(default="step_time", title="Objective", description="What the best plan is best at.")
    constraints: Constraints = Field(default=Constraints(), title="Constraints", description="What a plan keeps to.")
    options: Options = Field(default=Options(), title="Techniques", description="What a plan may use.")
    run: Conditions = Field(
        default=Conditions(),
        title="The whole run",
        description="Failures, checkpoints, spare nodes and energy.",
        json_schema_extra=ADVANCED,
    )
    software: Software = Field(
        default=Software(), title="Software", description="What the framework does.", json_schema_extra=ADVANCED
    )
    calibration: WrittenCalibration = Field(
        default="published",
        title="Calibration",
        description="`published`: the model has learned from openly licensed measurements; `prior`: from none; or an"
        " own calibration, learned from measurements on the device itself.",
        json_schema_extra=ADVANCED,
    )

    @field_validator("sequence_length")
    @classmethod
    def _sequence_within_limits(cls, value: int) -> int:
        if value > MOST_TOKENS_IN_SEQUENCE:
            hint = "Give the tokens of one sequence; `tokens` holds those of the whole run."
            raise TooLarge(
                Problem("too_large", f"{value:,} tokens; {MOST_TOKENS_IN_SEQUENCE:,} is the most.", "", hint)
            )
        return value

    @field_validator("global_batch")
    @classmethod
    def _batch_within_limits(cls, value: int) -> int:
        if value > MOST_SEQUENCES:
            hint = "The batch is counted in sequences, not tokens."
            raise TooLarge(Problem("too_large", f"{value:,} sequences; {MOST_SEQUENCES:,} is the most.", "", hint))
        return value

    def trained(self) -> Adapters | None:
        """The adapters that train; None where all weights do."""
        return adapters_of(self.task, self.adapters)


class TrainingSpec(Question):
    """Train a model on a cluster: which layout, how fast, what does it cost."""

    hardware: Hardware = Field(
        title="Cluster",
        description="Equal nodes, joined by their NICs. Islands of different nodes are written in the YAML, as"
        " `islands` and `between`.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> "TrainingSpec":
        problems = [
            *missing_tokens(self),
            *missing_price(self, self.hardware.usd_per_gpu_hour, at="the hardware"),
            *missing_power(self, self.hardware, at="/hardware/node/gpu/power"),
            *missing_precision(self.precision, self.hardware, at="/precision"),
            *_not_dividing(self, self.hardware.gpus),
            *contradictions(self),
            *problems_of(self.model, self.task, self.adapters),
            *another_device(self.calibration, self.hardware.node.gpu),
        ]
        if problems:
            raise SpecError(*problems)
        return self


def missing_tokens(spec: Question) -> list[Problem]:
    """Limits on the whole run that lack its tokens."""
    return [
        Problem(
            "missing",
            f"A {name} counts all tokens, and the spec does not say how many.",
            f"/constraints/{name}",
            "Add `tokens: 1.4e12`, for example.",
        )
        for name in ("deadline", "budget")
        if getattr(spec.constraints, name) is not None and spec.tokens is None
    ]


def missing_price(spec: Question, price: float | None, *, at: str) -> list[Problem]:
    """What counts dollars and lacks the price of a GPU-hour; `at` says where to write it."""
    if price == 0 and spec.objective == "cost":
        hint = "Give a price above zero, or plan for step_time."
        return [Problem("no_price", "Where a GPU-hour costs nothing, every plan is the cheapest.", "/objective", hint)]
    if price is not None:
        return []
    hint = f"Add `cost_usd_per_gpu_hour: 2.50 USD/h` to {at}."
    found = []
    if spec.constraints.budget is not None:
        found.append(Problem("no_price", "A budget needs the price of a GPU-hour.", "/constraints/budget", hint))
    if spec.objective == "cost":
        found.append(Problem("no_price", "The objective cost needs the price of a GPU-hour.", "/objective", hint))
    return found


def missing_power(spec: Question, hardware: Hardware, *, at: str) -> list[Problem]:
    """The objective energy without the power of the GPU."""
    if spec.objective != "energy" or rated_w(hardware.node) is not None:
        return []
    message = f"The objective energy needs the power of {hardware.node.gpu.shown}."
    return [Problem("no_power", message, at, "Add `power: 700 W` to the GPU, or to the node what it is rated at.")]


def missing_precision(precision: Precision, hardware: Hardware, *, at: str) -> list[Problem]:
    """A precision that the GPU has no units for; 16 bit is 16 bit."""
    gpu = hardware.node.gpu
    if gpu.has(precision) or (precision in ("bf16", "fp16") and (gpu.has("bf16") or gpu.has("fp16"))):
        return []
    known = ", ".join(sorted(gpu.peak_flops_per_s))
    message = f"{gpu.title or gpu.name} does not compute in {precision}."
    return [Problem("no_precision", message, at, f"It computes in {known}.")]


def _not_dividing(spec: Question, gpus: int) -> list[Problem]:
    """Fixed degrees that do not divide all GPUs; the objectives that may leave GPUs out only need enough of them."""
    given = _given(spec)
    product = " x ".join(f"{name} {degree}" for name, degree in given.items())
    ways = math.prod(given.values())
    if spec.objective not in ("step_time", "tokens_per_s"):
        return too_many(spec, gpus)
    found = [contradiction(n, f"{d} does not divide {gpus:,} GPUs.") for n, d in given.items() if gpus % d]
    if not found and gpus % ways:
        message = f"{product} = {ways:,} does not divide {gpus:,} GPUs."
        found.append(contradiction(next(reversed(given)), message))
    return found


def too_many(spec: Question, gpus: int) -> list[Problem]:
    """Fixed degrees that need more GPUs than there are."""
    given = _given(spec)
    if math.prod(given.values()) <= gpus:
        return []
    product = " x ".join(f"{name} {degree}" for name, degree in given.items())
    return [contradiction(next(reversed(given)), f"{product} is more than {gpus:,} GPUs.")]


def _given(spec: Question) -> dict[str, int]:
    fix = spec.options.fix
    return {name: degree for name in ("tp", "pp", "dp", "cp") if (degree := getattr(fix, name)) is not None}


def contradictions(spec: Question) -> list[Problem]:
    """Fixed degrees that contradict the model, the batch or one another."""
    fix, given, found = spec.options.fix, _given(spec), []
    if fix.dp is not None and spec.global_batch % fix.dp:
        found.append(contradiction("dp", f"{fix.dp} does not divide the batch of {spec.global_batch:,} sequences."))
    if fix.pp is not None and fix.pp > spec.model.layers:
        found.append(contradiction("pp", f"{fix.pp} stages for {spec.model.layers} layers."))
    if fix.ep is not None and fix.ep > 1 and (spec.model.moe is None or spec.model.moe.experts % fix.ep):
        experts = f"{fix.ep} does not divide {spec.model.moe.experts} experts." if spec.model.moe else ""
        found.append(contradiction("ep", experts or f"The model has no experts to spread over {fix.ep} GPUs."))
    if fix.expert_pieces and spec.model.moe is None:
        found.append(contradiction("expert_pieces", "The model has no experts to cut into pieces."))
    if fix.expert_pieces and spec.options.forbids("expert_pieces"):
        found.append(contradiction("expert_pieces", "The spec forbids expert_pieces and fixes it."))
    found += [
        contradiction(name, f"The spec forbids {name} and fixes it to {degree}.")
        for name, degree in {**given, "ep": fix.ep}.items()
        if name in TECHNIQUES and degree is not None and degree > 1 and spec.options.forbids(name)
    ]
    found += [
        Problem("contradiction", f"{name} is both allowed and forbidden.", "/options/forbid", "Keep one of them.")
        for name in (spec.options.allow or ())
        if name in spec.options.forbid
    ]
    return found


def contradiction(name: str, message: str) -> Problem:
    """A fixed degree that cannot be."""
    return Problem("does_not_divide", message, f"/options/fix/{name}", "Choose another, or leave it to the search.")
