"""Bytes of one parameter's weight, gradient and optimizer, whole and sharded over the ranks with copies.

copied   16-bit weight 2, gradient 4 (or 2), optimizer 12: an fp32 weight and two moments [rajbhandari2020zero,
         section 3.1]; low-precision copies of the weights lie beside them
cast     the same while weights are whole; at ZeRO 3 the fp32 shard is the weight, and its gradient is fp32 too
         however it was reduced [zhao2023fsdp, section 4.4]
"""

from dataclasses import dataclass

import numpy as np

from solvers.cost.block import Job
from solvers.cost.layouts import Floats, Ints, Number
from solvers.cost.refined import Shares

WEIGHT_BYTES = 2.0
MASTER_BYTES = 4.0
CAST_GRADIENT_BYTES = 4.0


@dataclass(frozen=True)
class Widths:
    """Bytes of a weight and a gradient, whole and as a shard, and of the optimizer."""

    weight: float
    weight_shard: float
    gradient: float
    gradient_shard: float
    optimizer: float


def widths_of(job: Job) -> Widths:
    """Of a parameter that trains."""
    stack = job.stack
    cast = stack.weights == "cast"
    weight = WEIGHT_BYTES + (0.0 if job.adapters else stack.weight_copies)
    gradient = float(stack.gradient_bytes)
    return Widths(
        weight=weight,
        weight_shard=0.0 if cast else weight,
        gradient=gradient,
        gradient_shard=CAST_GRADIENT_BYTES if cast else gradient,
        optimizer=MASTER_BYTES + 2.0 * stack.moment_bytes,
    )


def passing_bytes(job: Job) -> Number:
    """Bytes of a gathered weight in the passes: 16 bit, or what frozen weights are kept in."""
    return job.adapters.frozen_bytes if job.adapters else WEIGHT_BYTES


def bytes_a_parameter(zero: Ints, share: Floats, job: Job) -> Floats:
    """Weight, gradient and optimizer of one parameter on one rank, by ZeRO stage; a shard is `share` of it."""
    w = widths_of(job)
    whole = np.array([w.weight + w.gradient + w.optimizer, w.weight + w.gradient, w.weight, 0.0])
    sharded = np.cumsum([0.0, w.optimizer, w.gradient_shard, w.weight_shard])
    return whole[zero] + sharded[zero] * share


def zero_shares(zero: Ints, share: Floats) -> Shares:
    """What a ZeRO stage leaves of weights, gradients and optimizer on one rank."""
    return Shares(
        weights=np.where(zero >= 3, share, 1.0),
        gradients=np.where(zero >= 2, share, 1.0),
        optimizer=np.where(zero >= 1, share, 1.0),
    )


def state_bytes(shares: Shares, job: Job) -> tuple[Floats, Floats, Floats]:
    """Bytes on one rank of one parameter's weight, gradient and optimizer."""
    w = widths_of(job)
    return (
        np.where(shares.weights < 1, w.weight_shard, w.weight) * shares.weights,
        np.where(shares.gradients < 1, w.gradient_shard, w.gradient) * shares.gradients,
        w.optimizer * shares.optimizer,
    )
