"""A scaling spec's runs on its own hardware, in its own shapes: the big run itself, and the ladder to it."""

from dataclasses import dataclass

import numpy as np

from solvers.base import Estimate
from solvers.catalogue.equal_nodes import Hardware
from solvers.cost.price import SECONDS_PER_HOUR
from solvers.documents import Document
from solvers.laws.design.candidates import target
from solvers.laws.law import FLOPS_PER_PARAMETER_TOKEN
from solvers.laws.predict.mixture import Mixture
from solvers.laws.predict.optimum import worth
from solvers.laws.predict.shipped import shipped
from solvers.scaling.ladder.answer import Aim, Budget, Unpaid, ladder
from solvers.scaling.ladder.family import Family, Member, family, shaped
from solvers.scaling.ladder.limits import limits
from solvers.scaling.ladder.price import priced
from solvers.scaling.ladder.rungs import Run, in_steps
from solvers.scaling.ladder.speed import Speed, Work, speed
from solvers.scaling.spec import ScalingSpec
from solvers.scaling.tuning.answer import Tuning, tuned
from solvers.scaling.tuning.schedule import DECAY

# Tokens for each parameter at which the batch of a size is taken where its plan is timed [hoffmann2022chinchilla].
USUAL_RATIO = 20.0


@dataclass(frozen=True, eq=False)
class Ground:
    """What runs of any size have in common: the family, the convention of N, hardware, sequences, values of training."""

    of: Family
    counts: str
    hardware: Hardware | None
    work: Work
    tuning: Tuning
    schedule: str

    def member(self, params: float) -> Member:
        """The model of a size."""
        return shaped(self.of, params, self.counts)

    def tune(self, params: float, tokens: float) -> Document:
        """How a run is trained."""
        width = self.member(params).model.hidden
        return tuned(self.tuning, params=params, tokens=tokens, schedule=self.schedule, width=width)

    def batch(self, params: float) -> int:
        """Sequences of a step of a size."""
        return int(self.tune(params, USUAL_RATIO * params)["batch_sequences"])


def ground(spec: ScalingSpec, *, counts: str, tuning: Tuning) -> Ground:
    """What the spec says of all runs."""
    work = Work(spec.options.sequence_length, spec.options.precision)
    return Ground(family(spec.model), counts, spec.hardware, work, tuning, spec.options.schedule)


def big_run(on: Ground, *, params: float, tokens: float) -> Document:
    """`model` and `training` of a run on all GPUs, and its `gpu_hours`, `gpus`, `mfu`, `plan` and `layout`.

    The last are None without hardware, and where the model does not fit on it.
    """
    gpus = on.hardware.gpus if on.hardware else None
    training = in_steps(on.tune(params, tokens), Run(params, tokens), gpus=gpus or 1, shortest=tokens)
    fastest = _speed(on, params, batch=int(training["batch_sequences"]))
    return {
        "model": on.member(params).document(),
        "training": training,
        "gpus": gpus,
        "gpu_hours": _hours(fastest, tokens) if fastest else None,
        "mfu": fastest.mfu if fastest else None,
        "plan": fastest.plan if fastest else None,
        "layout": fastest.layout if fastest else None,
    }


def flops_in(on: Ground, *, gpu_hours: float, params: float) -> float | None:
    """6 N D of what a size trains on in so many GPU-hours on all GPUs; None where it does not fit."""
    fastest = _speed(on, params, batch=on.batch(params))
    if fastest is None:
        return None
    seconds = gpu_hours * SECONDS_PER_HOUR / fastest.gpus
    return FLOPS_PER_PARAMETER_TOKEN * params * seconds * fastest.tokens_per_s.value


def small_runs(
    spec: ScalingSpec, on: Ground, *, mix: Mixture | None, params: float, tokens: float, unique: float | None
) -> Document | Unpaid | None:
    """`ladder`, `next`, `curve` and `stop` of the spec's budget; None without a budget."""
    if spec.budget is None:
        return None
    hours, flops = spec.budget.gpu_hours, spec.budget.flops
    within = limits(target(params=params, tokens=tokens), unique)
    price = priced(on.of, on.hardware, on.work, within, counts=on.counts, gpu_hours=hours, batch=on.batch)
    told = float(worth(np.array([tokens]), unique)[0])
    return ladder(
        budget=Budget(float(hours or flops or 0.0), spec.budget.goal, spec.budget.most_runs),
        mix=mix,
        aim=Aim(target(params=params, tokens=told), shipped(), unique),
        price=price,
        tune=on.tune,
        of=on.of,
        counts=on.counts,
        decay_share=DECAY if on.schedule == "wsd" else None,
    )


def _speed(on: Ground, params: float, *, batch: int) -> Speed | None:
    if on.hardware is None:
        return None
    return speed(on.member(params), on.hardware, on.work, gpus=on.hardware.gpus, batch=batch)


def _hours(of: Speed, tokens: float) -> Document:
    rate = of.tokens_per_s
    found = Estimate(*(tokens * of.gpus / (SECONDS_PER_HOUR * one) for one in (rate.value, rate.high, rate.low)))
    return {"value": found.value, "low": found.low, "high": found.high}
