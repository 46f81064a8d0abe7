"""Memory of one pipeline stage as its parts, and what the meters of the trade show of it.

allocated   tensors alive at the fullest moment (torch.cuda.max_memory_allocated)
reserved    with what the caching allocator cannot use again (max_memory_reserved; what torchtitan prints)
device      with the CUDA context, workspaces and communication channels (nvidia-smi): this has to fit
"""

from dataclasses import dataclass
from typing import Literal

from solvers.cost.layouts import Floats

# The parts, and what people call them.
PART_WORDS = {
    "weights": "weights",
    "gradients": "gradients",
    "optimizer": "optimizer states",
    "activations": "activations",
    "logits": "logits",
    "buffers": "working buffers",
    "fragmentation": "what the allocator loses",
    "context": "the CUDA context",
}
PARTS = tuple(PART_WORDS)
Meter = Literal["allocated", "reserved", "device"]


@dataclass(frozen=True)
class StageMemory:
    """Bytes of one stage for each layout, part by part."""

    weights: Floats
    gradients: Floats
    optimizer: Floats
    activations: Floats
    logits: Floats
    buffers: Floats
    fragmentation: Floats
    context: Floats

    @property
    def states(self) -> Floats:
        """Weights, gradients and optimizer."""
        return self.weights + self.gradients + self.optimizer

    @property
    def total(self) -> Floats:
        """All parts."""
        return self.shown("device")

    def shown(self, meter: Meter) -> Floats:
        """What a meter shows: torch's allocated or reserved bytes, or the device's own count."""
        allocated = self.states + self.activations + self.logits + self.buffers
        if meter == "allocated":
            return allocated
        reserved = allocated + self.fragmentation
        return reserved if meter == "reserved" else reserved + self.context

    def part(self, name: str) -> Floats:
        """One of PARTS."""
        found: Floats = getattr(self, name)
        return found
