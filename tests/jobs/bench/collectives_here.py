"""Run by torchrun: a measurement of collectives, and what each of them did to known numbers, as JSON."""

import json
import os
import sys

import torch
import torch.distributed as dist

from jobs.bench.collectives import MAKERS, part_of
from jobs.bench.run import measure
from solvers.recipes.collectives import RECIPE


def again(folder: str) -> None:
    """A second group: in a store of its own, since the first one's holds the addresses of a group that is gone."""
    rank, world = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    dist.init_process_group("gloo", store=dist.FileStore(f"{folder}/store", world), rank=rank, world_size=world)


def main() -> None:
    params = RECIPE.parse(json.loads(sys.argv[1]))
    document = measure(RECIPE, params, lambda *_: None)
    again(sys.argv[2])
    rank = dist.get_rank()
    gathered = torch.full((4,), float(rank))
    MAKERS["all_gather"](gathered, dist.group.WORLD)()
    exchanged = MAKERS["all_to_all"](torch.full((4,), float(rank)), dist.group.WORLD)
    exchanged()
    if rank == 0:
        part = part_of(gathered, dist.group.WORLD).tolist()
        sys.stdout.write(json.dumps([document, gathered.tolist(), exchanged.args[0].tolist(), part]))
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
