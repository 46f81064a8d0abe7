"""How fast a machine is, roughly: enough to say beforehand what a measurement costs and to refuse what never ends."""

from dataclasses import dataclass

from solvers.catalogue.hardware import Gpu


@dataclass(frozen=True)
class Machine:
    """What one process has: achieved FLOP/s in 16 and in 32 bits, bytes/s of memory and of links, seconds a launch."""

    flops_per_s: float
    single_flops_per_s: float
    memory_bytes_per_s: float
    link_bytes_per_s: float
    launch_s: float
    start_s: float
    memory_bytes: float

    def seconds(self, work: "Work") -> float:
        """What the slowest of arithmetic, memory, links and launches takes for `work`."""
        speed = self.single_flops_per_s if work.single else self.flops_per_s
        return max(
            work.flops / speed,
            work.moved_bytes / self.memory_bytes_per_s,
            work.link_bytes / self.link_bytes_per_s,
            work.launches * self.launch_s,
        )


@dataclass(frozen=True)
class Work:
    """What one repeat asks of one process; `memory_bytes` is what it holds meanwhile, `single` says 32 bits."""

    flops: float = 0.0
    moved_bytes: float = 0.0
    link_bytes: float = 0.0
    launches: float = 1.0
    memory_bytes: float = 0.0
    single: bool = False

    def times(self, factor: float) -> "Work":
        """`factor` times the work in the same memory."""
        return Work(
            self.flops * factor,
            self.moved_bytes * factor,
            self.link_bytes * factor,
            self.launches * factor,
            self.memory_bytes,
            self.single,
        )


# One slow core without units for 16 bits, and a GPU of 2020 (A100) at about half of its datasheet: what a
# measurement may cost is bounded on these, so that no machine in use takes much longer.
CPU = Machine(2e10, 2e10, 5e9, 1e9, 1e-5, 5.0, 32e9)
GPU = Machine(1.5e14, 1e13, 1e12, 5e9, 1e-5, 20.0, 300e9)


def machine_of(device: str, gpu: Gpu | None = None) -> Machine:
    """The machine of a device: `gpu` at its achievable shares where it is known, else the assumed one."""
    if device == "cpu":
        return CPU
    if gpu is None:
        return GPU
    return Machine(
        flops_per_s=gpu.peak("bf16") * gpu.achievable_compute,
        single_flops_per_s=gpu.peak("fp32") * gpu.achievable_compute,
        memory_bytes_per_s=gpu.memory_bytes_per_s * gpu.achievable_memory,
        link_bytes_per_s=GPU.link_bytes_per_s,
        launch_s=GPU.launch_s,
        start_s=GPU.start_s,
        memory_bytes=gpu.memory_bytes,
    )
