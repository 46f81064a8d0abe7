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
from solvers.cost.serving.job import WEIGHT_BYTES, Layout, overlapped
from solvers.cost.serving.steps import ready, seconds_at
from solvers.serving.evidence.jobs import Worker, worker_of
from solvers.serving.evidence.looks import balanced, steps_between
from solvers.serving.evidence.recipes import shape_of
from solvers.serving.evidence.recording import looped
from solvers.serving.evidence.records import Load, Recorded
from solvers.serving.evidence.rows import Question, Reading
from solvers.serving.evidence.splitting import curves_of, loops_of, record_of
from solvers.serving.evidence.waiting import Waiting, prompt_share

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
class Sums:
    """Weighted seconds of the recorded steps, of each reading [m]: what the waiting's coefficients multiply."""

    per_token: Floats
    missed: Floats
    own: Floats
    line: Floats


@dataclass(frozen=True)
class Frozen:
    """The steps that each group runs, recorded at some coefficients, in the order of the table's groups.

    Of disaggregated loops: `there` are their seconds at those coefficients, with prefill `shares` [m] times what its
    cost says; `curves` [m, SLOWER] is what first tokens wait.
    """

    table: Table
    serving: tuple[Recorded, ...]
    prefill: tuple[Recorded, ...]
    there: Sums
    shares: Floats
    curves: Floats


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
    """Readings with drafts count by the share of drafts among rows of that source, mode and model with one reading."""
    drafted: dict[tuple[object, ...], list[float]] = defaultdict(list)
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


def _origin(question: Question) -> tuple[object, ...]:
    return (question.row.get("source", ""), question.disaggregated, shape_of(question.model))


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
    """The steps that the closed loops run, each at its concurrency."""
    loads = table.loads
    costs = {id(group.worker): ready(group.worker.job, coefficients) for group in (*table.serving, *table.prefill)}
    decoding = {place: group.worker for group in table.serving for place in group.at.tolist()}
    prefilling = {place: group.worker for group in table.prefill for place in group.at.tolist()}
    asked = {
        place: (loads.questions[loads.owner[place]], loads.readings[place], worker, decoding[place])
        for place, worker in prefilling.items()
    }
    shares = prompt_shares(loads, waiting)
    loops = loops_of(asked, costs, shares, waiting)
    serving = tuple(
        record_of(group.worker.job, [loops[place].tokens for place in group.at], loads.drafts[group.at], prefill=False)
        if group.at[0] in loops
        else _together(loads, group, waiting)
        for group in table.serving
    )
    prefill = tuple(
        record_of(group.worker.job, [loops[place].prompts for place in group.at], np.zeros(len(group.at)), prefill=True)
        for group in table.prefill
    )
    nothing = np.zeros(loads.size)
    frozen = Frozen(
        table, serving, prefill, Sums(nothing, nothing, nothing, nothing), shares, curves_of(loops, loads.size)
    )
    return replace(frozen, there=sums_of(frozen, coefficients))


def prompt_shares(loads: Loads, waiting: Waiting) -> Floats:
    """Time of prefill workers' steps over what step cost says [m]."""
    found = []
    for place, owner in enumerate(loads.owner):
        question, reading = loads.questions[owner], loads.readings[place]
        ranked = (reading.prefill or reading.serve).layout.dp > 1
        four_bit = WEIGHT_BYTES[question.numerics.expert_weights] < 1.0
        found.append(prompt_share(waiting, question.software.name, ranked=ranked, four_bit=four_bit))
    return np.array(found)


def _together(loads: Loads, group: Group, waiting: Waiting) -> Recorded:
    """Steps of workers that do both."""
    job = group.worker.job
    return looped(
        job, Load(loads.inputs[group.at], loads.outputs[group.at], loads.drafts[group.at]),
        shortest=_shortest(loads, group), clients=_clients(loads, group) / _workers(loads, group),
        prefill_first=group.worker.prefill_first, chunked=group.worker.chunked, overlapped=overlapped(job),
        waiting=waiting,
    )  # fmt: skip


def sums_of(frozen: Frozen, coefficients: Coefficients) -> Sums:
    """The recorded steps at other coefficients of cost."""
    size = frozen.table.loads.size
    found = Sums(*(np.zeros(size) for _ in range(4)))
    pairs = [*zip(frozen.table.serving, frozen.serving, strict=True)]
    pairs += [*zip(frozen.table.prefill, frozen.prefill, strict=True)]
    for group, record in pairs:
        seconds = seconds_at(record.steps, ready(record.job, coefficients)).reshape(record.per_token.shape)
        for name in ("per_token", "missed", "own", "line"):
            getattr(found, name)[group.at] += (getattr(record, name) * seconds).sum(axis=1)
    return found


def _clients(loads: Loads, group: Group) -> Floats:
    return np.array([float(loads.questions[loads.owner[place]].clients) for place in group.at])


def _shortest(loads: Loads, group: Group) -> Floats:
    return np.array([loads.questions[loads.owner[place]].shortest for place in group.at])


def _workers(loads: Loads, group: Group) -> Floats:
    return np.array([float(loads.readings[place].serve.workers) for place in group.at])
