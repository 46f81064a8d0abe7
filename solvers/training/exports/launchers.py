"""What Slurm and Kubernetes start: the first framework whose format can say the plan, and its files."""

from dataclasses import dataclass

from solvers.documents import Document
from solvers.errors import CannotExpress, Problem
from solvers.exports.shell import Need
from solvers.training.exports import deepspeed, megatron, torchtitan

FRAMEWORKS = (
    ("Megatron-LM", megatron.write, megatron.FILE),
    ("torchtitan", torchtitan.write, torchtitan.LAUNCH),
    ("DeepSpeed", deepspeed.write, deepspeed.LAUNCH),
)
# What a scheduler knows and the script would otherwise ask for.
GIVEN = ("MASTER_ADDR", "NODE_RANK", "MASTER_PORT")


@dataclass(frozen=True)
class Launch:
    """A framework, its files, the one to start on every node, and what that one wants to be told."""

    framework: str
    files: dict[str, str]
    start: str
    wanted: tuple[Need, ...]


def launch(result: Document) -> Launch:
    """The launch of a plan. CannotExpress, with the first framework's reasons, where none can say it."""
    refusals: list[Problem] = []
    for name, write, start in FRAMEWORKS:
        try:
            files = write(result)
        except CannotExpress as refused:
            refusals = refusals or list(refused.problems)
            continue
        return Launch(name, files, start, wanted(files[start]))
    raise CannotExpress(*refusals)


def wanted(text: str) -> tuple[Need, ...]:
    """The variables that a script asks for, read from its own lines."""
    asked = [line.removeprefix(': "${').removesuffix('}"') for line in text.splitlines() if line.startswith(': "${')]
    pairs = [line.split(":?is not set: ", 1) for line in asked]
    return tuple((name, what) for name, what in pairs if name not in GIVEN)
