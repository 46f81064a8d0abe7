"""DeepSeek LLM: both by training compute alone."""

from solvers.laws.hyperparameters.rule import NON_EMBEDDING, Power, Rule
from solvers.laws.law import FLOPS_PER_PARAMETER_TOKEN

# Equation 1 [deepseek2024llm], by C = M D with M the FLOP of a token without embeddings; here M = 6 N.
RATE_SCALE, RATE_EXPONENT = 0.3118, -0.1250
BATCH_SCALE, BATCH_EXPONENT = 0.2920, 0.3271

RULE = Rule(
    name="deepseek",
    title="DeepSeek LLM",
    form="learning rate = 0.3118 C^-0.125; batch = 0.292 C^0.3271 tokens; C = 6 N D",
    counts=NON_EMBEDDING,
    recipe="AdamW, steps of the learning rate at 80 and 90 % of the tokens",
    sources=("deepseek2024llm",),
    learning_rate=Power(RATE_SCALE * FLOPS_PER_PARAMETER_TOKEN**RATE_EXPONENT, RATE_EXPONENT, RATE_EXPONENT),
    batch_tokens=Power(BATCH_SCALE * FLOPS_PER_PARAMETER_TOKEN**BATCH_EXPONENT, BATCH_EXPONENT, BATCH_EXPONENT),
    valid={"flops": (1e17, 1e20)},
    caveats=(
        "One exponent for C: N and D act alike, so it only speaks of runs near the compute-optimal tokens for each N.",
        "The paper's C counts attention too; 6 N D leaves that out. Copies that print 0.3188 for 0.3118 are in error.",
    ),
)
