"""Seconds of a batch, read from the tables of the step's cost as their module says, one sum at a time."""

from dataclasses import dataclass

from solvers.cost.serving.tables import StepCost
from solvers.simulate.serving.oracle_jobs import Run


@dataclass(frozen=True)
class BatchSeconds:
    """What a batch of all ranks costs: `device_s` on all stages together, `host_s`, and `hop_s` between stages."""

    device_s: float
    host_s: float
    hop_s: float


def pairs(tokens: int, context: int, window: int) -> int:
    """Pairs of a query and a key that a chunk sees: each query itself, and what is before it within the window."""
    seen = [context + place for place in range(1, tokens + 1)]
    return sum(min(keys, window) for keys in seen) if window else sum(seen)


def device_seconds(runs: list[Run], cost: StepCost) -> float:
    """Device's seconds of one rank's part of a batch; 0 where it has none."""
    if not runs:
        return 0.0
    chunks = [run for run in runs if run.chunk]
    contexts = [run.context + 1 for run in runs if not run.chunk]
    tokens = sum(run.tokens for run in runs)
    seconds = float(cost.mixed_tokens[tokens] if chunks else cost.decode_tokens[tokens])
    seconds += float(cost.sampled[sum(run.gives for run in runs)])
    attention = float(cost.decode_base[len(contexts)]) + float(cost.decode_context[len(contexts)]) * sum(contexts)
    if cost.window:
        windowed = sum(min(context, cost.window) for context in contexts)
        attention += float(cost.decode_window[len(contexts)]) * windowed
    seconds += attention * (cost.mixed_decode if chunks else 1.0)
    return seconds + sum(_chunk_seconds(run, cost) for run in chunks)


def _chunk_seconds(run: Run, cost: StepCost) -> float:
    seconds = cost.chunk + cost.pair * pairs(run.tokens, run.context, 0) + cost.context * (run.context + run.tokens)
    return seconds + (cost.pair_window * pairs(run.tokens, run.context, cost.window) if cost.window else 0.0)


def batch_seconds(ranks: list[list[Run]], cost: StepCost, *, draft_s: float) -> BatchSeconds:
    """All ranks together: the busiest rank's seconds, what they share, and the draft's where somebody decodes."""
    tokens = [sum(run.tokens for run in runs) for runs in ranks]
    shared = float(cost.shared_tokens[min(sum(tokens), len(cost.shared_tokens) - 1)])
    decodes = any(not run.chunk for runs in ranks for run in runs)
    return BatchSeconds(
        device_s=max(device_seconds(runs, cost) for runs in ranks) + shared + (draft_s if decodes else 0.0),
        host_s=cost.host + cost.host_sequence * max(len(runs) for runs in ranks),
        hop_s=float(cost.hop[max(tokens)]),
    )
