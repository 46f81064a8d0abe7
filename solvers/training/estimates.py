"""Predicted quantities of a plan with their intervals."""

from solvers.base import Estimate
from solvers.cost.flops import hardware_flops, model_flops
from solvers.training import run_length
from solvers.training.memory import memory_interval
from solvers.training.plan import Choice, terms_of
from solvers.training.run_length import busy_s, steps_of
from solvers.training.spec import TrainingSpec


def estimates_of(spec: TrainingSpec, choice: Choice) -> dict[str, Estimate]:
    """The estimates of the contract, at the kind's interval level."""
    step = choice.interval
    tokens = float(spec.global_batch * spec.sequence_length)
    gpus = int(choice.job.cluster.gpus)
    peak = gpus * float(choice.job.cluster.peak_flops_per_s)
    priced = spec.hardware.usd_per_gpu_hour is not None
    found = {
        "step_time_s": step,
        "tokens_per_s": rate(tokens, step),
        "tokens_per_s_per_gpu": rate(tokens / gpus, step),
        "mfu": utilisation(float(model_flops(choice.job)) / peak, step),
        "hfu": utilisation(_hardware_flops(choice) / peak, step),
        "peak_memory_bytes": memory_interval(choice.memory_bytes),
    }
    per_second = choice.cost_usd / choice.step_time_s
    if priced:
        found["cost_usd_per_step"] = step.scaled(per_second)
    terms = terms_of(choice)
    share = busy_s(terms) / sum(terms.values())
    return found | run_length.estimates(spec, choice.job, step=step, busy_share=share, steps=steps_of(spec))


def _hardware_flops(choice: Choice) -> float:
    refined = choice.layouts.refined
    share = 0.0 if refined is None else float(refined.recomputed[0])
    return float(hardware_flops(choice.job, recompute=int(choice.layouts.recompute[0]), full_share=share))


def rate(amount: float, seconds: Estimate) -> Estimate:
    """So much in so many seconds."""
    return Estimate(amount / seconds.value, amount / seconds.high, amount / seconds.low)


def utilisation(least_s: float, seconds: Estimate) -> Estimate:
    """The share of a peak at which it would take `least_s`: an interval as wide as a CPU's ends at the whole of it."""
    found = rate(least_s, seconds)
    return Estimate(found.value, found.low, max(found.value, min(found.high, 1.0)))
