"""The formats of training plans, in the order in which menus list them."""

from solvers.base import Export
from solvers.documents import Document
from solvers.errors import CannotExpress, Problem
from solvers.training.exports import bridge, deepspeed, kubernetes, megatron, slurm, torchtitan

WRITERS = {
    "megatron": ("Megatron-LM: arguments and torchrun, as a script", megatron.write),
    "bridge": ("Megatron-Bridge (NeMo): a recipe in Python", bridge.write),
    "torchtitan": ("torchtitan 0.2: TOML configuration and its launch script", torchtitan.write),
    "deepspeed": ("DeepSpeed: JSON configuration, and the Hugging Face Trainer's arguments", deepspeed.write),
    "slurm": ("Slurm: an sbatch script around the first framework's launch that can say the plan", slurm.write),
    "kubernetes": ("Kubernetes: an indexed Job, one pod a node, around the same launch", kubernetes.write),
}


def _export(name: str) -> Export:
    title, writer = WRITERS[name]

    def write(result: Document) -> dict[str, str]:
        try:
            return writer(result)
        except CannotExpress as refused:
            raise CannotExpress(*_with_others(refused.problems, name, result)) from None

    return Export(name, title, write)


def _with_others(problems: tuple[Problem, ...], name: str, result: Document) -> list[Problem]:
    """The problems, each with the formats that can express this plan in its hint."""
    if any(problem.code != "cannot_express" for problem in problems):
        return list(problems)
    able = [other for other in WRITERS if other != name and _can(other, result)]
    others = f"These can: {', '.join(able)}." if able else "No other training format can; json and yaml hold the plan."
    return [Problem(p.code, p.message, p.at, " ".join(filter(None, [others, p.hint]))) for p in problems]


def _can(name: str, result: Document) -> bool:
    try:
        WRITERS[name][1](result)
    except CannotExpress:
        return False
    return True


EXPORTS = tuple(_export(name) for name in WRITERS)
