"""Porian et al.: both by N alone, tuned along the compute-optimal line."""

from solvers.laws.hyperparameters.rule import WITH_HEAD, Power, Rule

# As quoted in table 1 of [li2025predictable], in tokens; the runs: [porian2024resolving].
RULE = Rule(
    name="porian",
    title="Porian et al.",
    form="learning rate = 3.7 N^-0.36; batch = 0.7576 N^0.703 tokens",
    counts=WITH_HEAD,
    recipe="AdamW with beta2 tuned at small batches, tokens near 20 N",
    sources=("porian2024resolving", "li2025predictable"),
    learning_rate=Power(3.7, -0.36, 0.0),
    batch_tokens=Power(0.7576, 0.703, 0.0),
    valid={"params": (5e6, 9e8)},
    caveats=(
        "D does not appear: it speaks of runs near 20 tokens a parameter only.",
        "At small batches it asks for a larger beta2 of Adam as well.",
    ),
)
