"""How a run learns as Megatron-LM's arguments, and where its checkpoints lie.

A piece of a run that starts from another's checkpoint takes up the optimizer's state and the data's place from it, and
its own schedule: `--override-opt_param-scheduler`.
"""

from solvers.exports.shell import Argument, Raw
from solvers.training.exports.tuned import Tuned

DECAYS = {"linear": "linear", "cosine": "cosine", "sqrt": "minus_sqrt"}
# The file by which Megatron-LM finds the newest checkpoint of a folder.
NEWEST = "latest_checkpointed_iteration.txt"


def arguments(tuned: Tuned) -> list[Argument]:
    """Schedule and optimizer."""
    style = "WSD" if tuned.schedule == "wsd" else tuned.schedule
    found: list[Argument] = [
        ("--lr-decay-style", style),
        ("--lr-warmup-iters", str(tuned.warmup_steps)),
        ("--lr-decay-iters", str(tuned.end)),
    ]
    if tuned.schedule == "wsd":
        found += [
            ("--lr-wsd-decay-style", DECAYS[tuned.decay]),
            ("--lr-wsd-decay-iters", str(tuned.decay_steps)),
        ]
    found += [
        ("--min-lr", f"{tuned.final_share * tuned.learning_rate:.6g}"),
        ("--weight-decay", f"{tuned.weight_decay:.6g}"),
        ("--adam-beta1", f"{tuned.beta1:.6g}"),
        ("--adam-beta2", f"{tuned.beta2:.6g}"),
    ]
    return [*found, *([("--override-opt_param-scheduler",)] if tuned.start else [])]


def checkpoints(tuned: Tuned | None) -> list[Argument]:
    """Where checkpoints are written and read."""
    if tuned is None:
        return [("--save", Raw('"${CHECKPOINT_DIR}"')), ("--load", Raw('"${CHECKPOINT_DIR}"'))]
    found: list[Argument] = [("--save", Raw('"${OWN}"')), ("--load", Raw('"${FROM}"'))]
    return [*found, (Raw('"${STEP[@]}"'),)] if tuned.start else found


def lines(tuned: Tuned | None) -> list[str]:
    """The run's own folder, and the checkpoint that it starts from while it has none of its own."""
    if tuned is None:
        return []
    own = [f'OWN="${{CHECKPOINT_DIR}}/{tuned.folder}"', 'FROM="${OWN}"']
    if tuned.start is None:
        return own
    return [
        *own,
        "STEP=()",
        f'if [ ! -f "${{OWN}}/{NEWEST}" ]; then',
        f'  FROM="${{CHECKPOINT_DIR}}/{tuned.start.folder}"',
        f"  STEP=(--ckpt-step {tuned.start.step})",
        "fi",
    ]
