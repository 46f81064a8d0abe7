"""Bjorck et al.: with the batch fixed, a longer run wants a smaller learning rate."""

from solvers.laws.hyperparameters.rule import Carried, Rule

# Exponents of N and D: section 4 [bjorck2024scaling].
RULE = Rule(
    name="token_horizon",
    title="Token horizons",
    form="learning rate ~ N^-0.23 D^-0.32 from a tuned run, batch unchanged",
    counts="",
    recipe="AdamW, cosine decay, one batch for all lengths",
    sources=("bjorck2024scaling",),
    learning_rate=Carried("learning_rate", -0.23, -0.32),
    valid={"params": (5e7, 7e9), "tokens": (2.5e10, 8e11)},
    caveats=(
        "Only the exponents are used: the factor is printed without the units of N and D.",
        "The batch is fixed; where it grows with D as it should, the learning rate rises with D instead.",
    ),
)
