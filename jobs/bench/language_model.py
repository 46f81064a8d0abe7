"""Training of a small language model on bytes, from the first step to the last."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 -- its name everywhere

from jobs.bench.text import held_out, learned
from jobs.bench.timing import Bench
from jobs.bench.transformer import decoder
from solvers.documents import Document
from solvers.recipes.language_model import LanguageModelParams

# Held-out sequences at most, and how many of them at once.
HELD_OUT_SEQUENCES, AT_ONCE = 256, 32
BETAS = (0.9, 0.95)


def row(params: LanguageModelParams, _: Document, bench: Bench) -> Document:
    """The whole run."""
    run = Run(params, bench.device)
    samples = [bench.once(lambda step=step: run.step(step)) for step in range(params.steps)]  # type: ignore[misc]
    loss, tokens = run.held_out()
    return {
        **bench.told(samples, clock=bench.clock),
        "curve": list(curve([float(one) for one in run.losses], params)),
        "held_out_loss": loss,
        "held_out_tokens": tokens,
        "passes": params.steps * params.tokens / len(run.text),
    }


def curve(losses: list[float], params: LanguageModelParams) -> Iterator[Document]:
    """Means of equally many steps; the last point stands at the last step."""
    every = -(-len(losses) // params.points)
    for start in range(0, len(losses), every):
        some = losses[start : start + every]
        step = start + len(some)
        yield {"step": step, "tokens": step * params.tokens, "loss": sum(some) / len(some)}


class Run:
    """A model on its way through the text."""

    def __init__(self, params: LanguageModelParams, device: torch.device) -> None:
        self.params, self.device = params, device
        self.text = torch.frombuffer(bytearray(learned()), dtype=torch.uint8)
        self.model = decoder(params.model, params.model.layers, device=device)
        self.optimizer = torch.optim.AdamW(_groups(self.model, params), betas=BETAS, fused=True)
        self.order = torch.Generator().manual_seed(params.seed)
        self.losses: list[Tensor] = []

    def step(self, number: int) -> None:
        """One step of the schedule."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.params.rate(number)
        loss = self._loss(self._batch())
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.losses.append(loss.detach())

    @torch.no_grad()
    def held_out(self) -> tuple[float, int]:
        """The mean loss of text that was not learned from, and its tokens."""
        length = self.params.sequence_length
        text = torch.frombuffer(bytearray(held_out()), dtype=torch.uint8)
        sequences = text.unfold(0, length + 1, length)[:HELD_OUT_SEQUENCES]
        total = sum(float(self._loss(self._there(part))) * len(part) for part in sequences.split(AT_ONCE))
        return total / len(sequences), len(sequences) * length

    def _batch(self) -> Tensor:
        """Sequences that begin anywhere."""
        length = self.params.sequence_length
        starts = torch.randint(len(self.text) - length, (self.params.batch,), generator=self.order)
        return self._there(self.text[starts[:, None] + torch.arange(length + 1)])

    def _there(self, batch: Tensor) -> Tensor:
        return batch.to(self.device, torch.int64)

    def _loss(self, batch: Tensor) -> Tensor:
        with self._arithmetic():
            logits = self.model(batch[:, :-1])
        return F.cross_entropy(logits.flatten(0, 1).float(), batch[:, 1:].flatten())

    def _arithmetic(self) -> AbstractContextManager[Any]:
        half = self.params.precision == "bf16"
        return torch.autocast(self.device.type, dtype=torch.bfloat16) if half else nullcontext()


def _groups(model: torch.nn.Module, params: LanguageModelParams) -> list[Document]:
    """Norms do not decay."""
    every = list(model.parameters())
    matrices, norms = ([one for one in every if (one.dim() > 1) is is_matrix] for is_matrix in (True, False))
    return [{"params": matrices, "weight_decay": params.weight_decay}, {"params": norms, "weight_decay": 0.0}]
