"""Joules of serving at the node's plug: what GPUs do in a step, and what their node draws meanwhile.

Symbols
    c, m, w  seconds of a step in which GPUs multiply, read memory, wait   W, W', w' watts of a node in each
    E = (replica's GPUs / node's GPUs) (c W + m W' + w w')
W and w' are those of training (`solvers.cost.power`). A GPU that decodes draws 0.735 of its limit where one that reads
prompts draws all of it: Llama-2-70B on A100, average of outputs of 128 tokens and peak [patel2024splitwise, its table
of measurements]; the rest of the node draws the same in both.
"""

from collections.abc import Mapping

import numpy as np

from solvers.cost.layouts import Floats
from solvers.cost.power import NODE_OVER_GPUS, draw_of
from solvers.cost.serving.job import ServingJob
from solvers.cost.serving.steps import Compositions

DECODING = 0.735
WAITING = ("collectives", "exchange", "launch", "pipeline", "host")


def step_energy_j(found: Mapping[str, Floats], steps: Compositions, job: ServingJob) -> Floats | None:
    """Joules of each step [n] from its `terms`; None where nobody knows the node's power."""
    draw = draw_of(job.node)
    if draw is None:
        return None
    every: Floats = np.sum(list(found.values()), axis=0)
    waiting: Floats = np.sum([found[name] for name in WAITING], axis=0)
    computing = np.where(steps.chunks > 0.0, every - waiting, found["compute"])
    reading = every - waiting - computing
    beside = 1.0 - 1.0 / NODE_OVER_GPUS
    reading_w = draw.computing_w * (beside + (1.0 - beside) * DECODING)
    share = job.layout.gpus / job.node.gpus
    joules: Floats = share * (computing * draw.computing_w + reading * reading_w + waiting * draw.waiting_w)
    return joules


def energy_j_per_token(found: Mapping[str, Floats], steps: Compositions, job: ServingJob) -> Floats | None:
    """Joules of each step for each token that it gives [n]."""
    joules = step_energy_j(found, steps, job)
    given = np.maximum(steps.sampled * job.layout.dp, 1.0)
    return None if joules is None else joules / given
