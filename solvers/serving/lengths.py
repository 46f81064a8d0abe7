"""Tokens of inputs and outputs: a number, a distribution, or one of the sets of real requests that ship.

A distribution is log-normal, which is what the lengths of real requests look like from a distance:
    mean and cv:    sigma^2 = ln(1 + cv^2)             mu = ln(mean) - sigma^2 / 2
    p50 and p90:    sigma = ln(p90 / p50) / z(0.9)     mu = ln(p50)
"""

import math
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import BeforeValidator, Field, model_validator

from solvers.base import Part
from solvers.errors import Problem, SpecError, TooLarge
from solvers.units import Count

Ints = npt.NDArray[np.int64]

MOST_TOKENS = 4_194_304
MOST_CV = 10.0
# The 90th percentile of the standard normal distribution.
Z90 = 1.2815515655446004


class Lengths(Part):
    """A distribution of whole numbers of tokens."""

    mean: Count | None = Field(
        default=None, title="Mean", description="Tokens of the average request.", examples=[1024]
    )
    cv: float = Field(
        default=0.0,
        ge=0,
        le=MOST_CV,
        title="Variation",
        description="Standard deviation over the mean; 0 makes all requests equal.",
        examples=[0.8],
    )
    p50: Count | None = Field(default=None, title="Median", description="With p90, in place of the mean.")
    p90: Count | None = Field(default=None, title="90th percentile", description="A tenth of the requests has more.")

    @model_validator(mode="after")
    def _one_way(self) -> "Lengths":
        quantiles = (self.p50 is not None) + (self.p90 is not None)
        if (self.mean is not None) == (quantiles > 0) or quantiles == 1 or (quantiles and self.cv):
            hint = "Write a number, {mean: 1024, cv: 0.8} or {p50: 700, p90: 2400}."
            raise SpecError(Problem("contradiction", "A length has a mean, or a p50 and a p90.", "", hint))
        if self.p50 is not None and self.p90 is not None and self.p90 < self.p50:
            raise SpecError(Problem("contradiction", "The p90 is below the p50.", "/p90", "Exchange them."))
        largest = max(value for value in (self.mean, self.p50, self.p90) if value is not None)
        if largest > MOST_TOKENS:
            message = f"{largest:,.0f} tokens; {MOST_TOKENS:,} is the most."
            raise TooLarge(Problem("too_large", message, "", "It is the length of one request."))
        if max(self.mean or 1, 1) != (self.mean or 1):
            raise SpecError(Problem("too_small", "A request has one token at least.", "", "Write 1 or more."))
        return self

    @property
    def parameters(self) -> tuple[float, float]:
        """Mu and sigma of the logarithm."""
        if self.p50 is not None and self.p90 is not None:
            return math.log(self.p50), math.log(self.p90 / self.p50) / Z90
        variance = math.log1p(self.cv**2)
        return math.log(self.mean or 1.0) - variance / 2, math.sqrt(variance)

    def draw(self, normal: npt.NDArray[np.float64]) -> Ints:
        """Tokens for standard normal numbers of any shape; at least one each."""
        mu, sigma = self.parameters
        tokens: Ints = np.clip(np.rint(np.exp(mu + sigma * normal)), 1, MOST_TOKENS).astype(np.int64)
        return tokens


def _lengths(value: Any) -> Any:
    """A plain number stands for requests that are all equal."""
    return value if isinstance(value, dict | Lengths) else {"mean": value}


LengthsRef = Annotated[Lengths, BeforeValidator(_lengths, json_schema_input_type=Count | Lengths)]
