"""Power Lines: AdamW's time scale by tokens per parameter, from which weight decay follows; batch by D.

tau = B / (learning rate * weight decay * D) is the share of the run over which AdamW averages its updates
[bergsma2025power]; the best tau falls as tau = 1.084 (D / N)^-0.527.
"""

from solvers.laws.hyperparameters.rule import Carried, Rule

TAU_SCALE, TAU_EXPONENT = 1.084, -0.527

RULE = Rule(
    name="power_lines",
    title="Power Lines",
    form="batch ~ D^0.4 from a tuned run; tau = B / (learning rate x weight decay x D) = 1.084 (D / N)^-0.527",
    counts="",
    recipe="AdamW and muP, linear decay to zero, sequences of 2,048 tokens",
    sources=("bergsma2025power",),
    batch_tokens=Carried("batch_tokens", 0.0, 0.4),
    valid={"params": (1.1e8, 3.3e9)},
    caveats=(
        "The batch beyond which more devices hardly help grows somewhat faster, by D^0.47.",
        "The law gives weight decay for a learning rate, not the learning rate.",
    ),
)


def time_scale(*, params: float, tokens: float) -> float:
    """The best tau, in shares of the run."""
    return float(TAU_SCALE * (tokens / params) ** TAU_EXPONENT)


def weight_decay(*, params: float, tokens: float, learning_rate: float, batch_tokens: float) -> float:
    """AdamW's weight decay of the best tau, with the decay multiplied by the learning rate as most libraries do."""
    return batch_tokens / (learning_rate * tokens * time_scale(params=params, tokens=tokens))
