"""How a run learns as torchtitan's configuration, and where its checkpoints lie.

torchtitan 0.2 knows one schedule: warm-up, the peak, then a decay over a share of the steps, all of those after the
warm-up where no share is given. What is cut short of it keeps its length as `total_steps`.
"""

from solvers.documents import Document
from solvers.training.exports.tuned import Tuned


def parts(tuned: Tuned | None) -> Document:
    """Optimizer and schedule."""
    if tuned is None:
        return {}
    optimizer = {
        "name": "AdamW",
        "lr": tuned.learning_rate,
        "beta1": tuned.beta1,
        "beta2": tuned.beta2,
        "weight_decay": tuned.weight_decay,
    }
    return {"optimizer": optimizer, "lr_scheduler": _schedule(tuned)}


def _schedule(tuned: Tuned) -> Document:
    found: Document = {"warmup_steps": tuned.warmup_steps, "total_steps": tuned.end}
    if tuned.schedule == "constant":
        return {**found, "decay_ratio": 0.0}
    if tuned.schedule == "wsd":
        found |= {"decay_ratio": tuned.decay_steps / tuned.end, "decay_type": tuned.decay}
    else:
        found["decay_type"] = tuned.schedule
    return {**found, "min_lr_factor": tuned.final_share}


def checkpoint(tuned: Tuned | None) -> Document:
    """Checkpoints that another run may go on from hold the optimizer too, the last one as well."""
    if tuned is None:
        return {}
    found = {"last_save_model_only": False}
    return {**found, "initial_load_model_only": False} if tuned.start else found


def options(tuned: Tuned | None) -> list[str]:
    """The folder of the run, and the checkpoint that it starts from while it has none of its own."""
    if tuned is None:
        return ['--job.dump_folder "${DUMP_DIR}"']
    found = [f'--job.dump_folder "${{DUMP_DIR}}/{tuned.folder}"']
    if tuned.start is None:
        return found
    path = f"${{DUMP_DIR}}/{tuned.start.folder}/checkpoint/step-{tuned.start.step}"
    return [*found, f'--checkpoint.initial_load_path "{path}"']
