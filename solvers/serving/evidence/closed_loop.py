"""Time to first token and per output token of closed-loop measurements: all rows of a table, as few calls of the cost.

Readings of one row (see `rows`) are predicted apart; a row's logarithm is their mean, each with the share that such
readings have among the rows of its source that have one reading only.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from solvers.calibration.covariance import Floats, Ints
from solvers.cost.serving.coefficients import Coefficients
from solvers.cost.serving.job import Layout, overlapped
from solvers.cost.serving.steps import ready
from solvers.serving.evidence.jobs import Worker, worker_of
from solvers.serving.evidence.looks import balanced, steps_between
from solvers.serving.evidence.mean_field import Load, Recorded, decoding, prefilling
from solvers.serving.evidence.recording import looped
from solvers.serving.evidence.rows import Question, Reading
from solvers.serving.evidence.waiting import Waiting

# A first guess of the seconds before a first token, where prefill has its own workers and nothing was recorded yet.
FIRST_S = 1.0
COUPLING_ROUNDS = 3
LEAST_SHARE = 0.02


@dataclass(frozen=True)
class Loads:
    """Readings [m] of `questions`: `owner` is the question of each, `share` its weight, the rest what they ask.

    `looks` are the steps between two looks for requests, `balanced` is 1 where ranks wait for each other's prompts.
    """

    questions: tuple[Question, ...]
    readings: tuple[Reading, ...]
    owner: Ints
    share: Floats
    inputs: Floats
    outputs: Floats
    drafts: Floats
    transferred: Floats
    looks: Floats
    balanced: Floats

    @property
    def size(self) -> int:
        """How many readings there are."""
        return len(self.owner)


@dataclass(frozen=True)
class Group:
    """Readings [n] whose workers are the same job."""

    worker: Worker
    at: Ints


@dataclass(frozen=True)
class Table:
    """Readings, grouped by the workers that serve (or decode) and by those that only prefill."""

    loads: Loads
    serving: tuple[Group, ...]
    prefill: tuple[Group, ...]


@dataclass(frozen=True)
class Frozen:
    """The steps that each group runs, recorded at some coefficients: (record, places) of TPOT and of TTFT."""

    table: Table
    serving: tuple[Recorded, ...]
    prefill: tuple[Recorded, ...]


def table_of(questions: Sequence[Question]) -> Table:
    """The questions' readings, grouped."""
    pairs = [(place, reading) for place, question in enumerate(questions) for reading in question.readings]
    owner = np.array([place for place, _ in pairs], dtype=np.int64)
    readings = tuple(reading for _, reading in pairs)
    mean_length = np.array([(1.0 + questions[place].shortest) / 2.0 for place in owner])
    loads = Loads(
        questions=tuple(questions),
        readings=readings,
        owner=owner,
        share=_shares(questions, owner, readings),
        inputs=mean_length * np.array([questions[place].input_tokens for place in owner]),
        outputs=mean_length * np.array([questions[place].output_tokens for place in owner]),
        drafts=np.array([float(reading.drafts) for reading in readings]),
        transferred=np.array([float(reading.prefill is not None) for reading in readings]),
        looks=np.array([steps_between(questions[place], reading) for place, reading in pairs]),
        balanced=np.array([balanced(questions[place], reading) for place, reading in pairs]),
    )
    return Table(loads, _grouped(loads, prefill=False), _grouped(loads, prefill=True))


def _shares(questions: Sequence[Question], owner: Ints, readings: Sequence[Reading]) -> Floats:
    """Readings with drafts count by the share of drafts among rows of that source and mode with one reading."""
    drafted: dict[tuple[str, bool], list[float]] = defaultdict(list)
    for question in questions:
        if len(question.readings) == 1:
            drafted[_origin(question)].append(float(question.readings[0].drafts > 0))
    found = np.empty(len(readings))
    for place, reading in enumerate(readings):
        question = questions[owner[place]]
        like = drafted.get(_origin(question), [])
        share = float(np.clip((sum(like) + 0.5) / (len(like) + 1.0), LEAST_SHARE, 1.0 - LEAST_SHARE))
        found[place] = share if reading.drafts else 1.0 - share
    total = np.bincount(owner, weights=found, minlength=len(questions))
    normed: Floats = found / total[owner]
    return normed


def _origin(question: Question) -> tuple[str, bool]:
    return (question.row.get("source", ""), question.disaggregated)


def _grouped(loads: Loads, *, prefill: bool) -> tuple[Group, ...]:
    members: dict[tuple[object, ...], list[int]] = defaultdict(list)
    workers: dict[tuple[object, ...], Worker] = {}
    for place in range(loads.size):
        found = _worker(loads, place, prefill=prefill)
        if found is None:
            continue
        job = found.job
        key = (job.model.name, job.model.layers, job.node.name, job.layout, job.numerics, job.software,
               job.limits.max_num_batched_tokens, loads.transferred[place])  # fmt: skip
        members[key].append(place)
        workers[key] = _larger(workers.get(key), found)
    return tuple(Group(workers[key], np.array(places, dtype=np.int64)) for key, places in members.items())


def _worker(loads: Loads, place: int, *, prefill: bool) -> Worker | None:
    reading, question = loads.readings[place], loads.questions[loads.owner[place]]
    if prefill and reading.prefill is None:
        return None
    side = reading.prefill if prefill and reading.prefill else reading.serve
    layout: Layout = side.layout
    sequences = max(-(-question.clients // max(side.workers * layout.dp, 1)), 1)
    alone = reading.prefill is None
    return worker_of(
        question, layout, sequences=1 if prefill else sequences, drafts=0 if prefill else reading.drafts,
        prefills=prefill or alone,
    )  # fmt: skip


def _larger(one: Worker | None, other: Worker) -> Worker:
    """The worker with the greater limits of both."""
    if one is None:
        return other
    limits = other.job.limits
    most = max(limits.max_num_seqs, one.job.limits.max_num_seqs)
    length = max(limits.max_model_len, one.job.limits.max_model_len)
    return replace(other, job=replace(other.job, limits=replace(limits, max_num_seqs=most, max_model_len=length)))


def recorded(table: Table, coefficients: Coefficients, waiting: Waiting) -> Frozen:
    """The steps that the closed loops settle to."""
    loads = table.loads
    before, after, most = np.full(loads.size, FIRST_S), np.ones(loads.size), np.full(loads.size, np.inf)
    costs = {id(group): ready(group.worker.job, coefficients) for group in (*table.serving, *table.prefill)}
    serving: list[Recorded] = []
    prefill: list[Recorded] = []
    for _ in range(COUPLING_ROUNDS):
        serving, prefill = [], []
        for group in table.serving:
            load = _load(loads, group, prefill=False)
            if loads.transferred[group.at[0]]:
                ranks = _ranks(loads, group, prefill=False)
                one, after[group.at] = decoding(
                    group.worker.job, load, first=before[group.at], least_flow=most[group.at] / ranks,
                    prepared=costs[id(group)], waiting=waiting,
                )  # fmt: skip
            else:
                one = looped(
                    group.worker.job, load, shortest=_shortest(loads, group),
                    clients=_clients(loads, group) / _workers(loads, group),
                    prefill_first=group.worker.prefill_first, chunked=group.worker.chunked,
                    overlapped=overlapped(group.worker.job), waiting=waiting,
                )  # fmt: skip
            serving.append(one)
        for group in table.prefill:
            load = _load(loads, group, prefill=True)
            moved = waiting.transfer_s + waiting.transfer_token_s * load.inputs + waiting.frontend_s
            one, waited, most[group.at] = prefilling(
                group.worker.job, load, ranks=_ranks(loads, group, prefill=True), clients=_clients(loads, group),
                after=after[group.at] + moved, prepared=costs[id(group)],
            )  # fmt: skip
            before[group.at] = waited + moved
            prefill.append(one)
    return Frozen(table, tuple(serving), tuple(prefill))


def _clients(loads: Loads, group: Group) -> Floats:
    return np.array([float(loads.questions[loads.owner[place]].clients) for place in group.at])


def _shortest(loads: Loads, group: Group) -> Floats:
    return np.array([loads.questions[loads.owner[place]].shortest for place in group.at])


def _workers(loads: Loads, group: Group) -> Floats:
    return np.array([float(loads.readings[place].serve.workers) for place in group.at])


def _ranks(loads: Loads, group: Group, *, prefill: bool) -> Floats:
    """Ranks of attention of all workers of one side."""
    sides = [(loads.readings[p].prefill if prefill else None) or loads.readings[p].serve for p in group.at]
    return np.array([float(side.workers * side.layout.dp) for side in sides])


def _load(loads: Loads, group: Group, *, prefill: bool) -> Load:
    at = group.at
    clients = _clients(loads, group) / _ranks(loads, group, prefill=prefill)
    drafts = np.zeros(len(at)) if prefill else loads.drafts[at]
    return Load(np.maximum(clients, 1e-3), loads.inputs[at], loads.outputs[at], drafts)
