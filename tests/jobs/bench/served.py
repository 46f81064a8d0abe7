"""Run by torchrun: a measurement of serving steps, and the logits of a split model, as JSON."""

import gc
import json
import os
import sys

import torch
import torch.distributed as dist

from jobs.bench.run import measure
from jobs.bench.serving_step import served
from solvers.recipes.serving_step import RECIPE


def again(folder: str) -> None:
    """A second group: in a store of its own, since the first one's holds the addresses of a group that is gone."""
    rank, world = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    dist.init_process_group("gloo", store=dist.FileStore(f"{folder}/store", world), rank=rank, world_size=world)


def main() -> None:
    params = RECIPE.parse(json.loads(sys.argv[1]))
    document = measure(RECIPE, params, lambda *_: None)
    again(sys.argv[2])
    model = served(params, 2, torch.device("cpu"))
    with torch.no_grad():
        logits = model(torch.arange(12).view(2, 6), model.caches(2, 6, like=torch.empty(0))).tolist()
    if dist.get_rank() == 0:
        sys.stdout.write(json.dumps([document, logits]))
    del model
    gc.collect()
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
