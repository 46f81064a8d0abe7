"""Exchanges between processes, by NCCL or gloo."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from jobs.bench.timing import Bench, Run
from solvers.documents import Document
from solvers.recipes.collectives import ELEMENT_BYTES


def row(_: Any, key: Document, bench: Bench) -> Document:
    """One operation of one size in groups of one size, all groups at once."""
    group, _ = dist.new_subgroups(group_size=key["group"])
    whole = torch.randn(key["size_bytes"] // ELEMENT_BYTES, device=bench.device)
    timed = bench.timed(MAKERS[key["operation"]](whole, group), graph=False)
    if group != dist.group.WORLD:
        dist.destroy_process_group(group)
    return timed


def _all_reduce(whole: Tensor, group: Any) -> Run:
    """Zeros, so that sums of sums stay finite however often they are taken."""
    return partial(dist.all_reduce, whole.zero_(), group=group)


def _gathered(whole: Tensor, group: Any) -> Run:
    return partial(dist.all_gather_single, whole, part_of(whole, group).clone(), group=group)


def _scattered(whole: Tensor, group: Any) -> Run:
    return partial(dist.reduce_scatter_single, part_of(whole, group).clone(), whole, group=group)


def _all_to_all(whole: Tensor, group: Any) -> Run:
    return partial(dist.all_to_all_single, torch.empty_like(whole), whole, group=group)


def _send(whole: Tensor, group: Any) -> Run:
    """To the next of the group, from the one before."""
    mine, number = dist.get_rank(group), dist.get_world_size(group)
    after, before = (dist.get_global_rank(group, (mine + step) % number) for step in (1, -1))
    there = torch.empty_like(whole)

    def run() -> None:
        both = [dist.P2POp(dist.isend, whole, after, group), dist.P2POp(dist.irecv, there, before, group)]
        for one in dist.batch_isend_irecv(both):
            one.wait()

    return run


def part_of(whole: Tensor, group: Any) -> Tensor:
    """This process's part of a buffer."""
    return whole.chunk(dist.get_world_size(group))[dist.get_rank(group)]


MAKERS: dict[str, Callable[[Tensor, Any], Run]] = {
    "all_reduce": _all_reduce,
    "all_gather": _gathered,
    "reduce_scatter": _scattered,
    "all_to_all": _all_to_all,
    "send": _send,
}
