"""Predicted quantities of a plan over islands."""

from solvers.base import Estimate
from solvers.cost.flops import hardware_flops, model_flops
from solvers.training.intervals import time_interval
from solvers.training.islands.scale import scale_of, steps_of
from solvers.training.islands.spec import IslandsSpec
from solvers.training.islands.stages import Staged
from solvers.training.memory import memory_interval


def estimates_of(spec: IslandsSpec, plan: Staged) -> dict[str, Estimate]:
    """The estimates of the contract; the peak is that of all GPUs of the islands in use."""
    used = sorted({stage.island for stage in plan.stages})
    scale, job = scale_of(spec, used), plan.kernels[used[0]].near
    nodes = sum(spec.hardware.islands[island].nodes for island in used)
    step = time_interval(plan.laid.step_time_s, moe=spec.model.moe is not None, nodes=nodes)
    tokens = float(spec.global_batch * spec.sequence_length)
    peak = sum(
        spec.hardware.islands[island].gpus * float(plan.kernels[island].near.cluster.peak_flops_per_s)
        for island in used
    )
    done = float(hardware_flops(job, recompute=int(plan.laid.ways.recompute[0])))
    found = {
        "step_time_s": step,
        "tokens_per_s": _rate(tokens, step),
        "tokens_per_s_per_gpu": _rate(tokens / scale.gpus, step),
        "mfu": _rate(float(model_flops(job)) / peak, step),
        "hfu": _rate(done / peak, step),
        "peak_memory_bytes": memory_interval(plan.memory_bytes),
    }
    priced = all(spec.hardware.islands[island].usd_per_gpu_hour is not None for island in used)
    if priced:
        found["cost_usd_per_step"] = step.scaled(scale.usd_per_s)
    if steps := steps_of(spec):
        found["run_time_s"] = step.scaled(steps)
        if priced:
            found["cost_usd"] = step.scaled(steps * scale.usd_per_s)
    return found


def _rate(amount: float, seconds: Estimate) -> Estimate:
    return Estimate(amount / seconds.value, amount / seconds.high, amount / seconds.low)
