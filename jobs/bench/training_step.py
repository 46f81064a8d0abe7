"""A training step: micro-batches forward and backward, gradients summed once, Adam."""

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from functools import partial
from itertools import groupby

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.tensor.parallel import loss_parallel
from torch.nn import functional as F  # noqa: N812 -- its name everywhere

from jobs.bench.experts import told
from jobs.bench.peak import peak_of
from jobs.bench.split import Split, split
from jobs.bench.timing import Bench
from solvers.documents import Document
from solvers.recipes.training_step import TrainingStepParams

SEED = 7


def row(params: TrainingStepParams, key: Document, bench: Bench) -> Document:
    """One count of layers."""
    trainer = Trainer(params, key["layers"], bench.device)
    loss = trainer.step()
    timed = bench.timed(trainer.update, graph=False)
    peak, reserved = peak_of(trainer.update, held=trainer.held(), device=bench.device)
    experts = told(trainer.split.model.modules(), device=bench.device, half=params.precision == "bf16")
    return {**timed, "loss": loss, "peak_memory_bytes": peak, "reserved_bytes": reserved, **experts}


class Trainer:
    """A model, its optimizer and a batch; the same batch in each step."""

    def __init__(self, params: TrainingStepParams, layers: int, device: torch.device) -> None:
        self.params, self.device = params, device
        self.split: Split = split(params, layers, device)
        groups = alike(self.split.model.parameters())
        self.masters = Masters(groups) if params.precision == "bf16" and not self.split.sharded else None
        updated = [{"params": group} for group in (self.masters.groups if self.masters else groups)]
        self.optimizer = torch.optim.AdamW(updated, lr=1e-4, weight_decay=0.1, fused=True)
        self.batches = _batches(params, self.split.data_rank, device)

    def step(self) -> float:
        """One step; the mean loss over all processes."""
        return _mean(self.update())

    def update(self) -> Tensor:
        """One step, without waiting for its loss, as training does; this process's mean loss."""
        loss = self.gradients()
        self.optimizer.step()
        self.optimizer.zero_grad()
        if self.masters:
            self.masters.write()
        return loss

    def gradients(self) -> Tensor:
        """Forward and backward of all micro-batches; their mean loss."""
        total = torch.zeros((), device=self.device)
        for place, batch in enumerate(self.batches):
            if self.split.sharded:
                self.split.model.set_requires_gradient_sync(place == len(self.batches) - 1)
            total += self._backward(batch)
        return total / len(self.batches)

    def held(self) -> Iterator[Tensor]:
        """What stays from step to step."""
        yield from self.split.model.parameters()
        for group in self.optimizer.param_groups:
            yield from group["params"]
        for state in self.optimizer.state.values():
            yield from (value for value in state.values() if isinstance(value, Tensor))

    def _backward(self, batch: Tensor) -> Tensor:
        with loss_parallel() if self.params.parallel.tp > 1 else nullcontext():
            logits = self.split.model(batch[:, :-1])
            loss = F.cross_entropy(logits.flatten(0, 1).float(), batch[:, 1:].flatten())
            (loss / len(self.batches)).backward()
        return _local(loss.detach())


class Masters:
    """Parameters of 32 bits behind those of 16, and gradients summed in 32 bits [micikevicius2018mixed].

    A gradient is added to its master's as soon as it is there, and let go.
    """

    def __init__(self, groups: list[list[Tensor]]) -> None:
        self.model = groups
        self.groups = [[weight.detach().float() for weight in group] for group in groups]
        for weights, masters in zip(self.model, self.groups, strict=True):
            for weight, master in zip(weights, masters, strict=True):
                weight.register_post_accumulate_grad_hook(partial(_added, master))

    @torch.no_grad()
    def write(self) -> None:
        """Round the masters into the model's parameters."""
        for weights, masters in zip(self.model, self.groups, strict=True):
            torch._foreach_copy_(*([_here(one) for one in group] for group in (weights, masters)))


def _added(master: Tensor, weight: Tensor) -> None:
    gradient = weight.grad.float()
    master.grad = gradient if master.grad is None else master.grad.add_(gradient)
    weight.grad = None


def _batches(params: TrainingStepParams, rank: int, device: torch.device) -> list[Tensor]:
    """This process's sequences of a step's: all processes draw all, so that how they are split changes nothing."""
    generator = torch.Generator().manual_seed(SEED)
    sequences = params.data_parallel * params.micro_batches * params.micro_batch
    shape = (sequences, params.sequence_length + 1)
    drawn = torch.randint(params.model.vocabulary, shape, generator=generator)
    mine = drawn.chunk(params.data_parallel)[rank].to(device)
    return list(mine.chunk(params.micro_batches))


def alike(weights: Iterable[Tensor]) -> list[list[Tensor]]:
    """Parameters by how they are split: one fused update takes only those that are split alike."""

    def cut(weight: Tensor) -> str:
        return str(getattr(weight, "device_mesh", ""))

    return [list(group) for _, group in groupby(sorted(weights, key=cut), key=cut)]


def _here(weight: Tensor) -> Tensor:
    """This process's part of a parameter, in its own storage."""
    return weight.to_local() if hasattr(weight, "to_local") else weight


def _local(value: Tensor) -> Tensor:
    """A tensor that is split or kept by several processes, as this one has it."""
    return value.full_tensor() if hasattr(value, "full_tensor") else value


def _mean(value: Tensor) -> float:
    if dist.is_initialized():
        dist.all_reduce(value)
        value = value / dist.get_world_size()
    return float(value)
