"""muP in what is exported: multipliers for programs that know muP, and a refusal where a framework has no settings.

Megatron core 0.16 has none (they came after it), nor has torchtitan 0.2: with their one learning rate for all weights
and their own initialisation, the rate that was tuned at a narrow width is far too high for a wide model (table 3
[yang2022tensor]).
"""

from collections.abc import Mapping

from solvers.documents import Document
from solvers.errors import CannotExpress, Problem
from solvers.scaling.exports.rungs import Ladder

# A rung's multipliers by their column and by the variable that a training program is told.
COLUMNS = {
    "tuned_width": "mup_tuned_width", "input_rate": "mup_input_rate_factor", "hidden_rate": "mup_hidden_rate_factor",
    "output_rate": "mup_output_rate_factor", "input_spread": "mup_input_init_factor",
    "hidden_spread": "mup_hidden_init_factor", "output_spread": "mup_output_init_factor",
}  # fmt: skip
TOLD = {column.upper(): column for column in COLUMNS.values()}


def columns(tuned: Document) -> Mapping[str, object]:
    """A run's multipliers by column; none where its learning rate is not carried by muP."""
    found = tuned.get("mup") or {}
    return {column: found[name] for name, column in COLUMNS.items() if name in found}


def notes(ladder: Ladder) -> list[str]:
    """What a program has to do with the numbers of a ladder that is planned with muP, as lines of a head."""
    if not carried(ladder):
        return []
    return [
        "Planned with muP: LR is the rate that was tuned at the width MUP_TUNED_WIDTH, and far too high for a program",
        "that knows no muP. For the weights of the input, the hidden matrices and the output, the program has to",
        "multiply LR by MUP_INPUT_RATE_FACTOR, MUP_HIDDEN_RATE_FACTOR and MUP_OUTPUT_RATE_FACTOR, and the standard",
        "deviation of their first values by MUP_INPUT_INIT_FACTOR, MUP_HIDDEN_INIT_FACTOR and MUP_OUTPUT_INIT_FACTOR.",
        "Attention scores are divided by the size of a head; where that is as in the tuned model, nothing changes.",
    ]


def refuse(ladder: Ladder) -> None:
    """CannotExpress where the ladder is planned with muP."""
    if carried(ladder):
        message = (
            "The ladder is planned with muP, and Megatron core 0.16 and torchtitan 0.2 have no settings for its "
            "multipliers: they would train all weights at the one rate that was tuned for a narrow model."
        )
        hint = "For a script, plan without `options: {tuning: {mup: ...}}`."
        raise CannotExpress(Problem("cannot_express", message, "/spec/options/tuning/mup", hint))


def carried(ladder: Ladder) -> bool:
    """Whether learning rates are those of a narrow model."""
    return any(rung.tuned["source"] == "mup" for rung in ladder.rungs)
