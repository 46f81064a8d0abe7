"""What a request must not exceed, and how many of them must keep to it."""

from pydantic import Field, model_validator

from solvers.base import Part
from solvers.errors import Problem, SpecError
from solvers.units import Fraction, Seconds

MOST_LENIENT, MOST_STRICT = 0.5, 0.999


class Slo(Part):
    """The latencies that count. A request is good when it keeps to all of them at once."""

    ttft: Seconds | None = Field(
        default=None,
        gt=0,
        title="Time to first token",
        description="From a request's arrival to its first token.",
        examples=["500 ms"],
    )
    tpot: Seconds | None = Field(
        default=None,
        gt=0,
        title="Time per output token",
        description="Mean of a request's tokens after the first.",
        examples=["50 ms"],
    )
    e2e: Seconds | None = Field(
        default=None,
        gt=0,
        title="Time to last token",
        description="From a request's arrival to its last token.",
        examples=["20 s"],
    )
    attainment: Fraction = Field(
        default=0.9,
        title="Attainment",
        description="Share of the requests that keep to all of these latencies at once.",
        examples=[0.9],
    )

    @model_validator(mode="after")
    def _something_counts(self) -> "Slo":
        if self.limits == {}:
            hint = "Give `ttft: 500 ms` and `tpot: 50 ms`, for example."
            raise SpecError(Problem("missing", "No latency is asked for.", "/ttft", hint))
        if not MOST_LENIENT <= self.attainment <= MOST_STRICT:
            message = f"An attainment of {self.attainment:g} is outside of {MOST_LENIENT:g} to {MOST_STRICT:g}."
            hint = "Simulations of thousands of requests cannot tell rarer misses; write 0.9 or 0.99."
            raise SpecError(Problem("out_of_range", message, "/attainment", hint))
        return self

    @property
    def limits(self) -> dict[str, float]:
        """Seconds of each latency that is asked for."""
        named = {"ttft": self.ttft, "tpot": self.tpot, "e2e": self.e2e}
        return {name: seconds for name, seconds in named.items() if seconds is not None}
