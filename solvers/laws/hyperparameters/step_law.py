"""Step Law: learning rate by N and D, batch by D alone."""

from solvers.laws.hyperparameters.rule import NON_EMBEDDING, Power, Rule

# Equation 1 [li2025predictable].
LEARNING_RATE = Power(1.79, -0.713, 0.307)
BATCH_TOKENS = Power(0.58, 0.0, 0.571)

RULE = Rule(
    name="step_law",
    title="Step Law",
    form="learning rate = 1.79 N^-0.713 D^0.307; batch = 0.58 D^0.571 tokens",
    counts=NON_EMBEDDING,
    recipe="AdamW, sequences of 2,048 tokens, cosine decay to a fixed 1e-5 (not to a tenth of the peak)",
    sources=("li2025predictable",),
    learning_rate=LEARNING_RATE,
    batch_tokens=BATCH_TOKENS,
    valid={"params": (6e7, 1.1e9), "tokens": (2e9, 1e11)},
    caveats=(
        "Mixtures of experts: N is all experts together; with the active N the excess loss is several times larger.",
        "The sign of the exponent of D contradicts other laws (0.307 here, -0.32 with a fixed batch elsewhere).",
    ),
)
