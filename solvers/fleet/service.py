"""One service of the fleet: a model with its traffic, its latencies, its demand over the hours."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from solvers.base import ADVANCED, Part
from solvers.catalogue import ModelRef
from solvers.errors import Problem, SpecError
from solvers.fleet.market import MOST_HOURS, Place
from solvers.fleet.supply.checks import problems_of_service
from solvers.serving.engine import EngineChoice, Numbers
from solvers.serving.options import Options
from solvers.serving.slo import Slo
from solvers.serving.traffic import Traffic
from solvers.tables import check_text
from solvers.units import Seconds


class CapacityTable(Part):
    """Requests a second that one replica carried within the latencies, as you measured them."""

    csv: str | None = Field(
        default=None,
        max_length=1_000_000,
        title="CSV",
        description="gpu[, tp], input, output (tokens), requests_per_s, with a header.",
        json_schema_extra={"x-upload": "text"},
    )
    file: str | None = Field(
        default=None,
        title="File",
        description="The path of a .csv; the command line puts its content here.",
        json_schema_extra=ADVANCED,
    )
    wait: Annotated[Seconds, Field(gt=0)] = Field(
        default=1.0,
        title="Wait",
        description="Without a limit of the first token: how long a request may queue before a replica works on it.",
        examples=["1 s"],
        json_schema_extra=ADVANCED,
    )

    @model_validator(mode="after")
    def _one_text(self) -> "CapacityTable":
        check_text(self.csv, self.file, what="Capacities")
        return self


class Buckets(Part):
    """Bounds of request sizes; what is larger than the last belongs to one more bucket."""

    input: tuple[Annotated[int, Field(ge=1, le=4_194_304)], ...] = Field(
        default=(), max_length=64, title="Input", description="Tokens, ascending; otherwise by the traffic."
    )
    output: tuple[Annotated[int, Field(ge=1, le=4_194_304)], ...] = Field(
        default=(), max_length=64, title="Output", description="Tokens, ascending; otherwise by the traffic."
    )


class Service(Part):
    """A model that answers requests."""

    name: Place = Field(title="Name", description="What the service is called.", examples=["chat"])
    model: ModelRef | None = Field(
        default=None,
        title="Model",
        description="A model of the catalogue, or the keys of a Hugging Face config.json; or give capacities.",
        examples=["llama-3.1-8b"],
        json_schema_extra={"x-catalogue": "models"},
    )
    traffic: Traffic = Field(title="Traffic", description="The requests.")
    slo: Slo = Field(title="Latencies", description="What a request must not exceed.")
    demand: tuple[Annotated[float, Field(ge=0, le=1e6, description="A multiple of the rate, 0 or more.")], ...] = Field(
        default=(),
        max_length=MOST_HOURS,
        title="Demand of each hour",
        description="As multiples of the traffic's rate, one number for each hour of a day or a week.",
        examples=[[0.3, 1.0, 0.6]],
    )
    engine: EngineChoice = Field(default=EngineChoice(), title="Engine", description="The software that serves.")
    precision: Numbers = Field(default=Numbers(), title="Precision", description="Of weights and KV cache.")
    options: Options = Field(
        default=Options(), title="Techniques", description="What its replicas may use.", json_schema_extra=ADVANCED
    )
    capacities: CapacityTable | None = Field(
        default=None,
        title="Own capacities",
        description="Measured, in place of the model's.",
        json_schema_extra=ADVANCED,
    )
    router: Literal["input", "input_and_output"] = Field(
        default="input",
        title="Router",
        description="What it sends requests by: their input, which is known, or also their output, which has to be"
        " predicted.",
    )
    buckets: Buckets = Field(
        default=Buckets(), title="Request sizes", description="Which sizes are told apart.", json_schema_extra=ADVANCED
    )
    zones: tuple[Place, ...] = Field(
        default=(),
        max_length=50,
        title="Zones or regions",
        description="Where it may run; anywhere if empty.",
        json_schema_extra=ADVANCED,
    )

    @model_validator(mode="after")
    def _consistent(self) -> "Service":
        problems = tuple(problems_of_service(self))
        if problems:
            raise SpecError(*problems)
        return self

    @model_validator(mode="after")
    def _known_somehow(self) -> "Service":
        if self.model is None and self.capacities is None:
            hint = "Write `model: llama-3.1-8b`, or give measured `capacities`."
            raise SpecError(Problem("missing", "The service has neither a model nor capacities.", "/model", hint))
        return self
