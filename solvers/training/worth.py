"""What a step is worth in the objective, for layouts that are compared before they are chosen."""

from solvers.cost.block import Job
from solvers.cost.layouts import Floats
from solvers.cost.price import step_cost_usd
from solvers.training.run_length import run_energies, run_factors
from solvers.training.spec import TrainingSpec

# A rare technique has to gain this much: hardly any published run measured one, models nobody has seen are predicted
# to 4 to 8 % (README, accuracy), and what is simple runs.
WORTH = 1.05


def value_of(spec: TrainingSpec, job: Job, *, step_s: Floats, busy_s: Floats) -> Floats:
    """The objective of steps of `step_s` seconds, of which the GPUs compute `busy_s`; it grows with both."""
    if spec.objective == "cost":
        gpus, price = int(job.cluster.gpus), spec.hardware.usd_per_gpu_hour or 0.0
        return step_cost_usd(step_s, gpus=gpus, usd_per_gpu_hour=price) * run_factors(spec, job).cost
    if spec.objective == "energy":
        return run_energies(spec, job, step_s=step_s, busy_s=busy_s)
    return step_s
