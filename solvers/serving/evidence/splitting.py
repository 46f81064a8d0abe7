"""Disaggregated rows as loops of `split`: what is asked of each, and its steps as records of both sides' jobs."""

from collections.abc import Mapping, Sequence

import numpy as np

from solvers.calibration.covariance import Floats
from solvers.cost.serving.job import ServingJob
from solvers.cost.serving.memory import BLOCK_TOKENS, memory_of
from solvers.cost.serving.steps import Compositions, Ready
from solvers.serving.evidence import split_loop as loop
from solvers.serving.evidence.jobs import Worker
from solvers.serving.evidence.records import Recorded, accepted
from solvers.serving.evidence.rows import Question, Reading
from solvers.serving.evidence.split import SLOWER, Boiled, Pair, boiled
from solvers.serving.evidence.split_cost import flat
from solvers.serving.evidence.waiting import Waiting

# SGLang's prefill ranks follow the number of a request's bootstrap room, which is drawn at random.
BLIND = ("sglang",)
# A cache has at least so much of its GPU: the row shows that the model was served there, whatever we say (estimate).
LEAST_ROOM = 0.05


def between_s(waiting: Waiting, inputs: Floats | float) -> Floats | float:
    """Seconds that a request neither waits for prefill nor for decode."""
    return waiting.transfer_s + waiting.transfer_token_s * inputs + waiting.frontend_s


def pair_of(
    question: Question, reading: Reading, prefill: Worker, decode: Worker, share: float, waiting: Waiting
) -> Pair:
    """The loop of one reading."""
    side = reading.prefill or reading.serve
    tokens = question.input_tokens + question.output_tokens
    memory = memory_of(decode.job, context=float(tokens))
    least = LEAST_ROOM * memory.capacity_bytes / memory.token_bytes
    room = max(memory.blocks * BLOCK_TOKENS, least) // tokens
    return Pair(
        clients=question.clients,
        inputs=question.input_tokens,
        outputs=question.output_tokens,
        shortest=question.shortest,
        prefills=side.workers,
        prefill_ranks=side.layout.dp,
        blind=question.software.name in BLIND,
        budget=prefill.job.limits.max_num_batched_tokens,
        whole=not prefill.chunked,
        share=share,
        decodes=reading.serve.workers,
        ranks=reading.serve.layout.dp,
        most=int(max(min(reading.serve.batch or question.clients, room), 1)),
        drafts=reading.drafts,
        gain=float(accepted(np.array(float(reading.drafts)), waiting.acceptance)),
        moved_s=float(between_s(waiting, float(question.input_tokens))),
    )


def loops_of(
    asked: Mapping[int, tuple[Question, Reading, Worker, Worker]], costs: Mapping[int, Ready],
    shares: Floats, waiting: Waiting,
) -> dict[int, Boiled]:  # fmt: skip
    """The loop of each reading; `costs` are those of workers, by their ids, times `shares` [m] those of prompts."""
    ready = {name: flat(cost) for name, cost in costs.items()}
    known: dict[tuple[Pair, int, int], Boiled] = {}
    found = {}
    for place, (question, reading, prefill, decode) in asked.items():
        pair = pair_of(question, reading, prefill, decode, float(shares[place]), waiting)
        key = (pair, id(prefill), id(decode))
        if key not in known:
            known[key] = boiled(pair, ready[id(prefill)], ready[id(decode)])
        found[place] = known[key]
    return found


def record_of(job: ServingJob, lines: Sequence[Floats], drafts: Floats, *, prefill: bool) -> Recorded:
    """Steps [n, k, WIDTH] of one side as a record: prefill's make a mean step, decode's the time of a step."""
    every = np.array(lines)
    flattened = every.reshape(-1, loop.WIDTH)
    weights = every[:, :, loop.WEIGHT]
    decodes, chunks = flattened[:, loop.DECODES], flattened[:, loop.CHUNKS]
    nothing = np.zeros_like(weights)
    return Recorded(
        job=job,
        steps=Compositions(
            tokens=flattened[:, loop.TOKENS],
            sequences=decodes + chunks,
            sampled=decodes * (1.0 + np.repeat(drafts, weights.shape[1])) + chunks,
            decodes=decodes,
            decode_context=flattened[:, loop.CONTEXT],
            decode_window=flattened[:, loop.WINDOW],
            chunks=chunks,
            pairs=flattened[:, loop.PAIRS],
            pairs_window=flattened[:, loop.PAIRS_WINDOW],
            context=flattened[:, loop.BEFORE],
            total=flattened[:, loop.TOTAL],
        ),
        per_token=nothing if prefill else weights,
        missed=nothing,
        own=weights if prefill else nothing,
        line=nothing,
    )


def curves_of(loops: Mapping[int, Boiled], size: int) -> Floats:
    """Seconds before a first token [size, SLOWER]; nothing where one worker does both."""
    found = np.zeros((size, len(SLOWER)))
    for place, one in loops.items():
        found[place] = one.first_s
    return found
