"""Steps of an engine of 2022 or 2023, whose kernels the host launches one by one while the device runs them.

    seconds = max(launch of a layer x layers, slower x the device's seconds)
The device's seconds are those of the step cost at priors; `launch_s` and `slower` are two constants of an engine and a
host, read from rows that are then not counted.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solvers.catalogue import Model, Node
from solvers.cost.serving.job import Layout, Limits, Numerics, ServingJob, Software
from solvers.cost.serving.steps import decode_steps, mixed_steps, step_seconds

Floats = npt.NDArray[np.float64]

MOST_TOKENS = 65_536


@dataclass(frozen=True)
class Eager:
    """One model on one machine."""

    model: Model
    node: Node
    layout: Layout
    launch_s: float = 0.0
    slower: float = 1.0

    @property
    def job(self) -> ServingJob:
        """In the cost kernel's words."""
        limits = Limits(max_num_batched_tokens=MOST_TOKENS, max_num_seqs=256, max_model_len=MOST_TOKENS)
        numerics, software = Numerics(weights="fp16"), Software("vllm")
        return ServingJob(self.model, self.node, self.layout, numerics, software, limits)

    def prompts(self, tokens: list[int], *, batch: list[int]) -> Floats:
        """Seconds [n] in which `batch` prompts of so many tokens each are read."""
        none, chunks, new = np.zeros(len(tokens)), np.array(batch, dtype=float), np.array(tokens, dtype=float)
        return self._seconds(
            step_seconds(mixed_steps(none, none, chunks=chunks, new=new, before=0.0, job=self.job), self.job)
        )

    def token(self, context: list[float], *, batch: list[int]) -> Floats:
        """Seconds [n] in which `batch` requests get a token each after so many."""
        return self._seconds(
            step_seconds(decode_steps(np.array(batch, dtype=float), np.array(context), job=self.job), self.job)
        )

    def _seconds(self, device: Floats) -> Floats:
        return np.maximum(self.launch_s * self.model.layers, self.slower * device)
