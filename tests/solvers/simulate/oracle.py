"""Pipelines once more, one operation at a time: a plain longest path by recursion, from the words of the papers."""

from functools import cache

from solvers.simulate.orders import BACKWARD, FORWARD, WEIGHT, Orders, Schedule

Operation = tuple[int, int, int, int]


def lines(orders: Orders) -> list[list[tuple[int, int, int]]]:
    """Kind, chunk and micro-batch of each rank's operations."""
    columns = (orders.kind.tolist(), orders.chunk.tolist(), orders.micro_batch.tolist())
    return [list(zip(*line, strict=True)) for line in zip(*columns, strict=True)]


def finish_times(
    schedule: Schedule, ranks: list[list[tuple[int, int, int]]], seconds: dict[int, list[float]], transfer: float
) -> dict[Operation, float]:
    """When each (rank, kind, chunk, micro-batch) ends; `seconds` of each kind by part of the model."""
    p, last = schedule.stages, schedule.parts - 1
    before = {
        (rank, *operation): (rank, *line[place - 1]) if place else None
        for rank, line in enumerate(ranks)
        for place, operation in enumerate(line)
    }

    @cache
    def finish(operation: Operation) -> float:
        rank, kind, chunk, batch = operation
        part = chunk * p + rank
        ready = finish(earlier) if (earlier := before[operation]) else 0.0
        if kind == FORWARD and part > 0:
            ready = max(ready, transfer + finish(((part - 1) % p, FORWARD, (part - 1) // p, batch)))
        if kind == BACKWARD and part < last:
            ready = max(ready, transfer + finish(((part + 1) % p, BACKWARD, (part + 1) // p, batch)))
        if kind == BACKWARD and part == last:
            ready = max(ready, finish((rank, FORWARD, chunk, batch)))
        if kind == WEIGHT:
            ready = max(ready, finish((rank, BACKWARD, chunk, batch)))
        return ready + seconds[kind][part]

    return {operation: finish(operation) for operation in before}
