"""Kaplan et al.: learning rate by ln N, critical batch by the loss."""

import math

from solvers.errors import Problem, SpecError
from solvers.laws.hyperparameters.rule import NON_EMBEDDING, Rule, Setting

# Equation D.1 and section 5.1 [kaplan2020scaling]: B = 2e8 tokens / L^(1 / 0.21).
RATE_LEVEL, RATE_SLOPE, BATCH_SCALE, BATCH_EXPONENT = 3.239e-3, -1.395e-4, 2e8, -1.0 / 0.21


def _learning_rate(setting: Setting) -> float:
    rate = RATE_LEVEL + RATE_SLOPE * math.log(setting.params)
    if rate <= 0.0:
        message = f"Kaplan's learning rate is not positive at {setting.params:.3g} parameters."
        raise SpecError(Problem("out_of_range", message, "/params", "It ends at 1.2e10 parameters."))
    return rate


def _batch_tokens(setting: Setting) -> float:
    if not setting.loss > 0.0:
        message = "Kaplan's batch follows from the loss to reach, and none is given."
        raise SpecError(Problem("no_loss", message, "/loss", "Give the loss in nats per token."))
    return float(BATCH_SCALE * setting.loss**BATCH_EXPONENT)


RULE = Rule(
    name="kaplan",
    title="Kaplan et al.",
    form="learning rate = 3.239e-3 - 1.395e-4 ln N; batch = 2e8 / L^4.76 tokens",
    counts=NON_EMBEDDING,
    recipe="Adam, 3,000 steps of warm-up, cosine decay to zero",
    sources=("kaplan2020scaling",),
    learning_rate=_learning_rate,
    batch_tokens=_batch_tokens,
    valid={"params": (1e3, 1.5e9)},
    caveats=(
        "The batch is the critical one (twice the tokens of tiny batches, half the steps), not that of least loss.",
        "A table of another paper quotes 2e18 for 2e8, which would be 1e16 tokens a batch.",
    ),
)
