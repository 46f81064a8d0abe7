"""The formats of training plans, in the order in which menus list them."""

from solvers.exports.formats import exports
from solvers.training.exports import bridge, deepspeed, kubernetes, megatron, slurm, torchtitan

WRITERS = {
    "megatron": ("Megatron-LM: arguments and torchrun, as a script", megatron.write),
    "bridge": ("Megatron-Bridge (NeMo): a recipe in Python", bridge.write),
    "torchtitan": ("torchtitan 0.2: TOML configuration and its launch script", torchtitan.write),
    "deepspeed": ("DeepSpeed: JSON configuration, and the Hugging Face Trainer's arguments", deepspeed.write),
    "slurm": ("Slurm: an sbatch script around the first framework's launch that can say the plan", slurm.write),
    "kubernetes": ("Kubernetes: an indexed Job, one pod a node, around the same launch", kubernetes.write),
}

EXPORTS = exports(WRITERS, kind="training")
