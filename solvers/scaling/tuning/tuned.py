"""How to train one size: learning rate, batch, steps, warm-up, decay, weight decay and betas, each with its reason.

The batch comes first: the best one in whole sequences, a power of two or one and a half times that, which many GPUs
divide. At that batch the learning rate of least expected excess loss follows, and all else from both.
"""

from dataclasses import asdict, dataclass

import numpy as np

from solvers.base import Estimate
from solvers.documents import Document
from solvers.laws.hyperparameters import mup, power_lines
from solvers.laws.hyperparameters.target import Target, loses
from solvers.scaling.tuning.basis import RULE_SCHEDULE, Tuning
from solvers.scaling.tuning.best import batch_of, best_at, rate_of, ratio_of, surface_at
from solvers.scaling.tuning.schedule import SHAPES, Course, course, peak_ratio
from solvers.units import COUNT, show

# AdamW's betas of the runs behind the rule [li2025predictable]; under so many tokens a batch a larger beta2 does better
# (section 4 [porian2024resolving]; the bound is an estimate).
BETA1, BETA2, SMALL_BATCH = 0.9, 0.95, 2**17
# Fewer steps than this are hardly a run of a law (estimate: the warm-up of the rule's own runs).
FEW_STEPS = 500
DIGITS = 3
# The largest learning rate of the runs behind the rule [li2025predictable]: far under its sizes it would say more.
MOST_RATE = 0.0221
NAMED = {"wsd": "WSD"}


@dataclass(frozen=True, eq=False)
class Chosen:
    """A size's surface, the values chosen on it, and the peak's ratio to the peak that the surface speaks of."""

    at: Target
    batch_tokens: Estimate
    learning_rate: Estimate
    loss_excess: Estimate
    ratio: float


def tuned(
    tuning: Tuning,
    *,
    params: float,
    tokens: float,
    schedule: str = "wsd",
    width: int | None = None,
) -> Document:
    """TUNED of a size whose N counts as the family's. `width` is its hidden size, for muP's multipliers."""
    length = tuning.sequence_length
    at = surface_at(tuning, params=params, tokens=tokens)
    chosen, carried = _chosen(tuning, at, schedule), _multipliers(tuning, width)
    steps = course(schedule, params=at.params, tokens=tokens, batch_tokens=chosen.batch_tokens.value)
    decay = power_lines.weight_decay(
        params=at.params, tokens=tokens, learning_rate=_as_linear(chosen, schedule, carried),
        batch_tokens=chosen.batch_tokens.value,
    )  # fmt: skip
    return {
        "learning_rate": asdict(chosen.learning_rate),
        "batch_tokens": asdict(chosen.batch_tokens),
        "batch_sequences": round(chosen.batch_tokens.value / length),
        "sequence_length": length,
        "steps": steps.steps,
        "warmup_steps": steps.warmup_steps,
        "schedule": schedule,
        "decay_steps": steps.decay_steps,
        "decay": SHAPES[schedule],
        "final_rate_share": steps.final_rate_share(chosen.learning_rate.value),
        "weight_decay": short(decay),
        "beta1": BETA1,
        "beta2": BETA2,
        "loss_excess": asdict(chosen.loss_excess),
        "source": source(tuning),
        "mup": carried,
        "warnings": list(_warnings(tuning, chosen, steps, schedule, width)),
    }


def source(tuning: Tuning) -> str:
    """Where the learning rate is from."""
    if tuning.options.mup is not None:
        return "mup"
    return "surface" if tuning.source == "surface" else "rule:step-law"


def _chosen(tuning: Tuning, at: Target, schedule: str) -> Chosen:
    best, batch, ratio = best_at(tuning, at), batch_of(tuning, at), ratio_of(tuning, schedule)
    rate = rate_of(tuning, at, batch_tokens=batch)
    ends = (rate.low, rate.high, rate.low * ratio, rate.high * ratio)
    carried = tuning.options.mup
    peak = carried.learning_rate if carried else min(short(rate.value * ratio), most_rate(tuning))
    excess = loses(at, learning_rate=peak / ratio, batch_tokens=batch)
    around = Estimate(batch, min(best.batch_tokens.low, batch), max(best.batch_tokens.high, batch))
    return Chosen(at, around, Estimate(peak, min(*ends, peak), max(*ends, peak)), excess, ratio)


def most_rate(tuning: Tuning) -> float:
    """The largest learning rate that is ever given, muP aside: of the rule's runs, or the own ones that trained."""
    own = tuning.surface.sweep.learning_rate[~tuning.surface.diverged] if tuning.surface is not None else np.zeros(1)
    return max(MOST_RATE, float(own.max()))


def short(value: float) -> float:
    """To so many digits that a configuration is readable."""
    return float(f"{value:.{DIGITS}g}")


def _as_linear(chosen: Chosen, schedule: str, carried: Document | None) -> float:
    """The peak of the linear decay with the same sum of learning rates: what Power Lines' tau speaks of.

    Under muP it is that of the hidden matrices: as their learning rate falls with width, their weight decay has to rise
    for the same time scale (abstract [wang2025adamw]).
    """
    own = carried["hidden_rate"] if carried is not None else 1.0
    return float(chosen.learning_rate.value * own * peak_ratio("linear", of=schedule))


def _multipliers(tuning: Tuning, width: int | None) -> Document | None:
    asked = tuning.options.mup
    if asked is None or width is None:
        return None
    found = mup.multipliers(width=width, tuned_width=asked.width)
    return {"tuned_width": asked.width, "width": width, **asdict(found)}


def _warnings(tuning: Tuning, chosen: Chosen, steps: Course, schedule: str, width: int | None) -> list[str]:
    said = list(chosen.at.warnings)
    of = tuning.schedule or RULE_SCHEDULE
    if schedule != of and tuning.options.mup is None:
        said.append(
            f"The runs behind the learning rate decayed by {of}; for {NAMED.get(schedule, schedule)} the peak is "
            f"{chosen.ratio:.2f} times theirs, so that learning rates add up to as much (estimate)."
        )
    if chosen.learning_rate.value == most_rate(tuning) and tuning.options.mup is None:
        said.append(f"No run of which anything is known had a learning rate above {chosen.learning_rate.value:g}.")
    if chosen.batch_tokens.value < SMALL_BATCH:
        said.append(f"Batches under {SMALL_BATCH:,} tokens do better with a beta2 of 0.99 or more.")
    if steps.steps < FEW_STEPS:
        said.append(f"Only {steps.steps} steps: a smaller batch or a longer run tells more.")
    if tuning.options.mup is not None:
        said += _of_mup(width)
    low, high = (power_lines.RULE.valid or {})["params"]
    if not low <= chosen.at.params <= high:
        ends = f"{show(low, COUNT)} to {show(high, COUNT)}"
        said.append(f"Weight decay follows Power Lines, which rests on {ends} parameters.")
    return said


def _of_mup(width: int | None) -> list[str]:
    carries = "muP carries a learning rate over width alone, not over depth, batch or tokens"
    said = [f"{carries}: it is given as it was tuned, which has to be at this batch."]
    if width is None:
        return [*said, "The width of this size is not known, so multipliers are not told."]
    return [*said, "Weight decay is not carried: it is that of the hidden matrices at their own learning rate."]
