"""The big run on the hardware: its GPU-hours, and the compute that so many GPU-hours are on all the GPUs."""

from collections.abc import Callable
from dataclasses import dataclass

from solvers.base import Estimate
from solvers.catalogue.equal_nodes import Hardware
from solvers.cost.price import SECONDS_PER_HOUR
from solvers.laws.law import FLOPS_PER_PARAMETER_TOKEN
from solvers.scaling.forecast.place import Place
from solvers.scaling.ladder.family import Family, shaped
from solvers.scaling.ladder.speed import Work, speed

# Share of the peak speed that a first guess of the compute takes, and rounds of planning what was guessed (estimates).
GUESS, ROUNDS = 0.4, 3

Batch = Callable[[float, float], int]


@dataclass(frozen=True)
class Machine:
    """All GPUs of the hardware, the family that they train, and how."""

    of: Family
    hardware: Hardware
    work: Work
    counts: str
    batch: Batch

    def hours(self, params: float, tokens: float) -> Estimate | None:
        """GPU-hours of a run on all GPUs; None where it does not fit."""
        gpus = self.hardware.gpus
        near = shaped(self.of, params, self.counts)
        found = speed(near, self.hardware, self.work, gpus=gpus, batch=self.batch(params, tokens))
        if found is None:
            return None
        all_tokens = tokens * params / near.params(self.counts)
        rate = found.tokens_per_s
        return Estimate(*(all_tokens * gpus / (SECONDS_PER_HOUR * one) for one in (rate.value, rate.high, rate.low)))

    def guess(self, gpu_hours: float) -> float:
        """FLOP that so many GPU-hours may be, before anything is planned."""
        return GUESS * gpu_hours * SECONDS_PER_HOUR * self.hardware.node.gpu.peak(self.work.precision)


def place_in_hours(machine: Machine, gpu_hours: float, at: Callable[[float], Place]) -> Place | None:
    """The best place that takes so many GPU-hours; None where it does not fit. `at` gives the best of a compute."""
    flops = machine.guess(gpu_hours)
    place = at(flops)
    for _ in range(ROUNDS):
        hours = machine.hours(place.params, place.tokens)
        if hours is None:
            return None
        place = at(FLOPS_PER_PARAMETER_TOKEN * place.params * place.tokens * gpu_hours / hours.value)
    return place
