"""The traffic of a serving plan: how often requests come, how evenly, how long they are, what they share."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from solvers.base import ADVANCED, Part, Positive, Whole
from solvers.documents import pointer_token
from solvers.errors import Problem, SpecError, unknown
from solvers.serving.lengths import MOST_TOKENS, LengthsRef
from solvers.serving.shipped import TRACES, LengthsName, TraceName, shipped
from solvers.serving.traces import Rows, of_csv, of_gzip
from solvers.units import Count, Fraction, PerSecond

MOST_RATE = 1e6
MOST_SIZES = 1024


class UploadedTrace(Part):
    """Your own requests, as CSV: arrival, input, output, and prefix where inputs begin alike."""

    csv: str | None = Field(
        default=None,
        title="CSV",
        description="arrival (s), input, output (tokens)[, prefix, prefix_tokens], with a header.",
        json_schema_extra={"x-upload": "text"},
    )
    gzip: str | None = Field(
        default=None,
        title="Packed CSV",
        description="The same, packed by gzip and written in base64.",
        json_schema_extra={"x-upload": "gzip"},
    )
    file: str | None = Field(
        default=None,
        title="File",
        description="The path of a .csv or .csv.gz; the command line puts its content here.",
        json_schema_extra=ADVANCED,
    )

    @model_validator(mode="after")
    def _readable(self) -> "UploadedTrace":
        given = [name for name in ("csv", "gzip", "file") if getattr(self, name) is not None]
        if len(given) != 1:
            hint = "Write `csv: |` and the lines below it, or `file: trace.csv.gz` on the command line."
            raise SpecError(Problem("contradiction", "A trace is given in one way: csv, gzip or file.", "", hint))
        if self.file is not None:
            hint = "Solve it by `isoflop solve`, which reads the file, or paste its lines as `csv`."
            raise SpecError(Problem("not_a_trace", "Only the command line reads files.", "/file", hint))
        try:
            self.rows()
        except SpecError as error:
            at = f"/{pointer_token(given[0])}"
            raise type(error)(*(Problem(p.code, p.message, at, p.hint) for p in error.problems)) from None
        return self

    def rows(self) -> Rows:
        """Its requests."""
        return of_csv(self.csv) if self.csv is not None else of_gzip(self.gzip or "")


def _named(value: Any) -> Any:
    if isinstance(value, str) and value not in TRACES:
        raise unknown("trace", value, TRACES)
    return value


def _way(value: Any) -> str:
    return "UploadedTrace" if isinstance(value, dict | UploadedTrace) else "str"


TraceRef = Annotated[
    Annotated[TraceName, BeforeValidator(_named), Tag("str")] | Annotated[UploadedTrace, Tag("UploadedTrace")],
    Discriminator(_way),
]


class Prefix(Part):
    """What inputs begin with in common: a system prompt, documents of a RAG."""

    share: Fraction = Field(
        default=1.0, title="Share", description="Of the requests that begin with one of them.", examples=[0.8]
    )
    tokens: Count = Field(title="Tokens", description="How many tokens they have in common.", examples=[512])
    groups: Positive = Field(
        default=1, le=100_000, title="Groups", description="How many different ones, equally popular.", examples=[4]
    )


class Priority(Part):
    """Requests of one priority."""

    priority: Whole = Field(ge=0, le=1000, title="Priority", description="A lower one goes first.", examples=[0])
    share: Fraction = Field(title="Share", description="Of the requests.", examples=[0.1])


class Size(Part):
    """Requests of one input and one output."""

    input: Positive = Field(le=MOST_TOKENS, title="Input", description="Tokens of the prompt.", examples=[1024])
    output: Positive = Field(le=MOST_TOKENS, title="Output", description="Tokens of the answer.", examples=[128])
    share: Fraction = Field(title="Share", description="Of the requests.", examples=[0.3])


class Traffic(Part):
    """Requests: how many a second, how evenly, how long."""

    rate: PerSecond | None = Field(
        default=None,
        gt=0,
        le=MOST_RATE,
        title="Rate",
        description="Requests a second, on average; of a trace otherwise its own.",
        examples=["12 /s"],
    )
    arrivals: Literal["poisson", "gamma", "constant"] = Field(
        default="poisson",
        title="Arrivals",
        description="Independent of one another, in bursts, or evenly spaced; a trace brings its own.",
    )
    burstiness: float = Field(
        default=2.0,
        gt=0,
        le=20,
        title="Burstiness",
        description="Of gamma arrivals: standard deviation of the gaps over their mean; 1 is Poisson.",
        examples=[2.0],
        json_schema_extra=ADVANCED,
    )
    input: LengthsRef | None = Field(
        default=None,
        title="Input",
        description="Tokens of a prompt: a number, or {mean, cv}, or {p50, p90}.",
        examples=[1024],
        json_schema_extra={"x-unit": "tokens"},
    )
    output: LengthsRef | None = Field(
        default=None,
        title="Output",
        description="Tokens of an answer, written alike.",
        examples=[256],
        json_schema_extra={"x-unit": "tokens"},
    )
    lengths: LengthsName | None = Field(
        default=None,
        title="Lengths of real requests",
        description="Inputs and outputs drawn in pairs from a set that ships, in place of both.",
    )
    trace: TraceRef | None = Field(
        default=None,
        title="Trace",
        description=f"Real arrivals and lengths: {', '.join(TRACES)}, or your own CSV.",
        examples=["azure-2023-conv"],
    )
    sizes: tuple[Size, ...] = Field(
        default=(),
        max_length=MOST_SIZES,
        exclude_if=lambda sizes: not sizes,
        title="Sizes",
        description="Inputs and outputs in pairs with their shares, which add up to 1, in place of both.",
        json_schema_extra=ADVANCED,
    )
    rate_scale: float = Field(
        default=1.0,
        gt=0,
        le=1e4,
        title="Scale of the rate",
        description="So many times the rate above.",
        examples=[1.2],
        json_schema_extra=ADVANCED,
    )
    prefix: Prefix | None = Field(
        default=None, title="Shared beginnings", description="What inputs begin with in common.",
        json_schema_extra=ADVANCED,
    )  # fmt: skip
    priorities: tuple[Priority, ...] = Field(
        default=(),
        max_length=8,
        title="Priorities",
        description="Shares of the requests that go before others.",
        json_schema_extra=ADVANCED,
    )

    @model_validator(mode="after")
    def _whole(self) -> "Traffic":
        problems = [*self._missing(), *self._contradictions()]
        if problems:
            raise SpecError(*problems)
        return self

    def _missing(self) -> list[Problem]:
        if self.trace is not None:
            return []
        found = []
        if self.rate is None:
            found.append(Problem("missing", "The traffic has no rate.", "/rate", "Write `rate: 12 /s`, or a trace."))
        if self.lengths is None and not self.sizes:
            found += [
                Problem("missing", f"The traffic has no {name}.", f"/{name}", f"Write `{name}: {example}`, or lengths.")
                for name, example in (("input", 1024), ("output", 256))
                if getattr(self, name) is None
            ]
        return found

    def _contradictions(self) -> list[Problem]:
        by_trace = [name for name in ("input", "output", "lengths", "sizes", "prefix") if getattr(self, name)]
        if self.trace is not None and by_trace:
            message = f"A trace says how long requests are; {' and '.join(by_trace)} too."
            return [Problem("contradiction", message, f"/{by_trace[0]}", "Keep one of them.")]
        if self.trace is not None and self.arrivals != "poisson":
            return [Problem("contradiction", "A trace brings its own arrivals.", "/arrivals", "Keep one of them.")]
        both = [name for name in ("input", "output") if getattr(self, name) is not None]
        if self.lengths is not None and both:
            message = f"Lengths of real requests and {' and '.join(both)} exclude one another."
            return [Problem("contradiction", message, f"/{both[0]}", "Keep one of them.")]
        if self.sizes and (others := [*both, *(["lengths"] if self.lengths else [])]):
            message = f"The sizes say how long requests are; {' and '.join(others)} too."
            return [Problem("contradiction", message, "/sizes", "Keep one of them.")]
        return [*self._twice(), *self._shares()]

    def _twice(self) -> list[Problem]:
        pairs = [(one.input, one.output) for one in self.sizes]
        return [
            Problem("contradiction", f"{a:,} and {b:,} tokens are named twice.", f"/sizes/{n}", "Add their shares up.")
            for n, (a, b) in enumerate(pairs)
            if (a, b) in pairs[:n]
        ]

    def _shares(self) -> list[Problem]:
        totals = {name: sum(one.share for one in getattr(self, name)) for name in ("priorities", "sizes")}
        return [
            Problem(
                "contradiction",
                f"The shares of the {name} add up to {total:g}.",
                f"/{name}",
                "Make them add up to 1.",
            )
            for name, total in totals.items()
            if getattr(self, name) and abs(total - 1) > 1e-6
        ]

    @property
    def rate_per_s(self) -> float:
        """Requests a second, on average."""
        own = self.rate if self.rate is not None else self.rows().rate_per_s
        return own * self.rate_scale

    def rows(self) -> Rows:
        """The requests of the trace or of the set of lengths."""
        if isinstance(self.trace, UploadedTrace):
            return self.trace.rows()
        name = self.trace or self.lengths
        if name is None:
            raise ValueError("the traffic has neither a trace nor a set of lengths")
        return shipped(name)
