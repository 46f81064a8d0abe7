"""The formats of scaling plans, in the order in which menus list them."""

from solvers.exports.formats import Writers, exports
from solvers.scaling.exports import frameworks, optuna, slurm, tables, wandb

WRITERS: Writers = {
    "ladder": ("CSV: a row for each small run; fill in its loss and import it again", tables.write),
    "wandb": ("Weights & Biases: a sweep whose runs are the ladder's", wandb.write),
    "optuna": ("Optuna: learning rate and batch of each small run, its plan tried first", optuna.write),
    "megatron": ("Megatron-LM: a script for each small run and the big one", frameworks.megatron_files),
    "torchtitan": ("torchtitan 0.2: a configuration for each small run and the big one", frameworks.torchtitan_files),
    "slurm": ("Slurm: arrays of the small runs around the first framework that can say them all", slurm.write),
}
EXPORTS = exports(WRITERS, kind="scaling")
