"""What a training plan must keep to: memory, time and money."""

from pydantic import Field, field_validator

from solvers.base import Part
from solvers.errors import Problem, TooLarge
from solvers.units import Fraction, Seconds, Usd

MOST_HEADROOM = 0.95


class Constraints(Part):
    """What a plan must keep to."""

    memory_headroom: Fraction = Field(
        default=0.08,
        title="Memory head-room",
        description="Share of device memory that stays free.",
        examples=[0.08],
    )
    max_step_time: Seconds | None = Field(
        default=None,
        gt=0,
        title="Longest step",
        description="No step may take longer.",
        examples=["10 s"],
    )
    deadline: Seconds | None = Field(
        default=None,
        gt=0,
        title="Deadline",
        description="Time to train all tokens; needs tokens.",
        examples=["40 days"],
    )
    budget: Usd | None = Field(
        default=None,
        gt=0,
        title="Budget",
        description="Dollars to train all tokens; needs tokens and a price.",
        examples=["2000000 USD"],
    )

    @field_validator("memory_headroom")
    @classmethod
    def _some_memory_is_left(cls, value: float) -> float:
        if value > MOST_HEADROOM:
            message = f"{100 * value:.0f} % of the memory would stay free; {100 * MOST_HEADROOM:.0f} % is the most."
            raise TooLarge(Problem("too_large", message, "", "It is the share that stays free, such as 0.08."))
        return value
