"""MiniCPM: one learning rate for all widths (by a parametrisation of the muP family), batch by the loss to reach."""

from solvers.errors import Problem, SpecError
from solvers.laws.hyperparameters.rule import NON_EMBEDDING, Power, Rule, Setting

# Sections 3.2 and 3.3 [hu2024minicpm]: batch in tokens by the loss on C4 in nats per token; learning rate of all sizes.
BATCH_SCALE, BATCH_EXPONENT, LEARNING_RATE = 1.21e9, -6.24, 0.01


def _batch_tokens(setting: Setting) -> float:
    if not setting.loss > 0.0:
        message = "MiniCPM's batch follows from the loss to reach, and none is given."
        raise SpecError(Problem("no_loss", message, "/loss", "Give the loss in nats per token."))
    return float(BATCH_SCALE * setting.loss**BATCH_EXPONENT)


RULE = Rule(
    name="minicpm",
    title="MiniCPM",
    form="learning rate = 0.01 at every width; batch = 1.21e9 / L^6.24 tokens",
    counts=NON_EMBEDDING,
    recipe="Adam with width-scaled initialisation, residuals and learning rates; warm-up, stable, decay over 10 %",
    sources=("hu2024minicpm",),
    learning_rate=Power(LEARNING_RATE, 0.0, 0.0),
    batch_tokens=_batch_tokens,
    valid={"params": (9e6, 2.1e9)},
    caveats=(
        "The source says 1.21e9 / L^6.24; another paper's table copies it as 2e18 / L^6.24, 1.7e9 times as much.",
        "The learning rate only holds with that parametrisation; with plain AdamW it is far too large.",
        "L is the loss on C4 with its tokenizer: 7 % more loss, from another text, is a batch smaller by a third.",
    ),
)
