"""What a serving plan is asked: model, GPUs, traffic, latencies, and what counts."""

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema, model_validator

from solvers.base import ADVANCED, Spec
from solvers.calibration.own.chosen import WRITTEN, another_device, reads
from solvers.catalogue import ModelRef
from solvers.catalogue.equal_nodes import Hardware
from solvers.errors import Problem, SpecError
from solvers.serving.engine import AdapterSet, Draft, EngineChoice, Limits, Numbers, lacking
from solvers.serving.measurements import MOST_POINTS, Measurement, problems_of_points
from solvers.serving.options import Options
from solvers.serving.own.document import Chosen, ServingOwn
from solvers.serving.slo import Slo
from solvers.serving.traffic import Traffic

Objective = Literal["cost", "goodput_per_gpu", "latency"]
WrittenCalibration = Annotated[Chosen, reads(ServingOwn), WithJsonSchema(WRITTEN)]


class ServingSpec(Spec):
    """Serve a model: which layout, how many replicas, at which latency and cost."""

    kind: Literal["serving"] = Field(default="serving", title="Kind", description="A serving plan.")
    model: ModelRef = Field(
        title="Model",
        description="A model of the catalogue, or the keys of a Hugging Face config.json.",
        examples=["llama-3.1-70b"],
        json_schema_extra={"x-catalogue": "models"},
    )
    hardware: Hardware = Field(title="GPUs", description="Nodes that the plan may use; it takes as few as it needs.")
    traffic: Traffic = Field(title="Traffic", description="The requests.")
    slo: Slo = Field(title="Latencies", description="What a request must not exceed.")
    engine: EngineChoice = Field(default=EngineChoice(), title="Engine", description="The software that serves.")
    precision: Numbers = Field(default=Numbers(), title="Precision", description="Of weights and KV cache.")
    objective: Objective = Field(
        default="cost",
        title="Objective",
        description="cost: fewest dollars that carry the traffic; goodput_per_gpu: most good requests of each GPU;"
        " latency: shortest latencies on the GPUs there are.",
    )
    constraints: Limits = Field(default=Limits(), title="Constraints", description="What a plan keeps to.")
    options: Options = Field(default=Options(), title="Techniques", description="What a plan may use.")
    speculation: Draft | None = Field(
        default=None,
        title="Speculative decoding",
        description="A draft that the plan may use; without one it uses none.",
        json_schema_extra=ADVANCED,
    )
    adapters: AdapterSet | None = Field(
        default=None, title="LoRA adapters", description="Served beside the model.", json_schema_extra=ADVANCED
    )
    calibration: WrittenCalibration = Field(
        default="published",
        title="Calibration",
        description="`published`: the model has learned from openly licensed measurements; `prior`: from none; or an"
        " own calibration, learned from measurements on the device itself.",
        json_schema_extra=ADVANCED,
    )
    measurements: tuple[Measurement, ...] = Field(
        default=(),
        max_length=MOST_POINTS,
        exclude_if=lambda points: not points,
        title="Own measurements",
        description="1 to 20 points of one replica under so many clients; three or more say how good they are.",
        json_schema_extra=ADVANCED,
    )

    @model_validator(mode="after")
    def _consistent(self) -> "ServingSpec":
        problems = [
            *_precision(self),
            *_price(self),
            *_fixed(self),
            *_measured(self),
            *another_device(self.calibration, self.hardware.node.gpu),
            *_taught_twice(self),
        ]
        if problems:
            raise SpecError(*problems)
        return self

    @property
    def gpus(self) -> int:
        """The most GPUs that a plan may use."""
        return min(self.hardware.gpus, self.constraints.max_gpus or self.hardware.gpus)


def _precision(spec: ServingSpec) -> list[Problem]:
    """Numbers that the GPU has no units for."""
    return lacking(spec.hardware.node.gpu, spec.precision, "/precision/weights")


def _measured(spec: ServingSpec) -> list[Problem]:
    """Points that cannot have been measured."""
    return problems_of_points(
        spec.measurements,
        model=spec.model,
        node=spec.hardware.node,
        engine=spec.engine,
        numbers=spec.precision,
        gpus=spec.hardware.gpus,
    )


def _taught_twice(spec: ServingSpec) -> list[Problem]:
    """Points of an engine beside steps of the device: what both have seen would count twice."""
    if not spec.measurements or not isinstance(spec.calibration, ServingOwn):
        return []
    message = "Points of `measurements` are learned from under `published` or `prior`, not beside an own calibration."
    return [Problem("contradiction", message, "/measurements", "Keep one of them.")]


def _price(spec: ServingSpec) -> list[Problem]:
    """What counts dollars and lacks the price of a GPU-hour."""
    price, budget = spec.hardware.usd_per_gpu_hour, spec.constraints.budget_per_hour
    if price is None and budget is not None:
        hint = "Add `cost_usd_per_gpu_hour: 2.50 USD/h` to the hardware."
        return [Problem("no_price", "A budget needs the price of a GPU-hour.", "/constraints/budget_per_hour", hint)]
    return []


def _fixed(spec: ServingSpec) -> list[Problem]:
    """Given settings that contradict the model, the hardware or what is forbidden."""
    fix, options, found = spec.options.fix, spec.options, []
    moe = spec.model.moe
    if fix.ep is not None and fix.ep > 1 and (moe is None or moe.experts % fix.ep):
        message = f"{fix.ep} does not divide {moe.experts} experts." if moe else "The model has no experts to spread."
        found.append(_contradiction("ep", message))
    for name in ("tp", "prefill_tp", "decode_tp"):
        degree = getattr(fix, name)
        if degree is not None and spec.model.heads % degree:
            found.append(_contradiction(name, f"{degree} does not divide {spec.model.heads} heads."))
    found += [
        _contradiction(name, f"The spec forbids {name} and fixes it to {getattr(fix, name)}.")
        for name in ("tp", "pp", "ep")
        if (getattr(fix, name) or 1) > 1 and options.forbids(name)
    ]
    if fix.mode == "disaggregated" and options.forbids("disaggregated"):
        found.append(_contradiction("mode", "The spec forbids disaggregated and fixes it."))
    if fix.max_num_batched_tokens and (fix.max_num_seqs or 0) > fix.max_num_batched_tokens:
        message = (
            f"A step of {fix.max_num_batched_tokens:,} tokens has none for some of {fix.max_num_seqs:,} sequences."
        )
        found.append(_contradiction("max_num_seqs", message))
    if (fix.tp or 1) * (fix.pp or 1) * (fix.dp or 1) > spec.gpus:
        found.append(_contradiction("tp", f"One replica would need more than {spec.gpus} GPUs."))
    return found + [
        Problem("contradiction", f"{name} is both allowed and forbidden.", "/options/forbid", "Keep one of them.")
        for name in (options.allow or ())
        if name in options.forbid
    ]


def _contradiction(name: str, message: str) -> Problem:
    return Problem("contradiction", message, f"/options/fix/{name}", "Choose another, or leave it to the search.")
