"""muP: learning rates and initialisation that carry over from a narrow model to a wide one, with Adam.

With m = width / width of the tuned model (table 3 [yang2022tensor]):

    input weights, biases, norms   learning rate 1      initial standard deviation 1
    hidden matrices                learning rate 1 / m  initial standard deviation m^-1/2
    output matrix                  learning rate 1 / m  initial standard deviation 1 / m
    attention                      scores divided by the head's size, not by its root

It carries over width, not depth, batch, tokens or weight decay: a longer run or a larger batch wants its own tuning,
and a weight decay that is to average over as many steps rises as the learning rate falls [wang2025adamw].
"""

from dataclasses import dataclass

from solvers.errors import Problem, SpecError


@dataclass(frozen=True)
class Multipliers:
    """By what the tuned model's learning rates and initial standard deviations are multiplied."""

    input_rate: float
    hidden_rate: float
    output_rate: float
    input_spread: float
    hidden_spread: float
    output_spread: float


def multipliers(*, width: float, tuned_width: float) -> Multipliers:
    """Multipliers for a model of `width` with the values tuned at `tuned_width`."""
    if not (width > 0.0 and tuned_width > 0.0):
        message = f"Widths are positive, not {width:g} and {tuned_width:g}."
        raise SpecError(Problem("out_of_range", message, "/width", "Give the hidden sizes of both models."))
    m = width / tuned_width
    return Multipliers(1.0, 1.0 / m, 1.0 / m, 1.0, m**-0.5, 1.0 / m)


def attention_scale(*, head: float, tuned_head: float) -> float:
    """What scores are multiplied by: 1 / head size, with the tuned model's scale left at the usual 1 / root."""
    return float(tuned_head**0.5 / head)
