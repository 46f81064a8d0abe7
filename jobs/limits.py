"""How much one solve may take. The kernel holds each process to some of it; the guard watches the rest."""

from dataclasses import dataclass

from solvers.errors import Problem

TIME, MEMORY, PROCESSES, FILES = "time_limit", "memory_limit", "process_limit", "file_limit"


@dataclass(frozen=True)
class Limits:
    """Seconds of wall clock and of CPU, bytes of address space and of one file, and how many processes at once."""

    wall_s: float
    cpu_s: float
    memory_bytes: int
    file_bytes: int
    processes: int
    open_files: int = 256


def problem(reason: str, limits: Limits) -> Problem:
    """What a person reads when a limit was reached."""
    message = {
        TIME: f"Solving took longer than {limits.wall_s:g} seconds.",
        MEMORY: f"Solving needed more than {limits.memory_bytes / 2**30:.3g} GiB of memory.",
        PROCESSES: f"The solver started more than {limits.processes} processes.",
        FILES: f"The solver wrote a file of more than {limits.file_bytes / 2**20:.3g} MiB.",
    }[reason]
    hint = "Ask for less: fix or forbid some options, or split the question. An operator can raise the limit."
    return Problem(reason, message, "", hint)
