"""Dollars: GPUs, hours and a price."""

from solvers.cost.layouts import Floats

SECONDS_PER_HOUR = 3600.0


def step_cost_usd(step_time_s: Floats, *, gpus: int, usd_per_gpu_hour: float) -> Floats:
    """Dollars of one step when `gpus` are paid for by the hour."""
    return step_time_s * (gpus * usd_per_gpu_hour / SECONDS_PER_HOUR)
