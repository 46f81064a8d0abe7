"""Schedules of a pipeline: how long it idles, how many micro-batches it keeps, which layers a stage holds.

Symbols
    p stages   v chunks of layers on each rank   m micro-batches   t seconds of the slowest stage for one micro-batch
Bubble
    GPipe, 1F1B   sum of the other stages' times: (p - 1) t when equal, (p - 1) / (m + p - 1) of the step
                  [huang2019gpipe, section 2.3; narayanan2021efficient, section 2.2.1]
    ZB-H1         less twice the other stages' weight gradients, (p - 1) (F + B - W) when equal [qi2024zero, table 1]
    interleaved   the same over v, and (v - 1) (p - m mod p) t / v more when p does not divide m
                  [narayanan2021efficient, section 2.2.2]
In flight, stage i from 0
    GPipe         m L / p layers       1F1B  min(m, p - i) L / p
    ZB-H1         min(m, p) L / p on every stage: weight gradients wait, most on the last [qi2024zero, section 2.1]
    interleaved   min(m v, 2 (p - i - 1) + (v - 1) p + 1) chunks of L / (p v): L (1 + (p - 1) / (p v)) at stage 0
                  [korthikanti2023reducing, section 4.2.3]
Layers
    Each stage holds ceil(L / p) layers; what that is too many is taken from the last stage (it has the head), the
    first (the embedding), then the others from the end: 126 layers on 16 stages are 7, 8 x 14, 7
    [dubey2024llama3, section 3.3.2].
"""

import numpy as np

from solvers.cost.layouts import GPIPE, INTERLEAVED, ZB_H1, Floats, Ints, Number


def most_layers(layers: Number, pp: Floats) -> Floats:
    """Layers of the fullest stage."""
    return np.ceil(layers / pp)


def first_layers(layers: Number, pp: Floats) -> Floats:
    """Layers of the stage that holds the embedding."""
    most = most_layers(layers, pp)
    return most - (pp * most - layers >= 2)


def last_layers(layers: Number, pp: Floats) -> Floats:
    """Layers of the stage that holds the head."""
    most = most_layers(layers, pp)
    return most - (pp * most - layers >= 1)


def chunked_layers(layers: Number, pp: Floats, vpp: Floats) -> tuple[Floats, Floats]:
    """Layers of the fullest and of the last stage where every chunk but the last holds as many, the last what is left.

    Where that leaves the last stage nothing, it is the usual split.
    """
    most = vpp * np.ceil(layers / (pp * vpp))
    last = layers - (pp - 1.0) * most
    able = last >= 0.0
    return np.where(able, most, most_layers(layers, pp)), np.where(able, last, last_layers(layers, pp))


def layers_per_stage(layers: int, pp: int) -> tuple[int, ...]:
    """All stages of one layout."""
    most = -(-layers // pp)
    missing = pp * most - layers
    fewer = [pp - 1, 0, *range(pp - 2, 0, -1)][:missing] if pp > 1 else []
    return tuple(most - (stage in fewer) for stage in range(pp))


def bubble_seconds(slowest: Floats, others: Floats, *, pp: Floats, vpp: Floats, micro_batches: Floats) -> Floats:
    """Idle seconds of a step: `slowest` stage and the sum of all `others`, seconds for one micro-batch."""
    leftover = micro_batches - pp * np.floor(micro_batches / pp)
    short = np.where((vpp > 1) & (leftover > 0), (vpp - 1) * (pp - leftover), 0)
    return (others + short * slowest) / vpp


def micro_batches_in_flight(stage: Floats, *, pp: Floats, vpp: Floats, micro_batches: Floats, schedule: Ints) -> Floats:
    """Micro-batches whose activations a stage holds at its fullest, in units of the whole stage."""
    plain = np.minimum(micro_batches, pp - stage)
    chunks = np.minimum(micro_batches * vpp, 2 * (pp - stage - 1) + (vpp - 1) * pp + 1)
    kept = np.where(schedule == INTERLEAVED, chunks / vpp, plain)
    kept = np.where(schedule == ZB_H1, np.minimum(micro_batches, pp), kept)
    return np.where(schedule == GPIPE, micro_batches, kept)
