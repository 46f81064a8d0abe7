"""Samples of how long something takes, with its spread; on a GPU by device events, small kernels as a CUDA graph."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

import torch
import torch.distributed as dist

from solvers.documents import Document

Run = Callable[[], object]

# A sample takes at least so long, by as many runs as that needs: clocks and events are read in microseconds.
SAMPLE_S, MOST_RUNS = 1e-3, 1000


@dataclass
class Bench:
    """How samples are taken on one device, and what the rows so far have shown of it."""

    device: torch.device
    warmup: int
    repeats: int
    slowed: list[float] = field(default_factory=list)
    spreads: list[float] = field(default_factory=list)

    @property
    def cuda(self) -> bool:
        return bool(self.device.type == "cuda")

    @property
    def clock(self) -> str:
        """How a row's time is taken, but for graphs."""
        if self.cuda:
            return "events"
        return "core" if torch.get_num_threads() == 1 and not dist.is_initialized() else "wall"

    def wait(self) -> None:
        """Returns once the device has done all that it was given."""
        if self.cuda:
            torch.cuda.synchronize(self.device)

    def timed(self, *runs: Run, graph: bool = True) -> Document:
        """Seconds of one of `runs`, which do the same on operands of their own and take turns.

        With `graph` a GPU gets each sample's runs as one CUDA graph, so that launching them is not what is measured.
        """
        for _ in range(max(self.warmup, 1)):
            self._all(runs, len(runs))
        number = self._number(runs)
        if self.cuda and graph:
            return self.told([one / number for one in self._replays(runs, number)], clock="graph")
        samples = [self._sample(runs, number) / number for _ in range(self.repeats)]
        return self.told(samples, clock=self.clock)

    def told(self, samples: list[float], *, clock: str) -> Document:
        """What a row says of its samples; with several processes, of the slowest of them each time."""
        slowest = _slowest(samples)
        third = max(len(slowest) // 3, 1)
        slowed = median(slowest[-third:]) / median(slowest[:third])
        low, middle, high = _quartiles(slowest)
        self.slowed.append(slowed)
        self.spreads.append((high - low) / middle)
        seconds = {"median": middle, "low": low, "high": high, "repeats": len(slowest)}
        return {"seconds": seconds, "clock": clock, "slowed": slowed}

    def once(self, run: Run) -> float:
        """Seconds of one run, all processes starting together."""
        return self._sample((run,), 1)

    def _number(self, runs: tuple[Run, ...]) -> int:
        """Runs in a sample: the same in all processes, and each of `runs` equally often."""
        seconds = _slowest([self._sample(runs, len(runs)) / len(runs)])[0]
        rounds = math.ceil(min(SAMPLE_S / max(seconds, 1e-9), MOST_RUNS) / len(runs))
        return max(rounds, 1) * len(runs)

    def _sample(self, runs: tuple[Run, ...], number: int) -> float:
        self.wait()
        if dist.is_initialized():
            dist.barrier()
        if self.cuda:
            return self._events(lambda: self._all(runs, number))
        read = time.process_time if self.clock == "core" else time.perf_counter
        start = read()
        self._all(runs, number)
        return read() - start

    def _events(self, run: Run) -> float:
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        run()
        end.record()
        self.wait()
        return float(start.elapsed_time(end)) / 1000.0

    def _replays(self, runs: tuple[Run, ...], number: int) -> list[float]:
        captured = torch.cuda.CUDAGraph()
        with torch.cuda.graph(captured):
            self._all(runs, number)
        captured.replay()
        return [self._events(captured.replay) for _ in range(self.repeats)]

    @staticmethod
    def _all(runs: tuple[Run, ...], number: int) -> None:
        for turn in range(number):
            runs[turn % len(runs)]()


def _quartiles(samples: list[float]) -> tuple[float, float, float]:
    low, middle, high = quantiles(samples, n=4, method="inclusive") if len(samples) > 1 else samples * 3
    return low, middle, high


def _slowest(samples: list[float]) -> list[float]:
    """Sample by sample the longest of all processes."""
    if not dist.is_initialized():
        return samples
    every: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(every, samples)
    return [max(one) for one in zip(*every, strict=True)]
