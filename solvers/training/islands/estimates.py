"""Predicted quantities of a plan over islands, and of the whole run."""

from solvers.base import Estimate
from solvers.cost.flops import hardware_flops, model_flops
from solvers.documents import Document
from solvers.training import run_length
from solvers.training.calibration import interval_of_unlike
from solvers.training.estimates import rate, utilisation
from solvers.training.islands.kernel import uniform
from solvers.training.islands.scale import as_one, scale_of
from solvers.training.islands.spec import IslandsSpec
from solvers.training.islands.stages import Staged, terms_of
from solvers.training.memory import memory_interval
from solvers.training.run_length import busy_s, energy_j, saving, steps_of

ENERGIES = ("energy_j", "energy_j_per_step")


def estimates_of(spec: IslandsSpec, plan: Staged) -> dict[str, Estimate]:
    """The estimates of the contract; the peak is that of all GPUs of the islands in use."""
    used = plan.laid.islands
    scale, job = scale_of(spec, used), plan.kernels[used[0]].near
    step = interval_of_unlike(plan.laid.step_time_s, spec.calibration)
    tokens = float(spec.global_batch * spec.sequence_length)
    peak = sum(
        spec.hardware.islands[island].gpus * float(plan.kernels[island].near.cluster.peak_flops_per_s)
        for island in used
    )
    done = float(hardware_flops(job, recompute=int(plan.laid.ways.recompute[0])))
    found = {
        "step_time_s": step,
        "tokens_per_s": rate(tokens, step),
        "tokens_per_s_per_gpu": rate(tokens / scale.gpus, step),
        "mfu": utilisation(float(model_flops(job)) / peak, step),
        "hfu": utilisation(done / peak, step),
        "peak_memory_bytes": memory_interval(plan.memory_bytes),
    }
    if all(spec.hardware.islands[island].usd_per_gpu_hour is not None for island in used):
        found["cost_usd_per_step"] = step.scaled(scale.usd_per_s)
    return found | _of_run(spec, plan, step)


def run_document(spec: IslandsSpec, plan: Staged) -> Document:
    """Checkpoints, failures and the parts of the whole run."""
    asked, job = as_one(spec, plan.laid.islands)
    return run_length.run_document(asked, job, step_s=plan.laid.step_time_s, steps=steps_of(spec))


def _of_run(spec: IslandsSpec, plan: Staged, step: Estimate) -> dict[str, Estimate]:
    """Time, dollars and joules of the run: energy island by island, with the relative interval of equal nodes."""
    asked, job = as_one(spec, plan.laid.islands)
    terms = terms_of(plan)
    share = busy_s(terms) / sum(terms.values())
    found = run_length.estimates(asked, job, step=step, busy_share=share, steps=steps_of(spec))
    overheads = saving(asked, job).overheads
    joules = [
        energy_j(
            uniform(spec, spec.hardware.islands[island]),
            overheads,
            gpus=spec.hardware.islands[island].gpus,
            busy_s=_busy(plan, island),
            step_s=step.value,
        )
        for island in plan.laid.islands
    ]
    known = [one for one in joules if one is not None]
    if len(known) < len(joules):
        return {name: value for name, value in found.items() if not name.startswith("energy")}
    whole = sum(known) * (steps_of(spec) or 1.0)
    powered = next((found[name].value for name in ENERGIES if name in found), whole)
    return {
        name: value.scaled(whole / powered) if name.startswith("energy") else value for name, value in found.items()
    }


def _busy(plan: Staged, island: int) -> float:
    """Seconds of a step in which the island's GPUs compute, on average of its stages."""
    here = [stage for stage in plan.stages if stage.island == island]
    times = [
        plan.laid.micro_batches[stage.group] * (stage.terms["compute"] + stage.terms["recompute"]) + stage.optimizer
        for stage in here
    ]
    return sum(times) / len(times)
